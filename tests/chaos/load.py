"""Clients that send all the time, through every door, and write down only what they were promised."""

from __future__ import annotations

import random
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from botocore.exceptions import BotoCoreError, ClientError

from tests.interop.sending import accepted_id, simple, submit
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

MAX_BEHIND = 500
_PAUSE_S = 0.01
_PAUSE_AFTER_FAILURE_S = 0.05


@dataclass(frozen=True, slots=True)
class Promise:
    """An id that a client got, and the recipients it stands for."""

    id: str
    recipients: tuple[str, ...]


class Load:
    """Sends from threads until it is left; `promises` are the acknowledged messages."""

    def __init__(
        self,
        server: RunningServer,
        *,
        seed: int,
        smtp: int = 3,
        api: int = 2,
        set_name: str = "",
        receiver: SmtpSink | None = None,
    ) -> None:
        """With `receiver`, clients hold back while it is MAX_BEHIND messages behind what was promised."""
        self._server = server
        self._receiver = receiver
        self._set_name = set_name
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(work, random.Random(f"{seed}-{number}"), number), daemon=True)
            for number, work in enumerate([self._by_smtp] * smtp + [self._by_api] * api)
        ]
        self.promises: list[Promise] = []
        self.unanswered = 0
        """Messages whose fate the client does not know, because the server died or could not answer."""
        self.faults: list[BaseException] = []

    def __enter__(self) -> Load:
        # Made here once: making boto3 clients is not safe in threads.
        self._server.client("sesv2")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def promised(self) -> list[Promise]:
        """Give what has been acknowledged so far."""
        with self._lock:
            return list(self.promises)

    def _run(self, work: Callable[[random.Random, int], None], dice: random.Random, number: int) -> None:
        try:
            work(dice, number)
        except BaseException as error:  # Shown by the test; a thread has nobody to raise to.
            self.faults.append(error)

    def _goes_on(self) -> bool:
        """Pause a moment, longer while the receiver is far behind; False at the end."""
        while self._receiver is not None and len(self.promises) - len(self._receiver.received) > MAX_BEHIND:
            if self._stop.wait(_PAUSE_AFTER_FAILURE_S):
                return False
        return not self._stop.wait(_PAUSE_S)

    def _recipients(self, dice: random.Random, number: int) -> tuple[str, ...]:
        """Mostly somebody who takes the mail; now and then one who says later, or never."""
        mark = f"{number}-{dice.getrandbits(48):012x}"
        words = dice.choices(("ok", "greylist-1", "reject"), weights=(20, 1, 1), k=dice.choice((1, 1, 1, 2, 3)))
        return tuple(f"{word}+{mark}-{place}@example.net" for place, word in enumerate(words))

    def _keep(self, identifier: str, recipients: tuple[str, ...]) -> None:
        with self._lock:
            self.promises.append(Promise(identifier, recipients))

    def _lost(self) -> None:
        with self._lock:
            self.unanswered += 1
        self._stop.wait(_PAUSE_AFTER_FAILURE_S)

    def _by_smtp(self, dice: random.Random, number: int) -> None:
        session: smtplib.SMTP | None = None
        while self._goes_on():
            recipients = self._recipients(dice, number)
            try:
                if session is None:
                    session = smtplib.SMTP("127.0.0.1", self._server.port("trusted"), timeout=30)
                    session.ehlo()
                reply = submit(session, "sender@example.com", recipients, self._data(dice))
                self._keep(accepted_id(reply), recipients)
            except (smtplib.SMTPException, OSError, AssertionError):
                if session is not None:
                    session.close()
                session = None
                self._lost()
        if session is not None:
            session.close()

    def _data(self, dice: random.Random) -> bytes:
        chosen = f"X-SES-CONFIGURATION-SET: {self._set_name}\r\n" if self._set_name else ""
        lines = "A line of text.\r\n" * dice.randrange(1, 200)
        # Now and then a body that does not fit into the row and goes to the blob store.
        lines *= 40 if dice.random() < 0.02 else 1
        return f"{chosen}From: sender@example.com\r\nTo: readers\r\nSubject: load\r\n\r\n{lines}".encode()

    def _by_api(self, dice: random.Random, number: int) -> None:
        client = self._server.client("sesv2")
        more = {"ConfigurationSetName": self._set_name} if self._set_name else {}
        while self._goes_on():
            recipients = self._recipients(dice, number)
            try:
                answer = client.send_email(
                    FromEmailAddress="sender@example.com",
                    Destination={"ToAddresses": list(recipients)},
                    Content=simple("load", "A line of text.\n" * dice.randrange(1, 200)),
                    **more,
                )
                self._keep(answer["MessageId"], recipients)
            except (BotoCoreError, ClientError):
                self._lost()
