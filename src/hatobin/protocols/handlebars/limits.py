"""How much one template may cost, and every way in which it can go wrong.

A template and its data both come from callers, so compiling and rendering are
bounded in nesting, work and size. The template size is the SES quota ("Amazon
SES template size", 500 KB per template); the other bounds are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Bound(StrEnum):
    """Which limit was met."""

    TEMPLATE = "template"
    DEPTH = "depth"
    STEPS = "steps"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one compilation and one rendering.

    max_template_bytes: of the source, in UTF-8.
    max_depth: levels of blocks, else-if branches, partial calls, parentheses,
        path parts and nested lists, each counted on its own but for blocks and
        partial calls, which add up.
    max_steps: a step is one piece of a template (a text, a variable, a block)
        that a rendering may have to run; a loop pays in advance for its body
        once per item, a condition for its longer branch. The default takes
        about a second at worst.
    max_output_bytes: of the text, in UTF-8; also of intermediate texts.
    """

    max_template_bytes: int = 500 * 1024
    max_depth: int = 100
    max_steps: int = 1_000_000
    max_output_bytes: int = 10 * 1024 * 1024


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Dialect:
    """Where SES and handlebars.js disagree.

    absent_fails: a plain variable whose path leads nowhere ends the rendering
        (SES), instead of printing nothing (handlebars.js).
    null_fails: the same for a path that leads to null. SES does not tell null
        from absent: a template sent with `"website": null` is not rendered.
    exact_integers: integers beyond 2**53 print all their digits, instead of the
        nearest double as JavaScript prints it.
    """

    absent_fails: bool = True
    null_fails: bool = True
    exact_integers: bool = False


SES = Dialect()
HANDLEBARS_JS = Dialect(absent_fails=False, null_fails=False)


class HandlebarsError(Exception):
    """Anything that compiling or rendering raises on purpose."""


class TemplateSyntaxError(HandlebarsError):
    """The template can never be rendered, whatever the data (SES: InvalidTemplate)."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message, line)
        self.message = message
        self.line = line

    def __str__(self) -> str:
        return f"{self.message} (line {self.line})"


class LimitExceeded(HandlebarsError):
    """The template, or what it makes of the data, is larger than allowed."""

    def __init__(self, which: Bound) -> None:
        super().__init__(which)
        self.which = which

    def __str__(self) -> str:
        return f"The template exceeds the limit of its {self.which}."


class MissingAttribute(HandlebarsError):
    """A plain variable is not in the data (SES: MissingRenderingAttribute, or a Rendering Failure event)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"Attribute '{self.name}' is not present in the rendering data."


class PartialNotFound(HandlebarsError):
    """A partial was called where no inline partial of that name is in force."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"The partial '{self.name}' could not be found."
