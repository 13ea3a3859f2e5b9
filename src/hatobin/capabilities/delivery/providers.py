"""Which of the large providers a host or a domain belongs to: a few names, to tell figures apart by."""

from __future__ import annotations

OTHER = "other"
PROVIDERS = ("apple", "google", "microsoft", "yahoo", OTHER)
# Zones of their mail hosts, and the domains of their own mailboxes, as their DNS shows them.
_ZONES = {
    "google.com": "google",
    "googlemail.com": "google",
    "gmail.com": "google",
    "outlook.com": "microsoft",
    "hotmail.com": "microsoft",
    "live.com": "microsoft",
    "msn.com": "microsoft",
    "office365.us": "microsoft",
    "yahoodns.net": "yahoo",
    "yahoo.com": "yahoo",
    "aol.com": "yahoo",
    "icloud.com": "apple",
    "me.com": "apple",
    "mac.com": "apple",
}


def provider_of(host: str, domain: str) -> str:
    """Give the provider of a mail host; where the host is none's (a relay, nobody), that of the recipient's domain.

    >>> provider_of("gmail-smtp-in.l.google.com", "a.example"), provider_of("", "aol.com"), provider_of("", "a.example")
    ('google', 'yahoo', 'other')
    """
    return _of(host) or _of(domain) or OTHER


def _of(name: str) -> str | None:
    return _ZONES.get(".".join(name.lower().rstrip(".").split(".")[-2:]))
