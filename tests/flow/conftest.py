"""Stages of the flow are tested in a whole server, as the API tests have it."""

from __future__ import annotations

from tests.api.conftest import api

__all__ = ["api"]
