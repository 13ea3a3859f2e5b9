"""What to type next: the addresses and keys with which the first mail is sent (house §7, "first contact")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.companions import iam
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.settings import Listeners, Settings

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class SmtpLogin:
    """How a mail program reaches us: STARTTLS on `port`, TLS from the start on `tls_port`."""

    host: str
    port: int | None
    tls_port: int | None
    user: str
    password: str
    region: str


@dataclass(frozen=True, slots=True)
class FirstContact:
    """Commands to copy, line by line."""

    environment: Sequence[str]
    commands: Sequence[str]
    test_url: str
    smtp: SmtpLogin


def smtp_login(settings: Settings) -> SmtpLogin:
    """Give the first credentials' login as the settings tell it; a port that the system chose is unknown to them."""
    host, port = _host_and_port(settings.server.submission)
    tls_host, tls_port = _host_and_port(settings.server.submission_tls)
    password = smtp_password(iam.FIRST_SECRET, REGION)
    return SmtpLogin(host or tls_host, port, tls_port, iam.FIRST_ACCESS_KEY_ID, password, REGION)


def first_contact(endpoint: str, smtp: SmtpLogin) -> FirstContact:
    """Write the commands for an API at `endpoint`, the address under which the reader reached us."""
    return FirstContact(
        environment=(
            f"export AWS_ENDPOINT_URL={endpoint}",
            f"export AWS_ACCESS_KEY_ID={iam.FIRST_ACCESS_KEY_ID} AWS_SECRET_ACCESS_KEY={iam.FIRST_SECRET}",
            f"export AWS_DEFAULT_REGION={REGION}",
        ),
        commands=(
            "aws sesv2 create-email-identity --email-identity example.com",
            "aws sesv2 send-email --from-email-address hello@example.com \\",
            "  --destination ToAddresses=you@example.net \\",
            "  --content 'Simple={Subject={Data=Hello},Body={Text={Data=It works.}}}'",
        ),
        test_url=f"{endpoint}/_hatobin/inbox?to=you@example.net&wait=10",
        smtp=smtp,
    )


def _host_and_port(listeners: Listeners) -> tuple[str, int | None]:
    texts = [listeners] if isinstance(listeners, str) else listeners
    for text in texts:
        host, _, port = text.rpartition(":")
        if port.isdigit():
            local = host in ("0.0.0.0", "[::]", "")  # noqa: S104 - read, not bound
            return "127.0.0.1" if local else host, int(port) or None
    return "", None
