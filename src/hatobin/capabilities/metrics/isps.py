"""Which provider keeps a mailbox, as far as its domain says. Pure.

SES names the large providers and calls all others UNKNOWN_ISP (observed). It
does not publish its list; this one holds domains under which providers give
mailboxes to everybody. Who keeps the mail of a domain of its own is not
looked up: that would take a query for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

UNKNOWN_ISP = "UNKNOWN_ISP"

_DOMAINS = {
    "Gmail": ("gmail.com", "googlemail.com"),
    "Hotmail": (
        *(f"hotmail.{ending}" for ending in ("com", "co.uk", "co.jp", "fr", "de", "it", "es", "be", "nl", "com.br")),
        *(f"outlook.{ending}" for ending in ("com", "jp", "de", "fr", "es", "it", "com.br", "com.au")),
        *(f"live.{ending}" for ending in ("com", "jp", "co.uk", "fr", "nl", "it", "de", "com.au", "ca")),
        "msn.com",
        "passport.com",
        "windowslive.com",
    ),
    "Yahoo": (
        *(f"yahoo.{ending}" for ending in ("com", "co.uk", "fr", "de", "it", "es", "ca", "in", "co.in", "com.br")),
        *(
            f"yahoo.{ending}"
            for ending in ("com.mx", "com.ar", "com.au", "co.id", "com.sg", "com.vn", "com.tw", "com.hk")
        ),
        "myyahoo.com",
        "rocketmail.com",
        "ymail.com",
    ),
    "AOL": ("aol.com", "aol.co.uk", "aol.de", "aol.fr", "aim.com", "verizon.net"),
    "Apple": ("icloud.com", "mac.com", "me.com", "privaterelay.appleid.com"),
    "Comcast": ("comcast.net", "xfinity.com"),
    "ATT": ("att.net", "bellsouth.net", "sbcglobal.net", "ameritech.net", "pacbell.net", "swbell.net"),
    "Cox": ("cox.net",),
    "Charter": ("charter.net", "rr.com", "roadrunner.com", "spectrum.net", "twc.com"),
    "Proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
    "Fastmail": ("fastmail.com", "fastmail.fm"),
    "Zoho": ("zoho.com", "zohomail.com", "zohomail.eu"),
    "GMX": ("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "gmx.fr"),
    "WebDE": ("web.de",),
    "TOnline": ("t-online.de", "magenta.de"),
    "Freenet": ("freenet.de",),
    "Orange": ("orange.fr", "wanadoo.fr"),
    "Free": ("free.fr",),
    "LaPoste": ("laposte.net",),
    "SFR": ("sfr.fr", "neuf.fr"),
    "Libero": ("libero.it", "virgilio.it", "inwind.it", "iol.it"),
    "BT": ("btinternet.com", "btopenworld.com"),
    "Sky": ("sky.com",),
    "MailRu": ("mail.ru", "bk.ru", "inbox.ru", "list.ru", "internet.ru"),
    "Yandex": ("yandex.ru", "yandex.com", "ya.ru"),
    "Seznam": ("seznam.cz", "email.cz"),
    "WP": ("wp.pl", "o2.pl"),
    "Onet": ("onet.pl", "op.pl", "poczta.onet.pl"),
    "UOL": ("uol.com.br", "bol.com.br"),
    "Terra": ("terra.com.br",),
    "YahooJapan": ("yahoo.co.jp", "yahoo.ne.jp", "ybb.ne.jp"),
    "Docomo": ("docomo.ne.jp", "mopera.net"),
    "KDDI": ("ezweb.ne.jp", "au.com", "uqmobile.jp"),
    "SoftBank": ("softbank.ne.jp", "i.softbank.jp", "ymobile.ne.jp", "vodafone.ne.jp", "disney.ne.jp"),
    "Rakuten": ("rakuten.jp", "rakumail.jp"),
    "Nifty": ("nifty.com",),
    "Biglobe": ("biglobe.ne.jp",),
    "OCN": ("ocn.ne.jp",),
    "SoNet": ("so-net.ne.jp",),
    "Naver": ("naver.com",),
    "Daum": ("daum.net", "hanmail.net", "kakao.com"),
    "QQ": ("qq.com", "foxmail.com"),
    "NetEase": ("163.com", "126.com", "yeah.net"),
    "Sina": ("sina.com", "sina.cn"),
}

_ISPS: Mapping[str, str] = MappingProxyType({domain: isp for isp, domains in _DOMAINS.items() for domain in domains})


def isp_of(address: str) -> str:
    """Give the provider of an address.

    >>> isp_of("Ann@GMail.com"), isp_of("bo@example.net")
    ('Gmail', 'UNKNOWN_ISP')
    """
    return _ISPS.get(address.rpartition("@")[2].lower(), UNKNOWN_ISP)
