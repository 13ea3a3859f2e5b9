"""BatchGetMetricData: the days of the Virtual Deliverability Manager, and who is counted in them."""

from __future__ import annotations

from typing import Any

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.events import Event
from hatobin.capabilities.queue import MessageKey
from hatobin.words.event import EventKind
from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

DAY_S = 86_400
BAD, NEEDED = "BadRequestException", "To use this feature you must enable Virtual Deliverability Manager"


def manager(client: Any, state: str = "ENABLED") -> Any:
    client.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": state})
    return client


@pytest.fixture
def ses(make_client: Any) -> Any:
    client = manager(make_client("sesv2"))
    client.create_email_identity(EmailIdentity="example.com")
    return client


def send(ses: Any, *recipients: str, **more: Any) -> str:
    identifier: str = ses.send_email(
        **{
            "FromEmailAddress": "me@example.com",
            "Destination": {"ToAddresses": list(recipients)},
            "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hi"}}}},
            **more,
        }
    )["MessageId"]
    return identifier


def query(api: Api, metric: str = "SEND", identifier: str = "q", **more: Any) -> dict[str, Any]:
    today = api.world.clock.now() // DAY_S * DAY_S
    return {
        "Id": identifier,
        "Namespace": "VDM",
        "Metric": metric,
        "StartDate": today - 5 * DAY_S,
        "EndDate": today + DAY_S,
        **more,
    }


def count(api: Api, ses: Any, metric: str, **dimensions: str) -> int:
    more = {"Dimensions": dimensions} if dimensions else {}
    [result] = ses.batch_get_metric_data(Queries=[query(api, metric, **more)])["Results"]
    return sum(result["Values"])


def test_mail_counts_per_recipient_by_its_dimensions(api: Api, ses: Any) -> None:
    ses.create_configuration_set(ConfigurationSetName="news")
    ses.create_email_identity(EmailIdentity="boss@own.example")
    send(ses, "ann@gmail.com", "bo@example.net", ConfigurationSetName="news")
    send(ses, "cy@gmail.com", FromEmailAddress="boss@own.example")
    assert (count(api, ses, "SEND"), count(api, ses, "DELIVERY")) == (3, 3)
    assert count(api, ses, "SEND", ISP="Gmail") == 2
    assert count(api, ses, "SEND", ISP="UNKNOWN_ISP") == 1
    assert count(api, ses, "SEND", CONFIGURATION_SET="news") == 2
    assert count(api, ses, "SEND", EMAIL_IDENTITY="EXAMPLE.com") == 2
    assert count(api, ses, "SEND", EMAIL_IDENTITY="boss@own.example", ISP="Gmail") == 1
    assert count(api, ses, "SEND", TENANT_NAME="acme") == 0
    assert count(api, ses, "DELIVERY_OPEN") == 0
    assert count(api, ses, "DELIVERY_COMPLAINT") == 0


def test_days_are_utc_days_and_those_without_a_count_are_left_out(api: Api, ses: Any) -> None:
    first = api.world.clock.now() // DAY_S * DAY_S
    send(ses, "ann@example.net")
    api.world.clock.elapsed_s += 2 * DAY_S
    send(ses, "ann@example.net")
    send(ses, "bo@hotmail.com")
    asked = {"StartDate": first, "EndDate": first + 3 * DAY_S}
    answer = body_of(ses.batch_get_metric_data(Queries=[query(api, **asked)]))
    [result] = answer["Results"]
    assert answer["Errors"] == []
    assert [at.timestamp() for at in result["Timestamps"]] == [first, first + 2 * DAY_S]
    assert result["Values"] == [1, 2]
    without = {"StartDate": first, "EndDate": first + 2 * DAY_S}
    assert ses.batch_get_metric_data(Queries=[query(api, **without)])["Results"][0]["Values"] == [1]
    assert count(api, ses, "DELIVERY_COMPLAINT") == 1  # At a provider that tells of complaints.


