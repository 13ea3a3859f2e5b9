"""Clients that send all the time, through every door, and write down only what they were promised.

What is to become of a recipient stands in the address: the sink's words (`tests.peers.smtp_sink`),
and of ours `suppressed`, `infected` and `unrendered`. `ledger.expected` reads them.
"""

from __future__ import annotations

import random
import smtplib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.interop.sending import accepted_id, simple, submit
from tests.peers.smtp_sink import SmtpSink
from tests.running import RunningServer

MAX_BEHIND = 500
MAX_PROMISES = 250_000
"""Clients rest when they have been promised so much: what this process remembers is bounded."""
_PAUSE_S = 0.01
_PAUSE_AFTER_FAILURE_S = 0.05

SUPPRESSED_ADDRESSES = 60
SHORT_LIVED = "short-lived"
"""A configuration set whose messages expire after the shortest time that SES knows, 300 seconds."""
_TEMPLATE = "greeting"
# The test string of virus scanners, in two parts, so that no scanner takes this file away.
_INFECTION = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_PLAIN_WORDS = {"ok": 20, "greylist-1": 1, "reject": 1}
_RICH_WORDS = {
    "ok": 80,
    "greylist-1": 3,
    "tempfail-1": 1,
    "full-1": 1,
    "busy-1": 1,
    "hangup-1": 1,
    "silent-1": 1,
    "reject": 3,
    "blocked": 1,
    "suppressed": 3,
}


def prepare(server: RunningServer) -> None:
    """Make what rich load needs: a verified domain, a template, suppressed addresses, a short-lived set."""
    client = server.client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    content = {"Subject": "Hello {{name}}", "Text": "Dear {{name}},\nall the best.\n"}
    client.create_email_template(TemplateName=_TEMPLATE, TemplateContent=content)
    client.create_configuration_set(ConfigurationSetName=SHORT_LIVED, DeliveryOptions={"MaxDeliverySeconds": 300})
    for number in range(SUPPRESSED_ADDRESSES):
        client.put_suppressed_destination(EmailAddress=f"suppressed+{number}@example.net", Reason="BOUNCE")


@dataclass(frozen=True, slots=True)
class Promise:
    """An id that a client got, and the recipients it stands for."""

    id: str
    recipients: tuple[str, ...]


