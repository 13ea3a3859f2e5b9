"""Paging: how the list operations of SES are cut into pages.

A token holds the place after which the next page begins (a keyset, never an
offset), and the kind of resource, account and region that it belongs to. So
a token of the v1 list continues the v2 list of the same kind, as at AWS, and
any other list refuses it. Sizes and texts differ by operation: a `Paging` is
one operation's rules.
"""

from __future__ import annotations

from hatobin.gateway.paging.model import Cursor, Owner, PageRequest, Paging

__all__ = ["Cursor", "Owner", "PageRequest", "Paging"]