def test_the_simulator_and_what_was_held_back_are_not_counted(api: Api, ses: Any) -> None:
    ses.put_suppressed_destination(EmailAddress="gone@example.net", Reason="BOUNCE")
    ses.put_suppressed_destination(EmailAddress="angry@example.net", Reason="COMPLAINT")
    for name in ("success", "bounce", "complaint"):
        send(ses, f"{name}@simulator.amazonses.com")
    send(ses, "gone@example.net", "angry@example.net")
    api.wait_until_delivered()
    assert count(api, ses, "SEND") == 2
    for metric in ("DELIVERY", "PERMANENT_BOUNCE", "COMPLAINT"):
        assert count(api, ses, metric) == 0


def test_the_first_open_of_a_message_to_one_counts(api: Api, ses: Any) -> None:
    topic = api.client("sns").create_topic(Name="t")["TopicArn"]
    ses.create_configuration_set(ConfigurationSetName="opens")
    ses.create_configuration_set_event_destination(
        ConfigurationSetName="opens",
        EventDestinationName="d",
        EventDestination={"Enabled": True, "MatchingEventTypes": ["OPEN"], "SnsDestination": {"TopicArn": topic}},
    )
    one = send(ses, "ann@gmail.com", ConfigurationSetName="opens")
    two = send(ses, "bo@example.net", "cy@example.net", ConfigurationSetName="opens")
    assert count(api, ses, "DELIVERY_OPEN") == 3
    assert count(api, ses, "DELIVERY_CLICK") == 0
    for identifier in (one, one, two):
        opened = Event(MessageKey(ACCOUNT, REGION, identifier), None, EventKind.OPEN, api.world.clock.now(), "{}")
        api.run(api.world.database.write(lambda session, event=opened: events.record(session, event)))  # type: ignore[misc]
    assert count(api, ses, "OPEN") == 1
    assert count(api, ses, "OPEN", ISP="Gmail") == 1


def test_only_who_has_switched_the_manager_on_is_counted(api: Api, ses: Any, make_client: Any) -> None:
    manager(ses, "DISABLED")
    send(ses, "ann@example.net")
    assert error_of(ses.batch_get_metric_data, Queries=[query(api)]) == ("NotFoundException", NEEDED, 404)
    manager(ses)
    assert count(api, ses, "SEND") == 0
    send(ses, "ann@example.net")
    assert count(api, ses, "SEND") == 1
    for scope in ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"}):
        assert count(api, manager(make_client("sesv2", **scope)), "SEND") == 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"Dimensions": {"EMAIL_IDENTITY": "a@"}}, "Invalid email identity provided."),
        ({"Dimensions": {"EMAIL_IDENTITY": ""}}, "Invalid email identity provided."),
        ({"Dimensions": {"ISP": "Not One"}}, "Invalid ISP name provided."),
        ({"Dimensions": {"CONFIGURATION_SET": ""}}, "The configuration set name must be specified."),
        ({"Dimensions": {"TENANT_NAME": ""}}, "TenantName cannot be empty"),
        (
            {"Dimensions": {"TENANT_NAME": "a b"}},
            "Invalid tenant name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
        ),
        ({"EndDate": 0}, "Expected start date to be before the end date."),
        (
            {"StartDate": 0, "EndDate": 61 * DAY_S},
            "Invalid interval, can request at most 60 days. Please partition your requested interval.",
        ),
    ],
)
def test_a_wrong_query_fails_the_call(api: Api, ses: Any, change: dict[str, Any], text: str) -> None:
    queries = [query(api, identifier="good"), query(api, **change)]
    assert error_of(ses.batch_get_metric_data, Queries=queries) == (BAD, text, 400)


def test_queries_have_ids_of_their_own(api: Api, ses: Any) -> None:
    text = "All queries must have a unique identifier."
    assert error_of(ses.batch_get_metric_data, Queries=[query(api), query(api)]) == (BAD, text, 400)
