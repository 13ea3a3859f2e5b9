"""Topics as dead-letter targets of functions: what functions are given of SNS."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hatobin.companions.sns.model import MessageAttribute, Published
from hatobin.companions.sns.publishing import publish
from hatobin.companions.sns.signer import SnsSigner
from hatobin.ports import Entropy, Session


class LetterTopics:
    """Publishes what a function could not do; see `lambda_.Topics`."""

    def __init__(self, entropy: Entropy, signer: SnsSigner, announce: Callable[[Published], None]) -> None:
        self._entropy = entropy
        self._signer = signer
        self._announce = announce

    def publish(
        self, session: Session, topic_arn: str, message: str, attributes: Mapping[str, tuple[str, str]], *, now: float
    ) -> Published | None:
        """Publish in this transaction; None when there is no such topic."""
        published = publish(
            session,
            topic_arn,
            message,
            subject=None,
            attributes={name: MessageAttribute(kind, value) for name, (kind, value) in attributes.items()},
            now=now,
            entropy=self._entropy,
            signer=self._signer,
        )
        return published if isinstance(published, Published) else None

    def announce(self, published: object) -> None:
        """Wake who waits for it; after the commit."""
        assert isinstance(published, Published), "what `publish` gave"
        self._announce(published)
