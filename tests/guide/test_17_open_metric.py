"""Sample 17: how often a mail was opened, asked of CloudWatch by the dimensions of sample 16."""

from __future__ import annotations

import re
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from tests.guide.marks import printed_form, there_must_be
from tests.guide.reader import SENDER, Reader
from tests.running import wait_until

_SET = "guide-17"
_TAGS = {"email-source": "shop", "email-type": "marketing"}


def _open_a_mail(reader: Reader, to: str) -> None:
    """Send a mail to the metrics destination and look at it as a mail program does: fetch its picture."""
    dimensions = [
        {"DimensionName": name, "DimensionValueSource": "MESSAGE_TAG", "DefaultDimensionValue": "unknown"}
        for name in _TAGS
    ]
    client = reader.client("sesv2")
    if _SET not in client.list_configuration_sets()["ConfigurationSets"]:
        client.create_configuration_set(ConfigurationSetName=_SET)
        client.create_configuration_set_event_destination(
            ConfigurationSetName=_SET,
            EventDestinationName="metrics",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["SEND", "OPEN"],
                "CloudWatchDestination": {"DimensionConfigurations": dimensions},
            },
        )
    client.send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "新着"}, "Body": {"Html": {"Data": "<p>新着</p>"}}}},
        ConfigurationSetName=_SET,
        EmailTags=[{"Name": name, "Value": value} for name, value in _TAGS.items()],
    )
    picture = re.search(r'<img[^>]+src="(http[^"]+)"', reader.mail(to).get_content())
    there_must_be(picture, "no tracking picture in the mail")
    assert picture is not None
    urllib.request.urlopen(picture[1], timeout=10).close()


def _opens(reader: Reader, *dimensions: str) -> float:
    now = datetime.now(UTC)
    answer = reader.aws(
        *("cloudwatch", "get-metric-statistics", "--namespace", "AWS/SES", "--metric-name", "Open"),
        *("--dimensions", *(f"Name={name},Value={_TAGS[name]}" for name in dimensions)),
        *("--start-time", (now - timedelta(hours=1)).isoformat(), "--end-time", (now + timedelta(hours=1)).isoformat()),
        *("--period", "86400", "--statistics", "Sum"),
    )
    return float(sum(point["Sum"] for point in answer["Datapoints"]))


def test_by_both_dimensions_as_cloudwatch_stores_them(reader: Reader) -> None:
    _open_a_mail(reader, "both-17@example.net")
    wait_until(lambda: _opens(reader, "email-source", "email-type") >= 1, "the opening is counted", every_s=0.5)


@printed_form("works in part")
@pytest.mark.parametrize("dimension", _TAGS)
def test_by_one_dimension_as_printed(reader: Reader, dimension: str) -> None:
    """CloudWatch finds a metric by its whole set of dimensions only; here each is stored alone too."""
    _open_a_mail(reader, f"{dimension}-17@example.net")
    wait_until(lambda: _opens(reader, dimension) >= 1, "the opening is counted", every_s=0.5)
