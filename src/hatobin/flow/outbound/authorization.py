"""Whether a sender may send this: its own policies, and those of the identities it speaks for.

One message is checked against everything that it names: the identity of each
From address and of the source, the configuration set (an identity's default
one too), the template; in the sandbox the identities of its recipients as
well, as SES does. An identity of another account wants both sides: the
sender's policies and the policy of the identity.

Refs: AWS developer guide "control-user-access", "sending-authorization", "sending-authorization-policies";
IAM User Guide, "Cross-account policy evaluation logic".
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from hatobin.capabilities import configuration_sets, identities, templates
from hatobin.capabilities.account import AccountStanding
from hatobin.capabilities.delivery import is_simulator
from hatobin.capabilities.identities import SendingIdentity
from hatobin.capabilities.queue import MessageKey
from hatobin.capabilities.tags import TaggedKinds
from hatobin.flow.outbound.draft import Draft, RenderedContent
from hatobin.flow.outbound.refusals import AccessDenied
from hatobin.gateway import request_context, tag_context
from hatobin.ports import Session, remembered
from hatobin.protocols.aws.arn import parse_arn, ses_arn
from hatobin.protocols.aws.policy import Caller, Context, Document, Verdict, grant_of, together
from hatobin.protocols.mail.encoded_words import decode_words
from hatobin.protocols.mail.participants import header_senders
from hatobin.words.address import Address, parse_mailbox
from hatobin.words.identifiers import identity_arn

_TAGGED = TaggedKinds(
    {kind.resource_type: kind for kind in (identities.TAGGED, configuration_sets.TAGGED, templates.TAGGED)}
)


def find_identity(session: Session, draft: Draft, key: MessageKey, sender: Address) -> SendingIdentity | None:
    """Give the identity that answers for a sender; one commit's messages share it.

    It is one of another account where the caller names that one's ARN.
    """
    account_id, region = _place(draft, key, sender)

    def find() -> SendingIdentity | None:
        found = identities.find_sending_identity(session, account_id, region, sender)
        if found is not None and account_id != key.account_id:
            # Its default configuration set is its owner's.
            found = dataclasses.replace(found, configuration_set=None)
        return found

    return remembered(session, ("identity", account_id, region, sender, key.account_id), find)


def is_delegated(draft: Draft, key: MessageKey, sender: Address) -> bool:
    """Say whether a sender's identity is said to be another account's."""
    return bool(draft.delegations) and _place(draft, key, sender)[0] != key.account_id


def check_allowed(
    session: Session,
    draft: Draft,
    key: MessageKey,
    identity: SendingIdentity | None,
    standing: AccountStanding,
) -> None:
    """Check a draft whose first sender `identity` answers for. Raises `AccessDenied`."""
    permissions = draft.origin.permissions
    is_plain = len(draft.senders) == 1 and not draft.delegations
    if permissions.unrestricted and is_plain and (identity is None or not identity.has_policies):
        return  # Nearly every message: nothing but a policy of the identity itself could be against it.
    question = _Question(session, draft, key, standing)
    speaking = _from_addresses(draft)
    for sender in speaking:
        found = identity if sender == draft.senders[0] else find_identity(session, draft, key, sender)
        question.ask_identity(sender, found)
    for arn in question.other_resources(identity):
        for sender in speaking:
            question.ask(sender, arn)


class _Question:
    """One draft on its way through the policies; a context is made once, where a condition wants it."""

    def __init__(self, session: Session, draft: Draft, key: MessageKey, standing: AccountStanding) -> None:
        self._session = session
        self._draft = draft
        self._key = key
        self._standing = standing
        self._contexts: dict[tuple[Address, bool], dict[str, tuple[str, ...]]] = {}

    def other_resources(self, identity: SendingIdentity | None) -> Iterator[str]:
        """Give the ARNs of what the draft uses beside the identities of its senders."""
        draft, key = self._draft, self._key
        set_name = draft.configuration_set or (identity.configuration_set if identity else None)
        if set_name is not None:
            yield ses_arn(key.region, key.account_id, f"configuration-set/{set_name}")
        if draft.template is not None:
            yield ses_arn(key.region, key.account_id, f"template/{draft.template}")
        if self._standing.sandboxed and not draft.origin.permissions.unrestricted:
            for recipient in draft.recipients:
                if not is_simulator(recipient.domain.lower()):
                    found = identities.find_sending_identity(self._session, key.account_id, key.region, recipient)
                    yield _identity_arn((key.account_id, key.region), recipient, found)

    def ask(self, sender: Address, arn: str) -> None:
        """Check that the caller's policies allow a sender to use a resource. Raises `AccessDenied`."""
        self._require(arn, lambda action: self._own(sender, action, arn))

    def ask_identity(self, sender: Address, identity: SendingIdentity | None) -> None:
        """Check an identity that speaks: the caller's policies and the identity's own. Raises `AccessDenied`."""
        arn = _identity_arn(_place(self._draft, self._key, sender), sender, identity)
        policies: tuple[Document, ...] = ()
        if identity is not None and identity.has_policies:
            policies = identities.sending_policies(self._session, identity.arn)
        is_guest = is_delegated(self._draft, self._key, sender)
        if not policies and not is_guest:
            self.ask(sender, arn)
            return
        principal = self._draft.origin.principal
        caller = Caller(principal.account_id, principal.arn, role_arn=principal.role_arn or None)

        def judge(action: str) -> Verdict:
            # What the policies of an identity ask for is not known beforehand, hence the whole context.
            grant = grant_of(policies, caller, action, arn, self._context(sender, arn, whole=True))
            return together(self._own(sender, action, arn), grant, same_account=not is_guest)

        self._require(arn, judge)

    def _require(self, arn: str, judge: Callable[[str], Verdict]) -> None:
        """Let through what one of the draft's ways allows whole, and no Deny of any of them is against."""
        ways = self._draft.actions
        judged = [[judge(action) for action in way] for way in ways]
        is_denied = any(Verdict.DENIED in verdicts for verdicts in judged)
        if not is_denied and any(all(one is Verdict.ALLOWED for one in verdicts) for verdicts in judged):
            return
        # The first action that is not allowed, of the way that is nearest to what the caller asked for.
        pairs = (pair for way, verdicts in zip(ways, judged, strict=True) for pair in zip(way, verdicts, strict=True))
        action = next(action for action, verdict in pairs if verdict is not Verdict.ALLOWED)
        raise AccessDenied(self._draft.origin.principal.arn, action, arn)

    def _own(self, sender: Address, action: str, arn: str) -> Verdict:
        return self._draft.origin.permissions.verdict(action, arn, lambda: self._context(sender, arn))

    def _context(self, sender: Address, arn: str, *, whole: bool = False) -> Context:
        """Give what policies may ask of this message with one of its senders, and of a resource that it names."""
        found = self._contexts.get((sender, whole))
        if found is None:
            found = self._contexts[sender, whole] = _message_context(self._draft, sender, whole=whole)
        if not self._draft.origin.permissions.wants_resource_tags:
            return found
        named = parse_arn(arn)
        assert named is not None, "it was made here"
        return found | tag_context(_TAGGED.read(self._session, named))


