"""The errors of the deliverability dashboard; the texts are ours."""

from __future__ import annotations

from tests.modelled_errors.provocation import Group, Provocation

_V2 = Group("sesv2")
_BAD, _MISSING = "BadRequestException", "NotFoundException"
_NO_DOMAIN = "Domain other.example is not a verified identity of this account."
_TWICE = {"DashboardEnabled": True, "SubscribedDomains": [{"Domain": "a.example"}, {"Domain": "A.example"}]}
_MANY = {"DashboardEnabled": True, "SubscribedDomains": [{"Domain": f"d{number}.example"} for number in range(101)]}
_OTHER = {"DashboardEnabled": True, "SubscribedDomains": [{"Domain": "other.example"}]}
_LONG = {"StartDate": 0, "EndDate": 31 * 86_400}
_TOO_LONG = "EndDate must be at most 30 days after StartDate."
_CAMPAIGN = "Wzg2NDAwLCJhQGV4YW1wbGUuY29tIiwiIl0"
_NO_LIST = "No block list is configured on this server: its operator may set deliverability.dnsbls."

ALL: list[Provocation] = [
    _V2.one(
        "PutDeliverabilityDashboardOption",
        "AlreadyExistsException",
        "Domain a.example is subscribed twice.",
        **_TWICE,
    ),
    _V2.one(
        "PutDeliverabilityDashboardOption",
        "LimitExceededException",
        "At most 100 domains can be subscribed.",
        **_MANY,
    ),
    _V2.one("PutDeliverabilityDashboardOption", _MISSING, _NO_DOMAIN, **_OTHER),
    _V2.one("GetDomainStatisticsReport", _MISSING, _NO_DOMAIN, Domain="other.example", StartDate=0, EndDate=0),
    _V2.one("GetDomainStatisticsReport", _BAD, _TOO_LONG, **_LONG),
    _V2.one("ListDomainDeliverabilityCampaigns", _BAD, _TOO_LONG, **_LONG),
    _V2.one(
        "ListDomainDeliverabilityCampaigns",
        _MISSING,
        "Domain other.example is not subscribed to the deliverability dashboard.",
        SubscribedDomain="other.example",
        StartDate=0,
        EndDate=0,
    ),
    _V2.one("GetDomainDeliverabilityCampaign", _BAD, "Campaign id <x> is invalid.", CampaignId="x"),
    _V2.one("GetDomainDeliverabilityCampaign", _MISSING, f"Campaign {_CAMPAIGN} does not exist.", CampaignId=_CAMPAIGN),
    _V2.one("GetBlacklistReports", _BAD, "<x> is not an IP address.", BlacklistItemNames=["x"]),
    _V2.one("GetBlacklistReports", _MISSING, _NO_LIST, BlacklistItemNames=["192.0.2.1"]),
    _V2.one("GetDeliverabilityTestReport", _MISSING, "Deliverability test report r1 does not exist.", ReportId="r1"),
    _V2.one("ListDeliverabilityTestReports", _BAD, "Invalid Next Token", NextToken="x"),
]
