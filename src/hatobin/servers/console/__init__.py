"""The console under `/console/`: captured mail and what became of each message, as pages.

Server-rendered, in English and Japanese, without a build step, usable without
JavaScript. `LocalGuard` keeps it to this machine and its trusted networks.
"""

from __future__ import annotations

from hatobin.servers.console.app import ConsoleApp
from hatobin.servers.console.first_contact import SmtpLogin

__all__ = ["ConsoleApp", "SmtpLogin"]
