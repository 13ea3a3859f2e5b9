"""The operations on the contacts of a list.

Refs: surface.md §4.6, appendices E and F (texts and the order of checks are probed).
"""

from __future__ import annotations

from typing import cast

from hatobin.capabilities.contacts import store
from hatobin.capabilities.contacts.api_v2 import bad, found_list
from hatobin.capabilities.contacts.filtering import EVERYBODY, ContactFilter, FilteredPage, filtered
from hatobin.capabilities.contacts.model import (
    Contact,
    ContactList,
    InvalidContact,
    check_address,
    check_preferences,
)
from hatobin.gateway import Call, operation
from hatobin.gateway.models import sesv2
from hatobin.gateway.models.sesv2 import (
    CreateContactRequest,
    DeleteContactRequest,
    GetContactRequest,
    GetContactResponse,
    ListContactsRequest,
    ListContactsResponse,
    SubscriptionStatus,
    TopicPreference,
    UpdateContactRequest,
)
from hatobin.gateway.paging import Paging
from hatobin.ports import Session
from hatobin.words.errors import CallerError

PAGING = Paging(
    kind="contact",
    default_size=50,
    max_size=1000,
    cursor=(str,),
    token_error=lambda token: CallerError("BadRequestException", "Provided NextToken is invalid"),
    size_error=lambda size: CallerError("BadRequestException", "The page size must be between 1 and 1000"),
    empty_token_is_refused=True,
)


def _check(address: str) -> None:
    try:
        check_address(address)
    except InvalidContact as invalid:
        raise bad(invalid) from None


def _does_not_exist(address: str) -> CallerError:
    return CallerError("NotFoundException", f"{address} doesn't exist in List.", status=404)


def _wanted(preferences: list[TopicPreference] | None) -> dict[str, str]:
    return {preference.topic_name: preference.subscription_status for preference in preferences or ()}


def _checked_list(session: Session, call: Call, name: str, preferences: dict[str, str]) -> ContactList:
    found = found_list(session, call, name)
    try:
        check_preferences(found, preferences)
    except InvalidContact as invalid:
        raise bad(invalid) from None
    return found


@operation("sesv2", "CreateContact")
async def create_contact(call: Call, request: CreateContactRequest) -> None:
    """Put a contact on a list, with its choices."""
    _check(request.email_address)
    now, preferences = call.ports.clock.now(), _wanted(request.topic_preferences)
    contact = Contact(
        request.email_address, preferences, bool(request.unsubscribe_all), request.attributes_data, now, now
    )

    def create(session: Session) -> bool:
        _checked_list(session, call, request.contact_list_name, preferences)
        return store.insert_contact(session, call.account_id, call.region, request.contact_list_name, contact)

    if not await call.ports.database.write(create):
        raise CallerError("AlreadyExistsException", f"{request.email_address} already exists in List.")


@operation("sesv2", "GetContact")
async def get_contact(call: Call, request: GetContactRequest) -> GetContactResponse:
    """Show a contact: its choices, and the defaults of the topics it has not chosen about."""
    _check(request.email_address)

    def look(session: Session) -> tuple[ContactList, Contact | None]:
        found = found_list(session, call, request.contact_list_name)
        return found, store.find_contact(session, call.account_id, call.region, found.name, request.email_address)

    contact_list, contact = await call.ports.database.read(look)
    if contact is None:
        raise _does_not_exist(request.email_address)
    return GetContactResponse(
        contact_list_name=contact_list.name,
        email_address=contact.address,
        topic_preferences=_preferences(contact_list, contact),
        topic_default_preferences=_defaults(contact_list, contact),
        unsubscribe_all=contact.unsubscribe_all,
        attributes_data=contact.attributes_data,
        created_timestamp=contact.created_at,
        last_updated_timestamp=contact.updated_at,
    )


@operation("sesv2", "UpdateContact")
async def update_contact(call: Call, request: UpdateContactRequest) -> None:
    """Change a contact: topics merge by name; UnsubscribeAll and the attributes are replaced (probed)."""
    _check(request.email_address)
    now, preferences = call.ports.clock.now(), _wanted(request.topic_preferences)

    def update(session: Session) -> None:
        found = _checked_list(session, call, request.contact_list_name, preferences)
        old = store.find_contact(session, call.account_id, call.region, found.name, request.email_address)
        if old is None:
            raise _does_not_exist(request.email_address)
        changed = Contact(
            old.address,
            {**old.preferences, **preferences},
            bool(request.unsubscribe_all),
            request.attributes_data,
            old.created_at,
            now,
        )
        store.update_contact(session, call.account_id, call.region, found.name, changed)

    await call.ports.database.write(update)


@operation("sesv2", "DeleteContact")
async def delete_contact(call: Call, request: DeleteContactRequest) -> None:
    """Take a contact off its list."""
    _check(request.email_address)

    def delete(session: Session) -> bool:
        found = found_list(session, call, request.contact_list_name)
        return store.delete_contact(session, call.account_id, call.region, found.name, request.email_address)

    if not await call.ports.database.write(delete):
        raise _does_not_exist(request.email_address)


@operation("sesv2", "ListContacts")
async def list_contacts(call: Call, request: ListContactsRequest) -> ListContactsResponse:
    """List contacts by address, all or those that a filter takes; a token is bound to list and filter."""
    wanted = _filter(request)
    scope = f"{request.contact_list_name}|{wanted.scope}"
    page = PAGING.start(call, request.page_size, request.next_token, scope)

    def look(session: Session) -> tuple[ContactList, FilteredPage]:
        found = found_list(session, call, request.contact_list_name)
        if wanted.topic is not None and found.default_of(wanted.topic) is None:
            raise bad(InvalidContact(f"List: {found.name} doesn't contain Topic: {wanted.topic}"))
        return found, filtered(session, call.account_id, call.region, found, wanted, page)

    contact_list, shown = await call.ports.database.read(look)
    after = shown.goes_on_after
    return ListContactsResponse(
        contacts=[
            sesv2.Contact(
                email_address=contact.address,
                topic_preferences=_preferences(contact_list, contact),
                topic_default_preferences=_defaults(contact_list, contact),
                unsubscribe_all=contact.unsubscribe_all,
                last_updated_timestamp=contact.updated_at,
            )
            for contact in shown.contacts
        ],
        next_token=None if after is None else PAGING.token(call, (after,), scope),
    )


def _filter(request: ListContactsRequest) -> ContactFilter:
    asked = request.filter
    if asked is None:
        return EVERYBODY
    topic = asked.topic_filter
    if topic is None or topic.topic_name is None:
        return ContactFilter(asked.filtered_status)
    return ContactFilter(asked.filtered_status, topic.topic_name, bool(topic.use_default_if_preference_unavailable))


def _preferences(contact_list: ContactList, contact: Contact) -> list[TopicPreference]:
    """Give the contact's own choices; one about a topic that the list lost is not shown."""
    return [
        _preference(topic, status)
        for topic, status in contact.preferences.items()
        if contact_list.default_of(topic) is not None
    ]


def _defaults(contact_list: ContactList, contact: Contact) -> list[TopicPreference]:
    return [
        _preference(topic.name, topic.default) for topic in contact_list.topics if topic.name not in contact.preferences
    ]


def _preference(topic: str, status: str) -> TopicPreference:
    return TopicPreference(topic_name=topic, subscription_status=cast(SubscriptionStatus, status))
