"""The human text at start: where things are, and the next command to type."""

from __future__ import annotations

from hatobin.app.listeners import BoundListeners
from hatobin.companions import iam
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.words.settings import Settings

_WHERE = {
    "mailbox": "mail is kept in the local inbox and leaves this machine never",
    "relay": "mail goes to the relay {relay}",
    "mx": "mail is delivered to the recipients' servers",
}


def welcome(settings: Settings, listeners: BoundListeners) -> str:
    """Write the few lines that a person needs after `hatobin serve`."""
    http = settings.service.public_http
    lines = [
        "",
        f"  hatobin is ready: {_WHERE[settings.delivery.mode].format(relay=settings.delivery.relay)}",
        "",
        f"  API      {http}   ({settings.service.public_https} with our own CA: hatobin trust)",
        f"  console  {http}/console/",
    ]
    if (submission := listeners.address("submission")) is not None:
        lines.append(f"  SMTP     {submission} STARTTLS   {listeners.address('submission_tls') or '-'} TLS")
    if settings.delivery.mode != "mx":
        password = smtp_password(iam.FIRST_SECRET, "us-east-1")
        lines += [
            f"           user {iam.FIRST_ACCESS_KEY_ID}   password {password} (us-east-1)",
            "",
            '  Next:    eval "$(hatobin env)"',
            "           aws sesv2 create-email-identity --email-identity example.com",
            "           aws sesv2 send-email --from-email-address hello@example.com \\",
            "             --destination ToAddresses=you@example.net \\",
            "             --content 'Simple={Subject={Data=Hello},Body={Text={Data=It works.}}}'",
        ]
    else:
        lines += [
            "",
            "  Next:    hatobin keys create                              (for the API)",
            "           hatobin keys create --smtp --region us-east-1    (for SMTP)",
            "           hatobin dns DOMAIN",
        ]
    return "\n".join([*lines, ""])