def _identity_arn(place: tuple[str, str], sender: Address, found: SendingIdentity | None) -> str:
    """Give the ARN of the identity that answers for an address; the address's own where none does."""
    return identity_arn(*place, str(sender)) if found is None else found.arn


def _place(draft: Draft, key: MessageKey, sender: Address) -> tuple[str, str]:
    """Give the account and region whose identity answers for a sender: those of an ARN that covers it, or our own."""
    for arn in draft.delegations:
        if identities.covers(arn.resource.partition("/")[2], sender) and arn.region == key.region:
            return arn.account_id, arn.region
    return key.account_id, key.region


def _from_addresses(draft: Draft) -> tuple[Address, ...]:
    """Give From and the source, each once: whom the message claims to come from."""
    if len(draft.senders) == 1:
        return draft.senders
    named = [draft.senders[0]]
    if isinstance(draft.content, RenderedContent):
        named += [mailbox.address for mailbox in header_senders(draft.content.message)]
    named.append(parse_mailbox(draft.source).address)
    return tuple(dict.fromkeys(named))


def _message_context(draft: Draft, speaking: Address, *, whole: bool) -> dict[str, tuple[str, ...]]:
    """Give the context of a message; unless `whole`, without what takes time and no policy of the sender asks for."""
    origin = draft.origin
    context = request_context(
        origin.principal,
        region=origin.region,
        source_ip=origin.source_ip,
        is_secure=origin.tls_version is not None,
        now=origin.at,
        user_agent=origin.user_agent,
        keys=None if whole else origin.permissions.keys,
    )
    context["ses:fromaddress"] = (str(speaking),)
    context["ses:recipients"] = tuple(map(str, draft.all_recipients or draft.recipients))
    if draft.tenant is not None:
        context["ses:tenantname"] = (draft.tenant,)
    if origin.api_version is not None:
        context["ses:apiversion"] = (origin.api_version,)
    if draft.return_path is not None:
        context["ses:feedbackaddress"] = (str(parse_mailbox(draft.return_path).address),)
    if (whole or "ses:fromdisplayname" in origin.permissions.keys) and (name := _display_name(draft)) is not None:
        context["ses:fromdisplayname"] = (name,)
    return context


def _display_name(draft: Draft) -> str | None:
    if isinstance(draft.content, RenderedContent):
        return decode_words(header_senders(draft.content.message)[0].display_name or "") or None
    return parse_mailbox(draft.source).display_name or None
