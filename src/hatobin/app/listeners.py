"""Listening sockets: bound first, served later, so that every port is known before anything starts."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.words.settings import Listeners, Server

BACKLOG = 1024
LISTENERS = ("http", "https", "submission", "submission_tls", "reception", "tracking", "trusted")


class ListenError(Exception):
    """A listener cannot be bound; the text says which, why, and what to change."""


@dataclass(frozen=True, slots=True)
class BoundListeners:
    """The sockets of one server by the name of their setting."""

    sockets: dict[str, list[socket.socket]]

    def first_port(self, name: str) -> int | None:
        """Give the port of the first socket of a listener, None when it is off."""
        bound = self.sockets.get(name)
        return bound[0].getsockname()[1] if bound else None

    def address(self, name: str) -> str | None:
        """Give "host:port" of the first socket of a listener, None when it is off."""
        bound = self.sockets.get(name)
        return None if not bound else format_address(bound[0].getsockname())

    @staticmethod
    def format(one: socket.socket) -> str:
        """Give "host:port" of a bound socket."""
        return format_address(one.getsockname())

    def close(self) -> None:
        """Give the ports back."""
        for group in self.sockets.values():
            for one in group:
                one.close()

    def addresses(self) -> list[tuple[str, int]]:
        """Give every bound (ip, port), for the outbound guard."""
        return [one.getsockname()[:2] for group in self.sockets.values() for one in group]


def format_address(name: tuple[str, int]) -> str:
    """Write a socket name as "host:port", IPv6 in brackets."""
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bind(server: Server, *, reuse_port: bool = False, listen: bool = True) -> BoundListeners:
    """Bind every listener of the settings. Raises `ListenError`, with nothing left bound.

    Without `listen` the ports are only held: the kernel gives their
    connections to those who share them and do listen.
    """
    sockets: dict[str, list[socket.socket]] = {}
    try:
        for name in LISTENERS:
            configured: Listeners = getattr(server, name)
            sockets[name] = [_bind(name, text, reuse_port=reuse_port, listen=listen) for text in _texts(configured)]
    except ListenError:
        for group in sockets.values():
            for one in group:
                one.close()
        raise
    return BoundListeners({name: group for name, group in sockets.items() if group})


def _texts(configured: Listeners) -> Sequence[str]:
    texts = [configured] if isinstance(configured, str) else configured
    return [text for text in texts if text]


def _bind(name: str, text: str, *, reuse_port: bool, listen: bool) -> socket.socket:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdigit():
        raise ListenError(f'server.{name} = "{text}" is not "host:port"')
    if name == "trusted" and host not in ("127.0.0.1", "[::1]", "localhost"):
        raise ListenError(f'server.trusted = "{text}": plain SMTP without AUTH is for loopback only')
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if reuse_port:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        one.bind((host.strip("[]"), int(port)))
    except OSError as error:
        one.close()
        raise ListenError(
            f"server.{name}: {text} cannot be used: {error.strerror}. "
            f"Stop what listens there, or set HATOBIN_SERVER__{name.upper()}=127.0.0.1:0 for a free port"
        ) from error
    if listen:
        one.listen(BACKLOG)
    one.setblocking(False)
    return one
