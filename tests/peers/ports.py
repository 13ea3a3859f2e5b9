"""Free ports for programs that cannot choose one themselves."""

from __future__ import annotations

import socket


def free_port(*kinds: socket.SocketKind) -> int:
    """Give a loopback port that is free now for TCP, or for all the `kinds` asked for."""
    for _ in range(50):
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            if all(_is_free(port, kind) for kind in kinds if kind is not socket.SOCK_STREAM):
                return port
    raise OSError("no port is free for all kinds")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
