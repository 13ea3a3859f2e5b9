"""Errors that the caller made: modelled, with SES's own code, status and text.

The remote's outcomes live in `outcome`, our own bugs are ordinary exceptions.
"""

from __future__ import annotations


class CallerError(Exception):
    """An answer to the caller: an error code of the service's model and a text.

    `code` is the wire code without namespace ("NotFoundException", "Throttling").
    `message` may be None: SES answers `{"message":null}` in some places.
    `hint` is for the operator's stderr and never goes to the caller.
    """

    def __init__(self, code: str, message: str | None, *, status: int = 400, hint: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.hint = hint
