"""The operations on subscriptions.

An HTTP endpoint gets a token and is subscribed when somebody sends it back,
signed or by following the link; a queue of the same account needs no proof.
Confirming and unsubscribing work without a signature: the link is the proof.
"""

from __future__ import annotations

from hatobin.companions.sns import attributes as rules
from hatobin.companions.sns import outbox, store
from hatobin.companions.sns.addresses import (
    check_owner,
    invalid,
    not_authorized,
    open_subscription,
    open_topic,
    subscription_key,
    topic_key,
)
from hatobin.companions.sns.deliveries import SnsDeliveries
from hatobin.companions.sns.endpoints import check_endpoint, shown_endpoint
from hatobin.companions.sns.envelope import subscription_confirmation_text, unsubscribe_confirmation_text
from hatobin.companions.sns.model import (
    ASKED_PROTOCOLS,
    MAX_SUBSCRIPTIONS_PER_TOPIC,
    PAGE_SIZE,
    TOKEN_VALID_S,
    Kind,
    Subscription,
    SubscriptionKey,
    SubscriptionState,
    Topic,
    TopicKey,
)
from hatobin.companions.sns.pages import Page, cut_page, read_token
from hatobin.gateway import Call, operation
from hatobin.gateway.models.sns import (
    ConfirmSubscriptionInput,
    ConfirmSubscriptionResponse,
    GetSubscriptionAttributesInput,
    GetSubscriptionAttributesResponse,
    ListSubscriptionsByTopicInput,
    ListSubscriptionsByTopicResponse,
    ListSubscriptionsInput,
    ListSubscriptionsResponse,
    SetSubscriptionAttributesInput,
    SubscribeInput,
    SubscribeResponse,
    UnsubscribeInput,
)
from hatobin.gateway.models.sns import Subscription as ListedSubscription
from hatobin.ports import Session
from hatobin.words.errors import CallerError

_TOKEN_BYTES = 64
_SUBSCRIPTIONS = "subscriptions"


@operation("sns", "Subscribe")
async def subscribe(call: Call, request: SubscribeInput) -> SubscribeResponse:
    """Subscribe an endpoint; an HTTP one is asked first. The same endpoint again is the same subscription."""
    key = topic_key(call, request.topic_arn)
    endpoint = request.endpoint or ""
    check_endpoint(request.protocol, endpoint, account_id=call.account_id)
    attributes = rules.checked_subscription(
        request.attributes or {}, {}, account_id=call.account_id, wording=rules.several_attributes
    )
    rules.check_raw(request.protocol, attributes, wording=rules.several_attributes)
    is_asked = request.protocol in ASKED_PROTOCOLS
    fresh = Subscription(
        key=SubscriptionKey(key, call.ports.entropy.uuid()),
        protocol=request.protocol,
        endpoint=endpoint,
        state=SubscriptionState.PENDING if is_asked else SubscriptionState.CONFIRMED,
        principal=call.principal.arn,
        confirmed_by_owner=not is_asked,
        guarded=False,
        attributes=attributes,
    )
    token = _new_token(call) if is_asked else None
    subscription = await call.ports.database.write(lambda session: _subscribe(session, call, fresh, token))
    if is_asked:
        call.services.get(SnsDeliveries).notify()
    is_pending = subscription.state is SubscriptionState.PENDING
    shown = "pending confirmation" if is_pending and not request.return_subscription_arn else subscription.key.arn
    return SubscribeResponse(subscription_arn=shown)


