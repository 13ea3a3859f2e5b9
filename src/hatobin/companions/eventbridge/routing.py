"""From an event on the bus to the targets of the rules that match it.

Matching only reads, so its result may be worked on (signed) before the
transaction that delivers. What a target does not take (it is gone, or the
event is too large for it) is not tried again: it goes to the target's
dead-letter queue, or is counted as failed.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from msgspec import Struct

from hatobin.companions import lambda_, sns, sqs
from hatobin.companions.eventbridge import store
from hatobin.companions.eventbridge.model import BusEvent, Match, Rule, Target
from hatobin.companions.eventbridge.patterns import compiled
from hatobin.companions.eventbridge.shaping import shaped
from hatobin.ports import Entropy, Session
from hatobin.protocols.aws.event_patterns import PatternInvalid
from hatobin.protocols.aws.json_text import read_json
from hatobin.words.instant import iso_ms

SERVICE = "events.amazonaws.com"
"""Whom a function's policy has to name."""
SENDER_ID = "AIDAEVENTBRIDGE"
"""SenderId of what rules put into queues."""

_log = structlog.get_logger("hatobin.eventbridge")


class Delivered(Struct, frozen=True):
    """What came of a match: subscribers, a function, queues to wake, or none; after the commit `announce` it."""

    published: sns.Published | None = None
    is_invoked: bool = False
    queues: frozenset[sqs.QueueKey] = frozenset()


class Router:
    """Finds the matches of events; what it reads of rules holds for its session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rules: dict[tuple[str, str], list[tuple[Rule, list[Target]]]] = {}

    def matches(self, event: BusEvent, *, now: float) -> list[Match]:
        """Give what goes where because of an event, rule by rule."""
        rules = self._of(event.account_id, event.region)
        if not rules:
            return []
        text = event.text()
        document = read_json(text)
        return [
            Match(rule.key, target, shaped(target.settings, event, text, rule=rule.key, now=iso_ms(now)))
            for rule, targets in rules
            if _fits(rule, document)
            for target in targets
        ]

    def _of(self, account_id: str, region: str) -> list[tuple[Rule, list[Target]]]:
        scope = (account_id, region)
        if scope not in self._rules:
            enabled = store.enabled_rules(self._session, account_id, region)
            found = [(rule, store.targets(self._session, rule.key)) for rule in enabled]
            self._rules[scope] = [(rule, targets) for rule, targets in found if targets]
        return self._rules[scope]


def deliver(
    session: Session,
    match: Match,
    *,
    now: float,
    entropy: Entropy,
    signer: sns.SnsSigner,
    order_key: str | None = None,
    sealed: sns.SealedMessage | None = None,
) -> Delivered:
    """Hand a match to its target, in this transaction. `order_key` and `sealed` are those of `sns.publish`."""
    arn, code, text = match.target.arn, "NO_RESOURCE", "The target is not there, or the event is too large for it"
    if lambda_.FunctionKey.from_arn(arn) is not None:
        refusal = lambda_.invoke_for(
            session,
            arn,
            match.body.encode(),
            service=SERVICE,
            source_arn=match.rule.arn,
            source_account=match.rule.account_id,
            now=now,
            entropy=entropy,
        )
        if refusal is None:
            return Delivered(is_invoked=True)
        code = refusal.value
        if refusal is lambda_.Refusal.NO_PERMISSIONS:
            text = "The function's policy does not let the rule invoke it"
    elif sns.TopicKey.from_arn(arn) is not None:
        published = sns.publish(
            session,
            arn,
            match.body,
            subject=None,
            now=now,
            entropy=entropy,
            signer=signer,
            order_key=order_key,
            sealed=sealed,
        )
        if isinstance(published, sns.Published):
            return Delivered(published)
    elif sqs.deliver(session, arn, match.body, {}, now, entropy=entropy, sender_id=SENDER_ID):
        return Delivered(queues=_queues([arn]))
    return _dead(session, match, code, text, now=now, entropy=entropy)


def _dead(session: Session, match: Match, code: str, text: str, *, now: float, entropy: Entropy) -> Delivered:
    """Put what was not taken into the dead-letter queue, with what the user guide says of it as attributes."""
    dead_letter_arn = match.target.settings.dead_letter_arn
    attributes = {
        "RULE_ARN": sqs.MessageAttribute("String", match.rule.arn),
        "TARGET_ARN": sqs.MessageAttribute("String", match.target.arn),
        "ERROR_CODE": sqs.MessageAttribute("String", code),
        "ERROR_MESSAGE": sqs.MessageAttribute("String", text),
    }
    if dead_letter_arn is not None and sqs.deliver(
        session, dead_letter_arn, match.body, attributes, now, entropy=entropy, sender_id=SENDER_ID
    ):
        return Delivered(queues=_queues([dead_letter_arn]))
    store.count_failed(session, match.rule, match.target.target_id)
    _log.warning("target_failed", rule=match.rule.arn, target=match.target.arn)
    return Delivered()


def _queues(arns: Iterable[str]) -> frozenset[sqs.QueueKey]:
    return frozenset(key for arn in arns if (key := sqs.QueueKey.from_arn(arn)) is not None)


def _fits(rule: Rule, document: object) -> bool:
    if not isinstance(document, dict):
        return False
    try:
        return compiled(rule.pattern).matches(document)
    except PatternInvalid:  # A later version of ours reads patterns more strictly: the rule stays, and waits.
        return False
