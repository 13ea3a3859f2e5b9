"""The SMTP door of the server in this process, without a session: what follows its end of data."""

from __future__ import annotations

from hatobin.companions import iam
from hatobin.flow.outbound.smtp_door import SmtpDoor, SmtpLogin
from hatobin.gateway import Principal, all_permissions
from hatobin.words.envelope import Envelope
from tests.api.harness import ACCOUNT, REGION, Api


class Peer:
    """An SMTP client on this machine."""

    ip = "127.0.0.1"
    tls_version = "TLSv1.3"


def submit(api: Api, data: bytes, *recipients: str, reverse_path: str) -> str:
    """Submit a message and give the reply."""
    keys = api.outbound.services.get(iam.AccessKeys)
    principal = Principal(ACCOUNT, "test", f"arn:aws:iam::{ACCOUNT}:user/test", "test", "AIDATEST")
    envelope = Envelope(reverse_path, recipients, "7BIT", len(data))
    door = SmtpDoor(keys, api.outbound.acceptor)
    return str(api.run(door.accept(SmtpLogin(principal, REGION, all_permissions()), envelope, data, Peer())))
