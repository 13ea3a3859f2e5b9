"""STS beside SES: who am I. SDKs, Terraform and dashboards ask this first."""

from __future__ import annotations

from hatobin.companions.sts import api

__all__ = ["api"]
