"""A certificate that stands in the store: enough of one to be named, not enough to sign."""

from __future__ import annotations

from hatobin.companions import acm
from hatobin.ports import Session
from tests.api.harness import ACCOUNT, REGION, Api

CERTIFICATE_ID = "11111111-2222-4333-8444-555555555555"
CERTIFICATE = acm.certificate_arn(ACCOUNT, REGION, CERTIFICATE_ID)
_COLUMNS = "account_id, region, certificate_id, subject, addresses, not_before, not_after, chain, sealed, created_at"
_VALUES = ":account_id, :region, :id, 'CN=ann', '[\"ann@example.com\"]', 0, 9000000000, '', :sealed, 0"


def put_certificate(api: Api) -> None:
    """Put the certificate of ann@example.com into the first account's region."""

    def put(session: Session) -> None:
        session.execute(
            f"INSERT INTO acm_certificate ({_COLUMNS}) VALUES ({_VALUES})",
            {"account_id": ACCOUNT, "region": REGION, "id": CERTIFICATE_ID, "sealed": b""},
        )

    api.run(api.world.database.write(put))
