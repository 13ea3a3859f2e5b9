"""Storing and replacing verification templates, for both generations of the API."""

from __future__ import annotations

from collections.abc import Callable

from hatobin.capabilities import identities
from hatobin.capabilities.custom_verification import store
from hatobin.capabilities.custom_verification.content import check_content
from hatobin.capabilities.custom_verification.model import MAX_TEMPLATES, InvalidTemplate, VerificationTemplate, check
from hatobin.gateway import Call
from hatobin.ports import Session
from hatobin.protocols.mail import HeaderError, text_field
from hatobin.words.address import AddressError, parse_mailbox


class NameTaken(Exception):
    """There is a template of this name."""


class TooMany(Exception):
    """The account has as many templates as it may have."""


class Missing(Exception):
    """There is no template of this name."""


class NotVerified(Exception):
    """The sender of a template is not verified; the text is SES's."""


async def create(call: Call, template: VerificationTemplate) -> None:
    """Store a new template. Raises `InvalidTemplate`, `InvalidContent`, `NotVerified`, `NameTaken`, `TooMany`."""
    await _check(call, template)
    now = call.ports.clock.now()

    def put(session: Session) -> None:
        _check_sender(session, call, template)
        if store.find(session, call.account_id, call.region, template.name) is not None:
            raise NameTaken
        if store.number(session, call.account_id, call.region) >= MAX_TEMPLATES:
            raise TooMany
        store.insert(session, call.account_id, call.region, template, now)

    await call.ports.database.write(put)


async def replace(call: Call, name: str, change: Callable[[VerificationTemplate], VerificationTemplate]) -> None:
    """Change a template. Raises `Missing` and what `create` raises."""

    def look(session: Session) -> VerificationTemplate:
        found = store.find(session, call.account_id, call.region, name)
        if found is None:
            raise Missing
        return found

    await _check(call, change(await call.ports.database.read(look)))
    now = call.ports.clock.now()

    def put(session: Session) -> None:
        new = change(look(session))
        _check_sender(session, call, new)
        store.update(session, call.account_id, call.region, new, now)

    await call.ports.database.write(put)


async def _check(call: Call, template: VerificationTemplate) -> None:
    """Judge a template by itself; ten megabytes of HTML take a while, so not on the event loop."""
    check(template)
    try:
        text_field("Subject", template.subject, "UTF-8")
    except HeaderError as error:
        raise InvalidTemplate(str(error)) from error
    await call.ports.threads.run_long(lambda: check_content(template.content))


def _check_sender(session: Session, call: Call, template: VerificationTemplate) -> None:
    try:
        sender = parse_mailbox(template.from_address).address
    except AddressError as error:
        raise InvalidTemplate(str(error)) from error
    failing = identities.failing_identities(session, call.account_id, call.region, [sender])
    if failing:
        raise NotVerified(identities.not_verified_text(call.region, failing))
