"""The version, kept in code because the server also runs from a plain checkout."""

from __future__ import annotations

VERSION = "0.1.0"
