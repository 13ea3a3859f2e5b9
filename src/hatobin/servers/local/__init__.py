"""Local paths: what developers and their tests ask a server on their own machine.

The inbox with its long poll, the story of one message, the shapes of other
emulators, health and figures. `LocalGuard` decides who may ask; the console
uses it too, and reads the inbox through `InboxReader`.
"""

from __future__ import annotations

from hatobin.servers.local.answers import BadQuery
from hatobin.servers.local.app import LocalApp
from hatobin.servers.local.captured import (
    AttachedFile,
    CapturedMail,
    MailBody,
    bare_address,
    header_addresses,
    hidden_recipients,
    read_body,
)
from hatobin.servers.local.clock_path import Advance
from hatobin.servers.local.explanation import (
    Explanation,
    explain,
    explain_key,
    explanation_json,
    parsed,
    state_name,
)
from hatobin.servers.local.guard import LocalGuard, host_name, is_own_origin, own_names
from hatobin.servers.local.measures import Measure
from hatobin.servers.local.messages_path import log_query, page_json
from hatobin.servers.local.reading import InboxReader, bare_message_id
from hatobin.servers.local.sharing import WorkerFigures, WorkerPlace
from hatobin.servers.local.waiting import InboxWaiters

__all__ = [
    "Advance",
    "AttachedFile",
    "BadQuery",
    "CapturedMail",
    "Explanation",
    "InboxReader",
    "InboxWaiters",
    "LocalApp",
    "LocalGuard",
    "MailBody",
    "Measure",
    "WorkerFigures",
    "WorkerPlace",
    "bare_address",
    "bare_message_id",
    "explain",
    "explain_key",
    "explanation_json",
    "header_addresses",
    "hidden_recipients",
    "host_name",
    "is_own_origin",
    "log_query",
    "own_names",
    "page_json",
    "parsed",
    "read_body",
    "state_name",
]
