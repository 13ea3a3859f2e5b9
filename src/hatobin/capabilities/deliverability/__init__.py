"""The deliverability dashboard: what an account's own traffic says of its domains and mailings, and block lists.

There is no panel of mailboxes here: what SES estimates from one is what was
delivered and complained about, and tests of inbox placement are refused.
"""

from __future__ import annotations

from hatobin.capabilities.deliverability import api_v2_lists, api_v2_options, api_v2_reports

__all__ = ["api_v2_lists", "api_v2_options", "api_v2_reports"]
