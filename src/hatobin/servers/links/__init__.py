"""Where links in mails lead: `/verify/` for addresses, `/unsubscribe/` for contacts.

Open to everybody, for what a link stands for is in its token. Pages work
without JavaScript, hold nothing that a caller wrote but escaped, and may not
be framed; nothing changes by only looking, but the verification itself.
"""

from __future__ import annotations

from hatobin.servers.links.app import LinksApp

__all__ = ["LinksApp"]
