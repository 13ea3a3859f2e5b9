"""Where links lead: `/verify/` for addresses, `/unsubscribe/` for contacts, `/exports/` for files of export jobs.

Open to everybody, for what a link stands for is in its token. Pages work
without JavaScript, hold nothing that a caller wrote but escaped, and may not
be framed; nothing changes by only looking, but the verification itself.
"""

from __future__ import annotations

from hatobin.servers.links.app import LinksApp
from hatobin.servers.links.exports import ExportFiles

__all__ = ["ExportFiles", "LinksApp"]