class Load:
    """Sends from threads until it is left; `promises` are the acknowledged messages."""

    def __init__(
        self,
        *servers: RunningServer,
        seed: int,
        smtp: int = 3,
        api: int = 2,
        set_name: str = "",
        receiver: SmtpSink | None = None,
        rich: bool = False,
        pause_s: float = _PAUSE_S,
    ) -> None:
        """Send to all `servers` in turn.

        With `receiver`, clients hold back while it is MAX_BEHIND messages behind what was promised.
        `rich` load wants what `prepare` makes, and has recipients with every fate.
        """
        self._servers = servers
        self._receiver = receiver
        self._set_name = set_name
        self._rich = rich
        self._pause_s = pause_s
        words = _RICH_WORDS if rich else _PLAIN_WORDS
        self._words, self._weights = tuple(words), tuple(words.values())
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(work, random.Random(f"{seed}-{number}"), number), daemon=True)
            for number, work in enumerate([self._by_smtp] * smtp + [self._by_api] * api)
        ]
        self._on_the_way: set[str] = set()
        """Promised ids that the receiver had not got when it was last looked at."""
        self.promises: list[Promise] = []
        self.doomed = False
        """Whether messages are sent that will expire; changed by whoever runs long enough to see it."""
        self.unanswered = 0
        """Messages whose fate the client does not know, because the server died or could not answer."""
        self.faults: list[BaseException] = []

    def __enter__(self) -> Load:
        # Made here once: making boto3 clients is not safe in threads.
        for server in self._servers:
            server.client("sesv2")
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

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
        while self._is_ahead() or len(self.promises) >= MAX_PROMISES:
            if self._stop.wait(_PAUSE_AFTER_FAILURE_S):
                return False
        return not self._stop.wait(self._pause_s)

    def _is_ahead(self) -> bool:
        """Whether MAX_BEHIND promised messages have not reached the receiver."""
        if self._receiver is None or len(self._on_the_way) < MAX_BEHIND:
            return False
        with self._lock:
            self._on_the_way = {one for one in self._on_the_way if one not in self._receiver.ids}
            return len(self._on_the_way) >= MAX_BEHIND

    def _recipients(self, dice: random.Random, number: int) -> tuple[str, ...]:
        """Mostly somebody who takes the mail; now and then one who says later, or never."""
        mark = f"{number}-{dice.getrandbits(48):012x}"
        words = dice.choices(self._words, self._weights, k=dice.choice((1, 1, 1, 2, 3)))
        return tuple(self._address(dice, word, mark, place) for place, word in enumerate(words))

    def _address(self, dice: random.Random, word: str, mark: str, place: int) -> str:
        if word == "suppressed":
            # Three to choose from for each place in a message: nobody stands in it twice.
            return f"suppressed+{3 * dice.randrange(SUPPRESSED_ADDRESSES // 3) + place}@example.net"
        return f"{word}+{mark}-{place}@example.net"

    def _alone(self, dice: random.Random, number: int, word: str) -> tuple[str, ...]:
        return (f"{word}+{number}-{dice.getrandbits(48):012x}-0@example.net",)

    def _keep(self, identifier: str, recipients: tuple[str, ...]) -> None:
        with self._lock:
            self.promises.append(Promise(identifier, recipients))
            if any(to.startswith("ok") for to in recipients):
                self._on_the_way.add(identifier)

    def _lost(self) -> None:
        with self._lock:
            self.unanswered += 1
        self._stop.wait(_PAUSE_AFTER_FAILURE_S)

    # ── SMTP ─────────────────────────────────────────────────────────────────

    def _by_smtp(self, dice: random.Random, number: int) -> None:
        session: smtplib.SMTP | None = None
        while self._goes_on():
            alone = dice.choices(("", "infected", "content"), (97, 2, 1))[0] if self._rich else ""
            recipients = self._alone(dice, number, alone) if alone else self._recipients(dice, number)
            try:
                if session is None:
                    port = dice.choice(self._servers).port("trusted")
                    session = smtplib.SMTP("127.0.0.1", port, timeout=30)
                    session.ehlo()
                data = self._data(dice, infected=alone == "infected")
                reply = submit(session, "sender@example.com", recipients, data)
                self._keep(accepted_id(reply), recipients)
            except (smtplib.SMTPException, OSError, AssertionError):
                if session is not None:
                    session.close()
                session = None
                self._lost()
        if session is not None:
            session.close()

    def _data(self, dice: random.Random, *, infected: bool) -> bytes:
        chosen = f"X-SES-CONFIGURATION-SET: {self._set_name}\r\n" if self._set_name else ""
        lines = "A line of text.\r\n" * dice.randrange(1, 200)
        # Now and then a body that does not fit into the row and goes to the blob store.
        lines *= 40 if dice.random() < 0.02 else 1
        if infected:
            lines += f"{_INFECTION}\r\n"
        return f"{chosen}From: sender@example.com\r\nTo: readers\r\nSubject: load\r\n\r\n{lines}".encode()

    # ── API ──────────────────────────────────────────────────────────────────

    def _by_api(self, dice: random.Random, number: int) -> None:
        ways = (self._one, self._infected, self._by_template, self._bulk, self._short_lived)
        while self._goes_on():
            client = dice.choice(self._servers).client("sesv2")
            weights = (85, 3, 4, 8, 1 if self.doomed else 0) if self._rich else (1, 0, 0, 0, 0)
            try:
                dice.choices(ways, weights)[0](client, dice, number)
            except (BotoCoreError, ClientError):
                self._lost()

    def _send(self, client: Any, recipients: tuple[str, ...], content: dict[str, Any], set_name: str = "") -> None:
        more = {"ConfigurationSetName": set_name} if set_name else {}
        answer = client.send_email(
            FromEmailAddress="sender@example.com",
            Destination={"ToAddresses": list(recipients)},
            Content=content,
            **more,
        )
        self._keep(answer["MessageId"], recipients)

    def _one(self, client: Any, dice: random.Random, number: int) -> None:
        content = simple("load", "A line of text.\n" * dice.randrange(1, 200))
        self._send(client, self._recipients(dice, number), content, self._set_name)

    def _infected(self, client: Any, dice: random.Random, number: int) -> None:
        self._send(client, self._alone(dice, number, "infected"), simple("load", f"{_INFECTION}\n"))

    def _short_lived(self, client: Any, dice: random.Random, number: int) -> None:
        self._send(client, self._alone(dice, number, "greylist"), simple("load", "Too late.\n"), SHORT_LIVED)

    def _by_template(self, client: Any, dice: random.Random, number: int) -> None:
        complete = dice.random() < 0.5
        recipients = self._alone(dice, number, "ok" if complete else "unrendered")
        data = '{"name": "reader"}' if complete else "{}"
        self._send(client, recipients, {"Template": {"TemplateName": _TEMPLATE, "TemplateData": data}})

    def _bulk(self, client: Any, dice: random.Random, number: int) -> None:
        """Send to five; one of them lacks what the template asks for."""
        everybody = [self._alone(dice, number, word) for word in ("ok", "ok", "unrendered", "ok", "greylist-1")]
        answer = client.send_bulk_email(
            FromEmailAddress="sender@example.com",
            DefaultContent={"Template": {"TemplateName": _TEMPLATE, "TemplateData": "{}"}},
            BulkEmailEntries=[
                {
                    "Destination": {"ToAddresses": list(recipients)},
                    "ReplacementEmailContent": {
                        "ReplacementTemplate": {
                            "ReplacementTemplateData": "{}"
                            if recipients[0].startswith("unrendered")
                            else '{"name": "reader"}'
                        }
                    },
                }
                for recipients in everybody
            ],
        )
        for recipients, result in zip(everybody, answer["BulkEmailEntryResults"], strict=True):
            if result["Status"] == "SUCCESS":
                self._keep(result["MessageId"], recipients)
            else:
                self._lost()
