"""The operations on contact lists. SES v1 has none.

Refs: surface.md §4.6, appendices E and F (texts and the order of checks are probed).
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities import tags
from hatobin.capabilities.contacts import store
from hatobin.capabilities.contacts.model import (
    MAX_LISTS,
    ContactList,
    InvalidContact,
    Topic,
    check_description,
    check_list_name,
    check_topics,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateContactListRequest,
    DeleteContactListRequest,
    GetContactListRequest,
    GetContactListResponse,
    ListContactListsRequest,
    ListContactListsResponse,
    SubscriptionStatus,
    Tag,
    UpdateContactListRequest,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

DELETED_AT_ONCE = 1000
"""Contacts of a deleted list that one transaction removes."""

PAGING = Paging(
    kind="contact-list",
    default_size=1000,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", "Provided NextToken is invalid"),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)


def bad(invalid: InvalidContact) -> CallerError:
    """Word what the caller got wrong."""
    return CallerError("BadRequestException", str(invalid))


def list_does_not_exist(name: str) -> CallerError:
    """Word a missing contact list."""
    return CallerError("NotFoundException", f"List with name: {name} doesn't exist.", status=404)


def found_list(session: Session, call: Call, name: str) -> ContactList:
    """Give the caller's list. Raises `CallerError`."""
    found = store.find_list(session, call.account_id, call.region, name)
    if found is None:
        raise list_does_not_exist(name)
    return found


def _checked_topics(name: str, topics: list[sesv2.Topic] | None, description: str | None) -> tuple[Topic, ...]:
    wanted = tuple(
        Topic(topic.topic_name, topic.display_name, topic.default_subscription_status, topic.description)
        for topic in topics or ()
    )
    try:
        check_list_name(name)
        check_topics(wanted)
        check_description(description)
    except InvalidContact as invalid:
        raise bad(invalid) from None
    return wanted


@operation("sesv2", "CreateContactList")
async def create_contact_list(call: Call, request: CreateContactListRequest) -> None:
    """Make the account's contact list; a second one of any name meets the limit (observed)."""
    topics = _checked_topics(request.contact_list_name, request.topics, request.description)
    pairs = tags.validate(request.tags)
    now = call.ports.clock.now()
    made = ContactList(request.contact_list_name, request.description, topics, pairs, now, now)

    def create(session: Session) -> None:
        if store.count_lists(session, call.account_id, call.region) >= MAX_LISTS:
            raise CallerError("BadRequestException", f"A maximum of {MAX_LISTS} Lists allowed per account.")
        store.put_list(session, call.account_id, call.region, made)

    await call.ports.database.write(create)


@operation("sesv2", "GetContactList")
async def get_contact_list(call: Call, request: GetContactListRequest) -> GetContactListResponse:
    """Show a list with its topics."""
    found = await call.ports.database.read(lambda s: found_list(s, call, request.contact_list_name))
    return GetContactListResponse(
        contact_list_name=found.name,
        topics=[
            sesv2.Topic(
                topic_name=topic.name,
                display_name=topic.display_name,
                description=topic.description,
                default_subscription_status=cast(SubscriptionStatus, topic.default),
            )
            for topic in found.topics
        ],
        description=found.description,
        created_timestamp=found.created_at,
        last_updated_timestamp=found.updated_at,
        tags=[Tag(key=key, value=value) for key, value in found.tags],
    )


@operation("sesv2", "UpdateContactList")
async def update_contact_list(call: Call, request: UpdateContactListRequest) -> None:
    """Replace a list's topics and description: "a complete replacement" (API reference), so what is left out goes."""
    name, now = request.contact_list_name, call.ports.clock.now()
    topics = _checked_topics(name, request.topics, request.description)

    def update(session: Session) -> None:
        old = found_list(session, call, name)
        store.put_list(
            session,
            call.account_id,
            call.region,
            ContactList(
                name,
                request.description,
                topics,
                old.tags,
                old.created_at,
                now,
            ),
        )

    await call.ports.database.write(update)


@operation("sesv2", "ListContactLists")
async def list_contact_lists(call: Call, request: ListContactListsRequest) -> ListContactListsResponse:
    """List the contact lists by name."""
    page = PAGING.start(call, request.page_size, request.next_token)
    rows = await call.ports.database.read(lambda s: store.lists(s, call.account_id, call.region, page))
    shown, token = PAGING.finish(call, page, rows, lambda entry: (entry.name,))
    return ListContactListsResponse(
        contact_lists=[
            sesv2.ContactList(contact_list_name=entry.name, last_updated_timestamp=entry.updated_at) for entry in shown
        ],
        next_token=token,
    )


@operation("sesv2", "DeleteContactList")
async def delete_contact_list(call: Call, request: DeleteContactListRequest) -> None:
    """Remove a list and its contacts (DEV-CL-12).

    A long list goes a piece at a time, so that sending waits for none of it;
    the list itself goes last, and a call that was cut off can be made again.
    """
    name = request.contact_list_name
    await call.ports.database.read(lambda s: found_list(s, call, name))
    while True:
        deleted = await call.ports.database.write(
            lambda s: store.delete_some_contacts(s, call.account_id, call.region, name, DELETED_AT_ONCE)
        )
        if deleted < DELETED_AT_ONCE:
            break
    if not await call.ports.database.write(lambda s: store.delete_list(s, call.account_id, call.region, name)):
        raise list_does_not_exist(name)
