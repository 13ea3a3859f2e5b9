"""Where readers of tracked mail come: the pixel, and links on their way to where they lead."""

from __future__ import annotations

from hatobin.servers.tracking.app import TrackingApp
from hatobin.servers.tracking.figures import tracking_measures

__all__ = ["TrackingApp", "tracking_measures"]
