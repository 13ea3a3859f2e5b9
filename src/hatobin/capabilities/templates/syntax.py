"""Whether the parts of a template are Handlebars that can be rendered later."""

from __future__ import annotations

from hatobin.capabilities.templates.model import InvalidTemplate, TemplateParts
from hatobin.protocols.handlebars import HandlebarsError, compile_template

_OPEN_TRACKER = "{{ses:openTracker}}"


def check_syntax(parts: TemplateParts) -> None:
    """Compile each part and forget the result. Raises `InvalidTemplate` naming the part and the fault."""
    # Custom open and click tracking domains: "more than one will result in a 400" (its text is not published).
    if (parts.html or "").count(_OPEN_TRACKER) > 1:
        raise InvalidTemplate(f"The html part of the template has more than one {_OPEN_TRACKER}.")
    for label, source in (("subject", parts.subject), ("text", parts.text), ("html", parts.html)):
        if source is None:
            continue
        try:
            compile_template(source)
        except HandlebarsError as fault:
            raise InvalidTemplate(f"The {label} part of the template is invalid: {fault}") from fault
