"""Which host names tracked addresses are answered under.

The seal of an address decides where it leads; the host only says whose it is.
A sender's own tracking domain serves that sender's addresses and no others. A
reverse proxy may keep the name it was asked by, or give one of ours: an
address, a name without a dot, the service domain and what is below it, the
names of the settings. Everything else is not for us (a foreign domain that
points here must not look as if it led to our users' sites).

Refs: RFC 9110 §7.2 (Host).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from hatobin.capabilities.tracking import TrackedLink
from hatobin.servers.local import host_name, own_names
from hatobin.words.settings import Settings


class TrackingHosts:
    """Decides by the Host header; built once from the settings."""

    def __init__(self, settings: Settings) -> None:
        bases = (settings.service.tracking_http, settings.service.tracking_https)
        # The region stands in the name as a label that may be any.
        names = [urlsplit(base.replace("{region}", "region")).netloc for base in bases if base]
        self._names = frozenset([*own_names(settings), *[name for text in names if (name := host_name(text))]])
        self._regional = tuple(
            tuple(part.lower() for part in urlsplit(base).netloc.partition(":")[0].split("{region}", 1))
            for base in bases
            if "{region}" in base
        )
        self._service = f".{settings.service.domain.lower()}"

    def serves(self, link: TrackedLink, host: str | None) -> bool:
        """Say whether an address may be asked for under this Host."""
        name = None if host is None else host_name(host)
        return name is not None and (self._is_own(name) or link.is_at(name))

    def _is_own(self, name: str) -> bool:
        if name in self._names or "." not in name or name.endswith((self._service, ".localhost")):
            return True
        if any(name.startswith(start) and name.endswith(end) for start, end in self._regional):
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True
