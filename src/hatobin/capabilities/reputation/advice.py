"""What the DNS says of a domain that sends, and what is wrong with it. Pure.

Refs: SES developer guide, "Virtual Deliverability Manager advisor" (the checks and their messages, word for word; the
impacts are ours, the guide shows none); observed: "MAIL FROM record is not aligned". RFC 7489 §6.3, RFC 7208 §3,
§4.6; BIMI draft (draft-brand-indicators-for-message-identification).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hatobin.capabilities.identities import Identity, Status
from hatobin.capabilities.reputation.model import Finding
from hatobin.ports import Answer, AnswerStatus

DKIM, DMARC, SPF, BIMI = "DKIM", "DMARC", "SPF", "BIMI"
RECORDS = (DKIM, DMARC, SPF, BIMI)
"""The types that are found in the DNS."""
STRONG_BITS = 2048
_FACTS = (AnswerStatus.FOUND, AnswerStatus.NO_DATA, AnswerStatus.NXDOMAIN)
_POLICY = re.compile(r"p\s*=\s*(none|quarantine|reject)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A look-up of TXT records; where there is none of the wanted kind, `elsewhere` is asked, in turn."""

    name: str
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """The answers of all look-ups by name."""

    answers: Mapping[str, Answer]

    def records(self, question: Question, beginning: str) -> list[str] | None:
        """Give the records that begin so, of the first name that has some; None where a name server did not answer."""
        for name in (question.name, *question.elsewhere):
            answer = self.answers.get(name)
            if answer is None or answer.status not in _FACTS:
                return None
            found = [record for record in answer.records if _begins(record, beginning)]
            if found:
                return found
        return []


def _begins(record: str, beginning: str) -> bool:
    """Say whether a record is of a version; spaces around its `=` are allowed (RFC 6376 §3.2)."""
    return re.sub(r"\s", "", record[:40]).lower().startswith(beginning)


def questions(identity: Identity) -> dict[str, Question]:
    """Give what is to be looked up, by type; the DMARC and BIMI records of a parent domain hold for a subdomain too."""
    domain = identity.key
    parents = _parents(domain)
    asked = {
        DMARC: Question(f"_dmarc.{domain}", tuple(f"_dmarc.{one}" for one in parents)),
        BIMI: Question(f"default._bimi.{domain}", tuple(f"default._bimi.{one}" for one in parents)),
    }
    if identity.dkim.selector is not None:
        asked[DKIM] = Question(f"{identity.dkim.selector}._domainkey.{domain}")
    if identity.mail_from is not None:
        asked[SPF] = Question(identity.mail_from.domain)
    return asked


def _parents(domain: str) -> list[str]:
    """Give the parents that may be the organizational domain; which one is, no public suffix list is asked."""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels) - 1)]


def advise(identity: Identity, shown: Shown, zone: str) -> dict[str, list[Finding]]:
    """Give the findings of a domain by type; a type of which nothing is known now is left out.

    `zone` is where our own records stand, which the SPF record of a MAIL FROM domain includes.
    """
    asked = questions(identity)
    found = {
        DKIM: _of_dkim(identity, shown, asked.get(DKIM)),
        DMARC: _of_dmarc(shown, asked[DMARC]),
        SPF: _of_spf(identity, shown, asked.get(SPF), zone),
        BIMI: _of_bimi(shown, asked[BIMI]),
    }
    return {kind: list(findings) for kind, findings in found.items() if findings is not None}


def _of_dkim(identity: Identity, shown: Shown, question: Question | None) -> Sequence[Finding] | None:
    dkim = identity.dkim
    if not dkim.signing_enabled or question is None:
        return [Finding(DKIM, "HIGH", "DKIM verification is not enabled.", "DKIM1")]
    found = []
    if 0 < dkim.bits < STRONG_BITS:
        found.append(Finding(DKIM, "LOW", "DKIM signing key length is below 2048 bits.", "DKIM2"))
    answer = shown.answers.get(question.name)
    if answer is None or answer.status not in _FACTS:
        return None
    keys = [record for record in answer.records if re.search(r"(?:^|;)\s*p\s*=\s*[A-Za-z0-9+/]", record)]
    if not keys or dkim.status is Status.FAILED:
        found.append(Finding(DKIM, "HIGH", "DKIM verification has failed.", "DKIM3"))
    return found


def _of_dmarc(shown: Shown, question: Question) -> Sequence[Finding] | None:
    records = shown.records(question, "v=dmarc1")
    if records is None:
        return None
    if not records:
        return [Finding(DMARC, "HIGH", "DMARC configuration was not found.", "DMARC1")]
    tags = [tag.strip() for tag in records[0].split(";")]
    # RFC 7489 §6.6.3: several records are none; §6.3: a record without a policy is none either.
    if len(records) > 1 or not any(_POLICY.match(tag) for tag in tags):
        return [Finding(DMARC, "HIGH", "DMARC configuration could not be parsed.", "DMARC2")]
    return []


def _of_spf(identity: Identity, shown: Shown, question: Question | None, zone: str) -> Sequence[Finding] | None:
    mail_from = identity.mail_from
    if mail_from is None or question is None:
        return [Finding(SPF, "LOW", "MAIL FROM record is not aligned.", "SPF5")]
    found = []
    if mail_from.status in (Status.FAILED, Status.TEMPORARY_FAILURE):
        found.append(Finding(SPF, "HIGH", "An SPF configuration issue was found.", "SPF4"))
    records = shown.records(question, "v=spf1")
    if records is None:
        return None
    if not records:
        return [*found, Finding(SPF, "HIGH", "SPF record was not found.", "SPF1")]
    return [*found, *_of_spf_record(records[0], zone)]


def _of_spf_record(record: str, zone: str) -> Iterator[Finding]:
    terms = record.lower().split()[1:]
    redirected = any(term.startswith("redirect=") for term in terms)
    if not redirected and not any(term.lstrip("+") == f"include:{zone}" for term in terms):
        yield Finding(SPF, "HIGH", "SPF record for Amazon SES was not found.", "SPF2")
    if not redirected and not any(term.lstrip("+-~?") == "all" for term in terms):
        yield Finding(SPF, "LOW", "SPF all qualifier is missing.", "SPF3")


def _of_bimi(shown: Shown, question: Question) -> Sequence[Finding] | None:
    records = shown.records(question, "v=bimi1")
    if records is None:
        return None
    if not records:
        text = "BIMI record not found or configured without default selector."
        return [Finding(BIMI, "LOW", text, "BIMI1")]
    tags = dict(part.split("=", 1) for part in (one.strip() for one in records[0].split(";")) if "=" in part)
    logo, proof = tags.get("l", "").strip(), tags.get("a", "").strip()
    if not logo.lower().startswith("https://") or (proof and not proof.lower().startswith("https://")):
        return [Finding(BIMI, "LOW", "BIMI has malformed TXT record.", "BIMI2")]
    return []
