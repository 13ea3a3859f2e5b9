"""DEV-IS-21: the rate and the daily quota at all three doors, and clients that wait and try again."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.interop.sending import send_simple, simple, submission, submit
from tests.running import RunningServer

_RATE = 14
_QUOTA = 5
_DATA = b"From: sender@example.com\r\nSubject: x\r\n\r\nx\r\n"


@pytest.fixture(scope="module")
def limited() -> Iterator[RunningServer]:
    """A server whose accounts may send to 14 recipients per second."""
    with RunningServer({"account.max_send_rate": str(_RATE)}) as server:
        server.client("sesv2").create_email_identity(EmailIdentity="example.com")
        yield server


@pytest.fixture
def rested(limited: RunningServer) -> RunningServer:
    """The same server, its allowance filled up again."""
    time.sleep(1.1)
    return limited


def _by_v1(server: RunningServer, retries: str = "") -> str:
    client = server.client("ses", retries=retries)
    try:
        client.send_email(
            Source="sender@example.com",
            Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
            Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
        )
    except ClientError as error:
        return _told(error)
    return "sent"


def _by_v2(server: RunningServer, retries: str = "") -> str:
    client = server.client("sesv2", retries=retries)
    try:
        client.send_email(
            FromEmailAddress="sender@example.com",
            Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
            Content=simple("x"),
        )
    except ClientError as error:
        return _told(error)
    return "sent"


def _told(error: ClientError) -> str:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return f"{status} {error.response['Error']['Code']}: {error.response['Error']['Message']}"


def _burst(server: RunningServer, send: Callable[[RunningServer], str]) -> tuple[list[str], float]:
    """Send sixty times at once; give the answers and the seconds it took."""
    send(server)
    time.sleep(1.1)
    begun = time.monotonic()
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: send(server), range(60)))
    return answers, time.monotonic() - begun


@pytest.mark.parametrize(
    ("send", "refusal"),
    [
        (_by_v1, "400 Throttling: Maximum sending rate exceeded."),
        (_by_v2, "429 TooManyRequestsException: Maximum sending rate exceeded."),
    ],
    ids=["v1", "v2"],
)
def test_the_surplus_of_a_burst_is_refused(
    rested: RunningServer, send: Callable[[RunningServer], str], refusal: str
) -> None:
    answers, took_s = _burst(rested, send)
    assert set(answers) <= {"sent", refusal}
    # One second's worth may come at once, and what the burst's own time allows.
    assert _RATE <= answers.count("sent") <= _RATE * (1 + took_s) + 1


@pytest.mark.parametrize("mode", ["legacy", "standard"])
def test_an_sdk_that_retries_gets_everything_sent(rested: RunningServer, mode: str) -> None:
    rested.client("ses", retries=mode)
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda _: _by_v1(rested, mode), range(30)))
    assert set(answers) == {"sent"}


def test_smtp_says_454_after_data_and_the_session_goes_on(rested: RunningServer) -> None:
    def send(session: smtplib.SMTP) -> str:
        return submit(session, "sender@example.com", ["success@simulator.amazonses.com"], _DATA)

    with submission(rested) as session:
        replies = [send(session) for _ in range(60)]
        refused = [reply for reply in replies if not reply.startswith("250 Ok ")]
        assert refused, "sixty messages in a row and none was too many"
        assert set(refused) == {"454 Throttling failure: Maximum sending rate exceeded"}
        time.sleep(1.0)
        assert send(session).startswith("250 Ok ")


def test_recipients_count_not_messages(rested: RunningServer) -> None:
    everybody = [f"success+{number}@simulator.amazonses.com" for number in range(_RATE)]
    send_simple(rested, everybody)
    with pytest.raises(ClientError) as refused:
        send_simple(rested, everybody)
    assert _told(refused.value) == "429 TooManyRequestsException: Maximum sending rate exceeded."


def test_the_daily_quota_at_all_doors_spares_the_simulator() -> None:
    with RunningServer({"account.max_24_hour_send": str(_QUOTA)}) as server:
        client = server.client("sesv2")
        client.create_email_identity(EmailIdentity="example.com")
        for number in range(_QUOTA):
            send_simple(server, [f"reader-{number}@example.net"])
        with pytest.raises(ClientError) as v2:
            send_simple(server, ["late@example.net"])
        assert _told(v2.value) == "429 TooManyRequestsException: Daily message quota exceeded."
        with pytest.raises(ClientError) as v1:
            server.client("ses").send_raw_email(Destinations=["late@example.net"], RawMessage={"Data": _DATA})
        assert _told(v1.value) == "400 Throttling: Daily message quota exceeded."
        with submission(server) as session:
            reply = submit(session, "sender@example.com", ["late@example.net"], _DATA)
            assert reply == "454 Throttling failure: Daily message quota exceeded"
            assert submit(session, "sender@example.com", ["success@simulator.amazonses.com"], _DATA)[:3] == "250"
        send_simple(server, ["success@simulator.amazonses.com"])
        assert server.inbox(to="late@example.net", wait_s=0.5) == []
        assert client.get_account()["SendQuota"]["SentLast24Hours"] == _QUOTA
