"""The errors about configuration sets that other rooms raise too, worded for the API that was called."""

from __future__ import annotations

from hatobin.words.errors import CallerError


def does_not_exist(name: str, service: str) -> CallerError:
    """Word a missing set: "ses" and "sesv2" share the text, not the code (surface.md §4.6)."""
    text = f"Configuration set <{name}> does not exist."
    if service == "ses":
        return CallerError("ConfigurationSetDoesNotExist", text)
    return CallerError("NotFoundException", text, status=404)


def sending_paused(name: str, service: str) -> CallerError:
    """Word a send with a set that is switched off (appendix E)."""
    code = "ConfigurationSetSendingPausedException" if service == "ses" else "SendingPausedException"
    return CallerError(code, f"Sending is paused for configuration set {name}")
