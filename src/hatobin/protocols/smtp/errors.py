"""The two kinds of error a protocol core raises: theirs and ours.

Nothing the remote sends may raise anything but `RemoteProtocolError`; anything
`LocalProtocolError` is a bug in the code that drives the core.
"""

from __future__ import annotations


class ProtocolError(Exception):
    """What both kinds have in common."""


class RemoteProtocolError(ProtocolError):
    """The remote said something that SMTP does not know, or stopped in the middle; the text says what."""


class LocalProtocolError(ProtocolError):
    """The caller of the core asked for something that cannot be, now or ever."""
