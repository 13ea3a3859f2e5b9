"""XML as S3 answers it: trees of names with text or with further elements.

Refs: Amazon S3 API Reference; its documents have the namespace of 2006-03-01.
"""

from __future__ import annotations

from typing import Union

from hatobin.protocols.aws.timestamps import iso_timestamp
from hatobin.protocols.aws.xml_answers import escape

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

Content = Union[str, int, bool, "list[Element]"]
Element = tuple[str, Content | None]
"""A name with text, a number, or elements; what is None is left out."""


def document(name: str, *elements: Element, namespace: str = NAMESPACE) -> bytes:
    """Write a whole document."""
    opening = f'<{name} xmlns="{namespace}">' if namespace else f"<{name}>"
    out = ['<?xml version="1.0" encoding="UTF-8"?>\n', opening]
    _write(elements, out)
    out.append(f"</{name}>")
    return "".join(out).encode()


def moment(at: float) -> str:
    """Write a moment with milliseconds, always, as S3 does: "2023-11-14T22:13:20.000Z"."""
    text = iso_timestamp(at)
    return text if "." in text else f"{text[:-1]}.000Z"


def _write(elements: tuple[Element, ...] | list[Element], out: list[str]) -> None:
    for name, content in elements:
        if content is None:
            continue
        out.append(f"<{name}>")
        if isinstance(content, list):
            _write(content, out)
        elif isinstance(content, bool):
            out.append("true" if content else "false")
        else:
            out.append(escape(str(content)))
        out.append(f"</{name}>")
