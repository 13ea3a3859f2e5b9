"""STS beside SES: who am I, and temporary credentials.

SDKs, Terraform and dashboards ask the first; the others speak for a role of
IAM, or for the user itself, and end by themselves. They sign requests to the
API; SMTP takes none of them.
"""

from __future__ import annotations

from hatobin.companions.sts import api

__all__ = ["api"]
