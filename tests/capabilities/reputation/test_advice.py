"""What is wrong with the DNS of a domain that sends, in SES's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hatobin.capabilities.identities import Identity, IdentityKind, MailFrom, Status
from hatobin.capabilities.identities.model import Dkim, DkimOrigin
from hatobin.capabilities.reputation.advice import BIMI, DKIM, DMARC, SPF, Shown, advise, questions
from hatobin.ports import Answer, AnswerStatus
from tests.capabilities.rooms import ACCOUNT, NOON, REGION

ZONE = "hatobin.example"
KEY = Dkim(True, Status.SUCCESS, DkimOrigin.AWS_SES, "t1", ("t1", "t2", "t3"), "key", 2048, NOON)
DOMAIN = Identity(
    ACCOUNT, REGION, "mail.example.com", "mail.example.com", IdentityKind.DOMAIN, Status.SUCCESS, NOON, "token", KEY
)
BOUNCES = MailFrom("bounces.mail.example.com", Status.SUCCESS, False)
RIGHT = {
    "t1._domainkey.mail.example.com": "v=DKIM1; k=rsa; p=MIIB",
    "_dmarc.mail.example.com": "v=DMARC1; p=none;",
    "default._bimi.mail.example.com": "v=BIMI1; l=https://example.com/logo.svg;",
    "bounces.mail.example.com": f"v=spf1 include:{ZONE} ~all",
}


def found(records: dict[str, str | AnswerStatus], identity: Identity = DOMAIN) -> dict[str, list[str]]:
    """Give the descriptions by type; a status in place of a record is how the look-up ended."""
    answers = {}
    for one in questions(identity).values():
        for name in (one.name, *one.elsewhere):
            record = records.get(name, AnswerStatus.NXDOMAIN)
            answers[name] = Answer(AnswerStatus.FOUND, (record,)) if isinstance(record, str) else Answer(record)
    advised = advise(identity, Shown(answers), ZONE)
    return {kind: [one.description for one in findings] for kind, findings in advised.items()}


def test_a_domain_with_all_its_records_has_no_findings() -> None:
    assert found({**RIGHT}, replace(DOMAIN, mail_from=BOUNCES)) == {DKIM: [], DMARC: [], SPF: [], BIMI: []}


def test_a_domain_without_records_has_one_of_each() -> None:
    assert found({}) == {
        DKIM: ["DKIM verification has failed."],
        DMARC: ["DMARC configuration was not found."],
        SPF: ["MAIL FROM record is not aligned."],
        BIMI: ["BIMI record not found or configured without default selector."],
    }


@pytest.mark.parametrize("name", ["_dmarc.example.com", "default._bimi.example.com"])
def test_the_records_of_a_parent_hold(name: str) -> None:
    kind = DMARC if "dmarc" in name else BIMI
    record = {DMARC: "v=DMARC1;p=reject", BIMI: "v=BIMI1;l=https://example.com/a.svg;a=https://example.com/a.pem"}[kind]
    assert found({name: record})[kind] == []


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("_dmarc.mail.example.com", "v=DMARC1; rua=mailto:a@example.com", "DMARC configuration could not be parsed."),
        ("_dmarc.mail.example.com", "v = DMARC1; p = quarantine", None),
        ("_dmarc.mail.example.com", "dmarc", "DMARC configuration was not found."),
        ("default._bimi.mail.example.com", "v=BIMI1; l=http://example.com/a.svg", "BIMI has malformed TXT record."),
        ("default._bimi.mail.example.com", "v=BIMI1; l=https://e.com/a.svg; a=x", "BIMI has malformed TXT record."),
        ("bounces.mail.example.com", "v=spf1 mx ~all", "SPF record for Amazon SES was not found."),
        ("bounces.mail.example.com", f"v=spf1 include:{ZONE}", "SPF all qualifier is missing."),
        ("bounces.mail.example.com", "v=spf1 redirect=_spf.example.com", None),
        ("bounces.mail.example.com", "some text", "SPF record was not found."),
        ("t1._domainkey.mail.example.com", "v=DKIM1; p=", "DKIM verification has failed."),
    ],
)
def test_a_wrong_record_is_told(name: str, record: str, expected: str | None) -> None:
    told = found({**RIGHT, name: record}, replace(DOMAIN, mail_from=BOUNCES))
    assert [text for texts in told.values() for text in texts] == ([] if expected is None else [expected])


def test_the_key_and_the_switch_of_dkim_are_looked_at() -> None:
    short = replace(DOMAIN, dkim=replace(KEY, bits=1024))
    assert found({**RIGHT}, short)[DKIM] == ["DKIM signing key length is below 2048 bits."]
    off = replace(DOMAIN, dkim=replace(KEY, signing_enabled=False))
    assert found({**RIGHT}, off)[DKIM] == ["DKIM verification is not enabled."]
    failed = replace(DOMAIN, mail_from=replace(BOUNCES, status=Status.FAILED))
    assert found({**RIGHT}, failed)[SPF] == ["An SPF configuration issue was found."]


@pytest.mark.parametrize("status", [AnswerStatus.SERVFAIL, AnswerStatus.TIMEOUT])
def test_a_name_server_that_does_not_answer_is_no_verdict(status: AnswerStatus) -> None:
    silent = dict.fromkeys(RIGHT, status)
    assert found({**silent}, replace(DOMAIN, mail_from=BOUNCES)) == {}
    assert found({**silent}) == {SPF: ["MAIL FROM record is not aligned."]}, "which asks nobody"