@operation("sns", "ConfirmSubscription")
async def confirm_subscription(call: Call, request: ConfirmSubscriptionInput) -> ConfirmSubscriptionResponse:
    """Confirm with the token that the endpoint got; again is fine while the token is valid.

    AuthenticateOnUnsubscribe counts only in a signed request: API reference, ConfirmSubscription.
    """
    key = TopicKey.from_arn(request.topic_arn)
    if key is None:
        raise invalid("TopicArn")
    is_signed = bool(call.principal.access_key_id)
    by_owner = is_signed and call.account_id == key.account_id
    guarded = is_signed and (request.authenticate_on_unsubscribe or "").lower() == "true"
    now = call.ports.clock.now()

    def work(session: Session) -> SubscriptionKey:
        open_topic(session, key)
        subscription = store.find_by_token(session, key, request.token, now=now)
        if subscription is None:
            raise invalid("Token")
        if subscription.state is SubscriptionState.REMOVED:
            # The endpoint may have been subscribed anew since; there is never a second one.
            subscription = (
                store.find_by_endpoint(session, key, protocol=subscription.protocol, endpoint=subscription.endpoint)
                or subscription
            )
        if subscription.state is not SubscriptionState.CONFIRMED:
            store.confirm_subscription(session, subscription.key, by_owner=by_owner, guarded=guarded)
        return subscription.key

    confirmed = await call.ports.database.write(work)
    return ConfirmSubscriptionResponse(subscription_arn=confirmed.arn)


@operation("sns", "Unsubscribe")
async def unsubscribe(call: Call, request: UnsubscribeInput) -> None:
    """End a subscription; a missing one is fine. An HTTP endpoint is told, with a link that restores it."""
    key = subscription_key(request.subscription_arn)
    is_signed = bool(call.principal.access_key_id)
    if is_signed:
        check_owner(call, key.topic, request.subscription_arn)
    token = _new_token(call)

    def work(session: Session) -> bool:
        subscription = store.find_subscription(session, key)
        if subscription is None:
            return False
        if subscription.guarded and not is_signed:
            raise not_authorized(call, request.subscription_arn)
        return _unsubscribe(session, call, subscription, token)

    if await call.ports.database.write(work):
        call.services.get(SnsDeliveries).notify()


@operation("sns", "ListSubscriptions")
async def list_subscriptions(call: Call, request: ListSubscriptionsInput) -> ListSubscriptionsResponse:
    """List the account's subscriptions, 100 per page."""
    listed = await call.ports.database.read(lambda session: _list(session, call, None, request.next_token))
    return ListSubscriptionsResponse(
        subscriptions=[_listed(item) for item in listed.items], next_token=listed.next_token
    )


@operation("sns", "ListSubscriptionsByTopic")
async def list_subscriptions_by_topic(
    call: Call, request: ListSubscriptionsByTopicInput
) -> ListSubscriptionsByTopicResponse:
    """List a topic's subscriptions, 100 per page."""
    key = topic_key(call, request.topic_arn)

    def work(session: Session) -> Page[Subscription]:
        open_topic(session, key)
        return _list(session, call, key, request.next_token)

    listed = await call.ports.database.read(work)
    return ListSubscriptionsByTopicResponse(
        subscriptions=[_listed(item) for item in listed.items], next_token=listed.next_token
    )


@operation("sns", "GetSubscriptionAttributes")
async def get_subscription_attributes(
    call: Call, request: GetSubscriptionAttributesInput
) -> GetSubscriptionAttributesResponse:
    """Give all attributes of a subscription."""
    key = _own_subscription(call, request.subscription_arn)
    subscription, topic = await call.ports.database.read(
        lambda session: (open_subscription(session, key), store.find_topic(session, key.topic))
    )
    shown = rules.shown_subscription(subscription, topic)
    return GetSubscriptionAttributesResponse(attributes={**shown, "Endpoint": shown_endpoint(subscription.endpoint)})


@operation("sns", "SetSubscriptionAttributes")
async def set_subscription_attributes(call: Call, request: SetSubscriptionAttributesInput) -> None:
    """Set one attribute; an empty value removes it. It holds for what is published from now on."""
    key = _own_subscription(call, request.subscription_arn)
    changes = {request.attribute_name: request.attribute_value or ""}

    def work(session: Session) -> None:
        subscription = open_subscription(session, key)
        attributes = rules.checked_subscription(
            changes, subscription.attributes, account_id=call.account_id, wording=rules.one_attribute
        )
        rules.check_raw(subscription.protocol, attributes, wording=rules.one_attribute)
        store.update_subscription(session, key, attributes)

    await call.ports.database.write(work)


