"""Who asks for a pixel or follows a link: a person's program, or a machine on somebody's behalf.

Mail services fetch pictures through proxies, some of them for every message
they take in, and security products follow links before the recipient sees
them. What they cause looks like an open or a click. Their user agents give
most of them away; a scanner that calls itself a browser counts as a person.

Refs: what the services publish of their user agents; Fetch, "Sec-Purpose".
"""

from __future__ import annotations

import re

MACHINE, HUMAN = "machine", "human"

# Fetchers of pictures for all recipients of a mail service; Apple's sends "Mozilla/5.0" and no more.
_PROXIES = r"googleimageproxy|yahoomailproxy|ggpht\.com|\Amozilla/5\.0\Z"
_SCANNERS = r"barracuda|mimecast|proofpoint|ironport|safelinks|urldefense|forcepoint|trendmicro|symantec|sophos|zscaler"
_PROGRAMS = (
    r"bot\b|bot/|crawler|spider|slurp|preview|facebookexternalhit|whatsapp/|headless|phantomjs|curl/|wget/|"
    r"python|urllib|aiohttp|httpx|go-http-client|java/|okhttp|apache-httpclient|libwww|node-fetch|axios|ruby|php/"
)
_machine = re.compile(rf"{_PROXIES}|{_SCANNERS}|{_PROGRAMS}", re.IGNORECASE)


def agent_class(user_agent: str, *, is_prefetch: bool = False) -> str:
    """Say what asks: "machine" for what is known as one, for what says nothing of itself and for a prefetch.

    >>> agent_class("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")
    'machine'
    >>> agent_class("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148")
    'human'
    """
    if is_prefetch or not user_agent.strip() or _machine.search(user_agent) is not None:
        return MACHINE
    return HUMAN
