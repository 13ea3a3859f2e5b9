"""Verification mails in an account's own words.

A template has a sender, a subject, HTML of a limited kind, and two URLs: where
the link of the mail leads once the address is verified, and where when it is
not. Sending one (`flow/outbound/verification`) makes the address an identity
that waits for its owner; the link itself is the identities' (`open_link`).
"""

from __future__ import annotations

from hatobin.capabilities.custom_verification import api_v1, api_v2
from hatobin.capabilities.custom_verification.content import check_content, finished
from hatobin.capabilities.custom_verification.model import (
    MAX_TEMPLATES,
    InvalidContent,
    InvalidTemplate,
    VerificationTemplate,
)
from hatobin.capabilities.custom_verification.store import find
from hatobin.capabilities.custom_verification.tagging import TAGGED

__all__ = [
    "MAX_TEMPLATES",
    "TAGGED",
    "InvalidContent",
    "InvalidTemplate",
    "VerificationTemplate",
    "api_v1",
    "api_v2",
    "check_content",
    "find",
    "finished",
]