def _subscribe(session: Session, call: Call, fresh: Subscription, token: str | None) -> Subscription:
    now = call.ports.clock.now()
    topic = open_topic(session, fresh.key.topic)
    existing = store.find_by_endpoint(session, topic.key, protocol=fresh.protocol, endpoint=fresh.endpoint)
    if existing is not None:
        if any(existing.attributes.get(name) != value for name, value in fresh.attributes.items()):
            raise invalid("Attributes Reason: Subscription already exists with different attributes")
        if existing.state is SubscriptionState.PENDING and token is not None:
            store.renew_token(session, existing.key, token=token, expires_at=now + TOKEN_VALID_S)
            _ask(session, call, topic, existing, token, now=now)
        return existing
    counts = store.count_subscriptions(session, topic.key)
    if counts.pending + counts.confirmed >= MAX_SUBSCRIPTIONS_PER_TOPIC:
        raise CallerError("SubscriptionLimitExceeded", "Subscription limit exceeded for this topic", status=403)
    store.insert_subscription(
        session, fresh, token=token, token_expires_at=now + TOKEN_VALID_S if token is not None else None, now=now
    )
    if token is not None:
        _ask(session, call, topic, fresh, token, now=now)
    return fresh


def _ask(session: Session, call: Call, topic: Topic, subscription: Subscription, token: str, *, now: float) -> None:
    outbox.enqueue(
        session,
        subscription.key,
        outbox.Draft(
            kind=Kind.SUBSCRIPTION_CONFIRMATION,
            message_id=call.ports.entropy.uuid(),
            message=subscription_confirmation_text(topic.key.arn),
            published_at=now,
            signature_version=topic.signature_version,
            token=token,
        ),
        now=now,
    )


def _unsubscribe(session: Session, call: Call, subscription: Subscription, token: str) -> bool:
    """Remove a subscription; true when its endpoint is going to be told."""
    now = call.ports.clock.now()
    topic = store.find_topic(session, subscription.key.topic)
    is_told = subscription.protocol in ASKED_PROTOCOLS and subscription.state is SubscriptionState.CONFIRMED
    if topic is None or not is_told:
        store.remove_subscription(session, subscription.key, token=None, expires_at=None)
        return False
    store.remove_subscription(session, subscription.key, token=token, expires_at=now + TOKEN_VALID_S)
    outbox.enqueue(
        session,
        subscription.key,
        outbox.Draft(
            kind=Kind.UNSUBSCRIBE_CONFIRMATION,
            message_id=call.ports.entropy.uuid(),
            message=unsubscribe_confirmation_text(subscription.key.arn),
            published_at=now,
            signature_version=topic.signature_version,
            token=token,
        ),
        now=now,
    )
    return True


def _own_subscription(call: Call, arn: str) -> SubscriptionKey:
    key = subscription_key(arn)
    check_owner(call, key.topic, arn)
    return key


def _list(session: Session, call: Call, topic: TopicKey | None, next_token: str | None) -> Page[Subscription]:
    after = read_token(next_token, kind=_SUBSCRIPTIONS)
    rows = store.list_subscriptions(
        session,
        account_id=call.account_id,
        region=call.region,
        topic_name=topic.name if topic is not None else None,
        after=after,
        limit=PAGE_SIZE + 1,
    )
    return cut_page(rows, kind=_SUBSCRIPTIONS, key=lambda item: item.key.subscription_id)


def _listed(subscription: Subscription) -> ListedSubscription:
    is_pending = subscription.state is SubscriptionState.PENDING
    return ListedSubscription(
        subscription_arn="PendingConfirmation" if is_pending else subscription.key.arn,
        owner=subscription.key.topic.account_id,
        protocol=subscription.protocol,
        endpoint=shown_endpoint(subscription.endpoint),
        topic_arn=subscription.key.topic.arn,
    )


def _new_token(call: Call) -> str:
    return call.ports.entropy.token_bytes(_TOKEN_BYTES).hex()
