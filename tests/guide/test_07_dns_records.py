"""Sample 7: SPF, DKIM and DMARC records of the sending domain, for the domain of this service."""

from __future__ import annotations

import re

from tests.guide.marks import printed_form
from tests.guide.reader import TOKYO, Reader

_SERVICE = "hatobin.localhost"


def _records(reader: Reader) -> list[dict[str, str]]:
    printed: list[dict[str, str]] = reader.server.command("dns", "example.com", "--region", TOKYO)
    return printed


def test_records_are_printed_for_the_service_domain(reader: Reader) -> None:
    by_purpose: dict[str, list[tuple[str, str, str]]] = {}
    for record in _records(reader):
        by_purpose.setdefault(record["purpose"], []).append((record["name"], record["type"], record["value"]))
    assert by_purpose["spf"] == [("example.com", "TXT", f"v=spf1 include:{_SERVICE} ~all")]
    [(name, kind, policy)] = by_purpose["dmarc"]
    assert (name, kind) == ("_dmarc.example.com", "TXT")
    assert policy.startswith("v=DMARC1; p=")
    assert len(by_purpose["dkim"]) == 3
    keys = {name: value for name, _, value in by_purpose["dkim-key"]}
    for name, kind, target in by_purpose["dkim"]:
        token = name.removesuffix("._domainkey.example.com")
        assert (kind, target) == ("CNAME", f"{token}.dkim.{_SERVICE}")
        assert keys[target].startswith("v=DKIM1; k=rsa; p=")


@printed_form("works in part")
def test_tokens_are_bare_and_nothing_points_at_amazon(reader: Reader) -> None:
    """The printed call runs, but it gives tokens and not host names, and the printed targets are Amazon's."""
    tokens = reader.aws(
        *("sesv2", "get-email-identity", "--email-identity", "example.com", "--query", "DkimAttributes.Tokens")
    )
    assert len(tokens) == 3
    assert all(re.fullmatch("[a-z2-7]{32}", token) for token in tokens), tokens
    records = _records(reader)
    assert {f"{token}._domainkey.example.com" for token in tokens} <= {record["name"] for record in records}
    assert not [record for record in records if "amazonses.com" in record["value"]]
