"""Trying a stored template out: what a send would render, or SES's words for why it would not.

Refs: API reference, TestRenderTemplate and TestRenderEmailTemplate; surface.md §4.6, appendix E.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.capabilities.templates import store
from hatobin.capabilities.templates.model import TemplateParts
from hatobin.capabilities.templates.rendering import preview, render
from hatobin.gateway import Call
from hatobin.protocols.aws.json_text import read_json

_BOUNDARY_BYTES = 12


class BadTrialData(Exception):
    """The data is absent or no JSON object; the text is SES's."""


def trial_data(text: str) -> dict[str, Any]:
    """Read the data of a trial, which unlike that of a send must be there. Raises `BadTrialData`."""
    if not text.strip():
        raise BadTrialData("Template rendering data is required.")
    try:
        data = read_json(text)
    except msgspec.DecodeError as error:
        raise BadTrialData(f"Template rendering data is invalid: {error}") from error
    if not isinstance(data, dict):
        raise BadTrialData("Template rendering data must be a JSON object.")
    return data


async def try_out(call: Call, name: str, text: str) -> str | None:
    """Render a stored template with the caller's data and give the MIME text; None when there is no such template.

    Raises `BadTrialData`, `NotRendered`, `BadTemplate`, `HeaderError`.
    """
    found = await call.ports.database.read(lambda s: store.find(s, call.account_id, call.region, name))
    if found is None:
        return None
    rendered = render(TemplateParts(found.subject, found.text, found.html), trial_data(text))
    return preview(rendered, lambda: f"----=_Part_{call.ports.entropy.token_bytes(_BOUNDARY_BYTES).hex()}")
