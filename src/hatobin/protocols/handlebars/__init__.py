"""Handlebars as SES templates use it.

A template is compiled once to closures and rendered with JSON-like data. Paths,
if/else, unless, each, with, lookup, block parameters, inline partials, partial
blocks, comments and white space control behave as in handlebars.js 4; what SES
does otherwise is named in `Dialect`: a plain variable that is absent or null
ends the rendering, and HTML is never escaped ("SES doesn't escape HTML content
when rendering the HTML template", SES Developer Guide, Advanced email
personalization). There are no custom helpers. Both template and data come from
strangers: every size, depth and count is bounded by `Limits`.
"""

from __future__ import annotations

from hatobin.protocols.handlebars.limits import (
    DEFAULT_LIMITS,
    HANDLEBARS_JS,
    SES,
    Bound,
    Dialect,
    HandlebarsError,
    LimitExceeded,
    Limits,
    MissingAttribute,
    PartialNotFound,
    TemplateSyntaxError,
)
from hatobin.protocols.handlebars.merge import merge_data
from hatobin.protocols.handlebars.render import Template, compile_template

__all__ = [
    "DEFAULT_LIMITS",
    "HANDLEBARS_JS",
    "SES",
    "Bound",
    "Dialect",
    "HandlebarsError",
    "LimitExceeded",
    "Limits",
    "MissingAttribute",
    "PartialNotFound",
    "Template",
    "TemplateSyntaxError",
    "compile_template",
    "merge_data",
]
