"""The front door of HTTP: one ASGI callable that knows which part of the server a request is for."""

from __future__ import annotations

from hatobin.servers.root.app import RootApp

__all__ = ["RootApp"]
