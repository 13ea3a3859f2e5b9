"""The door for S3: bodies of any size in both directions, a piece at a time.

`S3App` is the ASGI callable, `is_s3_request` and `is_from_sdk` tell its requests from all others.
"""

from __future__ import annotations

from hatobin.servers.s3.app import S3App
from hatobin.servers.s3.recognition import is_from_sdk, is_s3_request

__all__ = ["S3App", "is_from_sdk", "is_s3_request"]
