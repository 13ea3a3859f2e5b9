"""GetEmailAddressInsights: form, DNS, and what became of own mail."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import queue
from hatobin.capabilities.insights import addresses
from hatobin.capabilities.queue import MessageKey, NewMessage, NewRecipient
from hatobin.ports import Answer, AnswerStatus
from hatobin.words.identifiers import message_id
from hatobin.words.outcome import RecipientState
from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.api.answers import body_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

RELAY = Settings(
    delivery=Delivery(mode="relay", relay="192.0.2.25", service_signature=False),
    service=Service(domain="mail.example"),
    account=Account(disposable_domains=("throw.example",)),
)
ZONE = {("example.net", "MX"): ("10 mx.example.net.",), ("mx.example.net", "A"): ("192.0.2.1",)}
ZONE |= {("throw.example", "MX"): ("10 mx.example.net.",), ("null.example", "MX"): ("0 .",)}
ZONE |= {("bare.example", "A"): ("192.0.2.2",)}


@pytest.fixture
def ses(api: Api, make_client: Any) -> Any:
    api.world.dns.records = ZONE
    return make_client("sesv2")


def verdicts(ses: Any, address: str) -> dict[str, str]:
    found = body_of(ses.get_email_address_insights(EmailAddress=address))["MailboxValidation"]
    parts = {name: one["ConfidenceVerdict"] for name, one in found["Evaluations"].items()}
    return {"IsValid": found["IsValid"]["ConfidenceVerdict"], **parts}


def sent(api: Api, address: str, state: RecipientState, reply: str, account_id: str = ACCOUNT) -> None:
    """Put a message of a moment ago into the store, with what it has come to."""
    now = api.world.clock.now()
    key = MessageKey(account_id, REGION, message_id(REGION, now, api.world.entropy.uuid()))
    message = NewMessage(
        key=key, accepted_at=now, expires_at=now, source="me@example.com", reverse_path="r", identity_arn="arn",
        configuration_set=None, tls_required=False, dkim=None, tags="", mail="", content=b"", blob_key=None,
        recipients=(NewRecipient(address, "example.net", state, reply),),
    )  # fmt: skip
    api.run(api.world.database.write(lambda session: queue.enqueue(session, message, None)))
    api.world.clock.elapsed_s += 1


def test_an_address_of_which_nothing_is_known(ses: Any) -> None:
    assert verdicts(ses, "ann@example.net") == {
        "IsValid": "MEDIUM",
        "HasValidSyntax": "HIGH",
        "HasValidDnsRecords": "HIGH",
        "MailboxExists": "MEDIUM",
        "IsRoleAddress": "LOW",
        "IsDisposable": "LOW",
        "IsRandomInput": "LOW",
    }


@pytest.mark.parametrize("address", ["", "ann", "ann@", "@example.net", "a b@example.net", "ann@localhost", "a@b..c"])
def test_what_is_no_address_is_an_answer_too(ses: Any, address: str) -> None:
    assert set(verdicts(ses, address).values()) == {"LOW"}


@pytest.mark.parametrize(
    ("domain", "dns", "valid"),
    [
        ("example.net", "HIGH", "MEDIUM"),
        ("bare.example", "HIGH", "MEDIUM"),
        ("null.example", "LOW", "LOW"),
        ("missing.example", "LOW", "LOW"),
    ],
)
def test_the_domain_must_take_mail(ses: Any, domain: str, dns: str, valid: str) -> None:
    found = verdicts(ses, f"ann@{domain}")
    assert (found["HasValidDnsRecords"], found["IsValid"]) == (dns, valid)


def test_a_dns_that_does_not_answer_leaves_it_open(api: Api, ses: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(name: str, record_type: str) -> Answer:
        return Answer(AnswerStatus.TIMEOUT)

    monkeypatch.setattr(api.world.dns, "resolve", silent)
    assert verdicts(ses, "ann@example.net")["HasValidDnsRecords"] == "MEDIUM"


@pytest.mark.parametrize("api", [RELAY], indirect=True)
def test_own_mail_tells_whether_there_is_a_mailbox(api: Api, ses: Any) -> None:
    sent(api, "ANN@example.net", RecipientState.DELIVERED, "250 2.0.0 Ok")
    sent(api, "gone@example.net", RecipientState.BOUNCED, "550 5.1.1 no such user")
    sent(api, "refused@example.net", RecipientState.BOUNCED, "554 5.7.1 spam")
    sent(api, "back@example.net", RecipientState.BOUNCED, "550 5.1.1 no such user")
    sent(api, "back@example.net", RecipientState.DELIVERED, "250 2.0.0 Ok")
    sent(api, "theirs@example.net", RecipientState.BOUNCED, "550 5.1.1 no such user", OTHER_ACCOUNT)
    ses.put_suppressed_destination(EmailAddress="listed@example.net", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="angry@example.net", Reason="COMPLAINT")
    found = {
        name: verdicts(ses, f"{name}@example.net")
        for name in ("ann", "gone", "refused", "back", "theirs", "listed", "angry")
    }
    assert {name: (one["MailboxExists"], one["IsValid"]) for name, one in found.items()} == {
        "ann": ("HIGH", "HIGH"),
        "gone": ("LOW", "LOW"),
        "refused": ("MEDIUM", "MEDIUM"),
        "back": ("HIGH", "HIGH"),
        "theirs": ("MEDIUM", "MEDIUM"),
        "listed": ("LOW", "LOW"),
        "angry": ("MEDIUM", "MEDIUM"),
    }


def test_mail_in_the_local_inbox_tells_nothing_of_a_mailbox_elsewhere(api: Api, ses: Any) -> None:
    sent(api, "ann@example.net", RecipientState.DELIVERED, "250 2.0.0 Ok: kept in the local inbox")
    assert verdicts(ses, "ann@example.net")["MailboxExists"] == "MEDIUM"


@pytest.mark.parametrize("api", [RELAY], indirect=True)
def test_roles_throwaways_and_random_keys(api: Api, ses: Any) -> None:
    assert verdicts(ses, "Postmaster+x@example.net")["IsRoleAddress"] == "HIGH"
    thrown = verdicts(ses, "ann@sub.throw.example")
    assert thrown["IsDisposable"] == "HIGH"
    assert verdicts(ses, "ann@throw.example")["IsValid"] == "LOW"
    assert verdicts(ses, "xkq7f2zt9w@example.net")["IsRandomInput"] == "HIGH"
    assert verdicts(ses, "xkq7f2zt9w@example.net")["IsValid"] == "LOW"


def test_known_throwaways_need_no_setting() -> None:
    evidence = addresses.Evidence(addresses.Verdict.HIGH, addresses.Verdict.HIGH)
    found = addresses.evaluate("ann@mailinator.com", evidence, ())
    assert (found.is_disposable, found.is_valid) == (addresses.Verdict.HIGH, addresses.Verdict.MEDIUM)
