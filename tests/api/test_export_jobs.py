"""Export jobs: checked as SES does, worked on, and fetched by a link."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from hatobin.capabilities import events
from hatobin.capabilities.events import Event
from hatobin.capabilities.jobs import ExportLinks
from hatobin.capabilities.queue import MessageKey
from hatobin.flow.retention import Retention
from hatobin.servers.links import ExportFiles
from hatobin.words.event import EventKind
from tests import asgi
from tests.api.answers import body_of, error_of
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api

BAD, DAY_S = "BadRequestException", 86_400
DATES = {"StartDate": 1_767_225_600, "EndDate": 1_767_312_000}
INSIGHTS: dict[str, Any] = {"MessageInsightsDataSource": DATES}
WANTED = {"Namespace": "VDM", "Dimensions": {"ISP": ["*"]}, "Metrics": [{"Name": "SEND", "Aggregation": "VOLUME"}]}
METRICS: dict[str, Any] = {"MetricsDataSource": {**DATES, **WANTED}}
NEEDED = "To use this feature you must enable Virtual Deliverability Manager"


def manager(client: Any) -> Any:
    client.put_account_vdm_attributes(VdmAttributes={"VdmEnabled": "ENABLED"})
    return client


@pytest.fixture
def ses(make_client: Any) -> Any:
    client = make_client("sesv2")
    client.create_email_identity(EmailIdentity="example.com")
    return client


def refusal(ses: Any, source: dict[str, Any], **destination: str) -> str:
    asked = {"ExportDataSource": source, "ExportDestination": {"DataFormat": "CSV", **destination}}
    code, text, status = error_of(ses.create_export_job, **asked)
    assert (code, status) == (BAD, 400)
    return text


def send(ses: Any, *recipients: str, subject: str = "Hi", source: str = "me@example.com", **more: Any) -> str:
    identifier: str = ses.send_email(
        FromEmailAddress=source,
        Destination={"ToAddresses": list(recipients)},
        Content={"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Hi"}}}},
        **more,
    )["MessageId"]
    return identifier


def begin(api: Api, ses: Any, kind: str, data_format: str = "CSV", **more: Any) -> str:
    today = api.world.clock.now() // DAY_S * DAY_S
    source = {"StartDate": today, "EndDate": today + DAY_S, **more}
    identifier: str = ses.create_export_job(
        ExportDataSource={kind: source}, ExportDestination={"DataFormat": data_format}
    )["JobId"]
    return identifier


def work(api: Api) -> None:
    """Let the worker do what is to do; its rests take the world's time."""

    async def until_idle() -> None:
        while await api.outbound.exports.once():
            pass

    task = api.run(_started(until_idle()))
    api.wait(task.done)
    task.result()


async def _started(work: Any) -> Any:
    return asyncio.ensure_future(work)


def fetch(api: Api, url: str, method: str = "GET") -> asgi.Answer:
    files = ExportFiles(api.world.ports, api.outbound.services.get(ExportLinks))
    return api.run(asgi.call(files, method, urlsplit(url).path))


def exported(api: Api, ses: Any, kind: str, data_format: str = "CSV", **more: Any) -> str:
    identifier = begin(api, ses, kind, data_format, **more)
    work(api)
    return fetch(api, ses.get_export_job(JobId=identifier)["ExportDestination"]["S3Url"]).text


def rows(api: Api, ses: Any, **more: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(api, ses, "MessageInsightsDataSource", **more))))


def destinations(api: Api, ses: Any, **more: Any) -> list[str]:
    return sorted(row["destination"] for row in rows(api, ses, **more))


def test_a_request_is_checked_in_the_order_of_ses(ses: Any) -> None:
    assert refusal(ses, {}) == "One data source must be provided"
    assert refusal(ses, {**INSIGHTS, **METRICS}) == "One data source must be provided"
    assert refusal(ses, INSIGHTS, S3Url="s3://mine/prefix") == "Providing a custom S3 URL is not supported"
    wrong = {"MessageInsightsDataSource": {"StartDate": 5, "EndDate": 5}}
    assert refusal(ses, wrong) == NEEDED
    manager(ses)
    assert refusal(ses, wrong) == "Invalid date range"
    part = {"MetricsDataSource": {**WANTED, "StartDate": 1_767_225_600, "EndDate": 1_767_312_001}}
    assert refusal(ses, part) == (
        "To get daily aggregated data you must not specify partial-day timestamps. Please make your interval go"
        " from midnight to midnight UTC."
    )


def test_messages_become_rows_of_csv(api: Api, ses: Any) -> None:
    manager(ses)
    identifier = send(ses, "ann@gmail.com", subject='Say "hi", now')
    opened = Event(MessageKey(ACCOUNT, REGION, identifier), None, EventKind.OPEN, api.world.clock.now() + 5, "{}")
    api.run(api.world.database.write(lambda session: events.record(session, opened)))
    text = exported(api, ses, "MessageInsightsDataSource")
    head, line, end = text.split("\n")
    assert end == ""
    assert head == (
        '"messageid","sendtimestamp","isp","fromaddress","destination","subject","last_delivery_event",'
        '"last_engagement_event","last_delivery_event_timestamp","last_engagement_event_timestamp","bounce_sub_type",'
        '"diagnostic_code",'
    )
    assert line.startswith(f'"{identifier}","20')
    assert '"Gmail","me@example.com","ann@gmail.com","Say ""hi"", now","DELIVERY","OPEN",' in line
    [row] = csv.DictReader(io.StringIO(text))
    assert row["sendtimestamp"].endswith(" UTC")
    assert row["last_engagement_event_timestamp"] > row["last_delivery_event_timestamp"]


def test_messages_become_an_array_of_json(api: Api, ses: Any) -> None:
    manager(ses)
    send(ses, "bounce@simulator.amazonses.com", "ann@example.net")
    api.wait_until_delivered()
    text = exported(api, ses, "MessageInsightsDataSource", "JSON")
    lines = text.split("\n")
    assert (lines[0], lines[2][:2], lines[-2:]) == ("[", ",{", ["]", ""])
    bounced, ann = json.loads(text)
    assert (bounced["last_delivery_event"], bounced["bounce_sub_type"]) == ("PERMANENT_BOUNCE", "GENERAL")
    assert bounced["diagnostic_code"] == "smtp; 550 5.1.1 user unknown"
    assert "bounce_sub_type" not in ann
    assert json.loads(exported(api, ses, "MessageInsightsDataSource", "JSON", Include={"Isp": ["Gmail"]})) == []


def test_filters_include_and_exclude(api: Api, ses: Any) -> None:
    manager(ses)
    ses.create_tenant(TenantName="acme")
    send(ses, "a@gmail.com", "b@example.net", subject="One")
    send(ses, "c@gmail.com", subject="Two", source="Boss <boss@example.com>")
    send(ses, "bounce@simulator.amazonses.com", subject="Three")
    api.wait_until_delivered()

    def found(**filters: Any) -> list[str]:
        return [address[0] for address in destinations(api, ses, **filters) if "notice" not in address]

    both = {"FromEmailAddress": ["ME@example.com", "boss@example.com"]}
    assert found(Include=both) == ["a", "b", "b", "c"]
    assert found(Include={"FromEmailAddress": ["boss@example.com"]}) == ["c"]
    assert found(Include={**both, "Isp": ["Gmail"]}) == ["a", "c"]
    assert found(Include={"Destination": ["B@example.net"]}) == ["b"]
    assert found(Include={"Subject": ["One"]}) == ["a", "b"]
    assert found(Include={"Subject": ["On"]}) == []
    assert found(Include={"LastDeliveryEvent": ["PERMANENT_BOUNCE"]}) == ["b"]
    assert found(Include={"TenantName": ["acme"]}) == []
    assert found(Include={"LastEngagementEvent": ["OPEN"]}) == []
    assert found(Include=both, Exclude={"Isp": ["Gmail"]}) == ["b", "b"]
    assert found(Include=both, Exclude={"Isp": ["Gmail"], "Subject": ["Three"]}) == ["b"]
    assert len(found(Include=both, MaxResults=2)) == 2
    nothing = {"StartDate": DATES["StartDate"] - 9, "EndDate": DATES["StartDate"] - 5}
    assert found(**nothing) == []


def test_metrics_become_a_row_for_each_combination(api: Api, ses: Any) -> None:
    manager(ses)
    ses.create_configuration_set(ConfigurationSetName="news")
    send(ses, "a@gmail.com", "b@example.net", "bounce@example.net", ConfigurationSetName="news")
    send(ses, "c@gmail.com")
    metrics = [{"Name": "SEND", "Aggregation": "VOLUME"}, {"Name": "DELIVERY", "Aggregation": "RATE"}, {"Name": "OPEN"}]
    wanted = {"Namespace": "VDM", "Metrics": metrics}
    by_isp = exported(api, ses, "MetricsDataSource", Dimensions={"ISP": ["*"]}, **wanted)
    assert by_isp == (
        "ISP,SEND_VOLUME,DELIVERY_RATE,OPEN_VOLUME\nGmail,2.0000,1.0000,0.0000\nUNKNOWN_ISP,2.0000,1.0000,0.0000\n"
    )
    both = {"CONFIGURATION_SET": ["news"], "ISP": ["Gmail", "Yahoo"]}
    assert exported(api, ses, "MetricsDataSource", "JSON", Dimensions=both, **wanted) == (
        '[{"configuration_set":"news","isp":"Gmail","metrics":'
        '{"SEND_VOLUME":1.0000,"DELIVERY_RATE":1.0000,"OPEN_VOLUME":0.0000}}]\n'
    )
    assert exported(api, ses, "MetricsDataSource", "JSON", Dimensions={"TENANT_NAME": ["*"]}, **wanted) == "[]\n"


def test_a_job_tells_how_far_it_came_and_links_to_its_file(api: Api, ses: Any) -> None:
    manager(ses)
    send(ses, "a@gmail.com", "b@example.net")
    identifier = begin(api, ses, "MessageInsightsDataSource", Include={"Isp": ["Gmail"]})
    begun = body_of(ses.get_export_job(JobId=identifier))
    assert (begun["JobStatus"], begun["ExportSourceType"]) == ("PROCESSING", "MESSAGE_INSIGHTS")
    assert begun["ExportDestination"] == {"DataFormat": "CSV"}
    assert begun["ExportDataSource"]["MessageInsightsDataSource"]["Include"] == {"Isp": ["Gmail"]}
    assert "CompletedTimestamp" not in begun
    work(api)
    ended = ses.get_export_job(JobId=identifier)
    assert ended["JobStatus"] == "COMPLETED"
    assert ended["Statistics"] == {"ProcessedRecordsCount": 2, "ExportedRecordsCount": 1}
    assert ended["CompletedTimestamp"] >= ended["CreatedTimestamp"]
    url = ended["ExportDestination"]["S3Url"]
    answer = fetch(api, url)
    assert answer.header("content-type") == "text/csv; charset=utf-8"
    assert answer.header("content-disposition") == f'attachment; filename="ses-messages-{identifier}.csv"'
    assert fetch(api, url, "POST").status == 405
    assert fetch(api, url[:-2] + "xx").status == 404
    api.world.clock.elapsed_s += 3601
    assert fetch(api, url).status == 404
    assert fetch(api, ses.get_export_job(JobId=identifier)["ExportDestination"]["S3Url"]).status == 200


def test_jobs_are_listed_newest_first_by_source_and_status(api: Api, ses: Any) -> None:
    manager(ses)
    first = begin(api, ses, "MessageInsightsDataSource")
    api.world.clock.elapsed_s += 1
    second = begin(api, ses, "MetricsDataSource", **WANTED)
    work(api)
    api.world.clock.elapsed_s += 1
    third = begin(api, ses, "MessageInsightsDataSource")

    def listed(**filters: str) -> list[str]:
        return [job["JobId"] for job in ses.list_export_jobs(**filters)["ExportJobs"]]

    assert listed() == [third, second, first]
    assert listed(ExportSourceType="MESSAGE_INSIGHTS") == [third, first]
    assert listed(JobStatus="COMPLETED") == [second, first]
    page = ses.list_export_jobs(PageSize=2)
    assert [job["JobId"] for job in page["ExportJobs"]] == [third, second]
    assert [job["JobId"] for job in ses.list_export_jobs(NextToken=page["NextToken"])["ExportJobs"]] == [first]
    assert error_of(ses.list_export_jobs, PageSize=0) == (BAD, "The page size must be between 1 and 1000", 400)


def test_a_job_is_cancelled_once_and_leaves_no_file(api: Api, ses: Any) -> None:
    manager(ses)
    identifier = begin(api, ses, "MessageInsightsDataSource")
    ses.cancel_export_job(JobId=identifier)
    work(api)
    found = ses.get_export_job(JobId=identifier)
    assert found["JobStatus"] == "CANCELLED"
    assert "S3Url" not in found["ExportDestination"]
    text = "Cannot cancel an export job that has a <CANCELLED> status."
    assert error_of(ses.cancel_export_job, JobId=identifier) == (BAD, text, 400)


def test_twenty_jobs_of_a_source_are_under_way_at_most(api: Api, ses: Any) -> None:
    manager(ses)
    for _ in range(20):
        begin(api, ses, "MessageInsightsDataSource")
    begin(api, ses, "MetricsDataSource", **WANTED)
    code, text, status = error_of(lambda: begin(api, ses, "MessageInsightsDataSource"))
    assert (code, status) == ("LimitExceededException", 400)
    assert text.startswith("There are too many <MESSAGE_INSIGHTS> export jobs running - either cancel")


def test_jobs_of_others_are_not_there(api: Api, ses: Any, make_client: Any) -> None:
    manager(ses)
    send(ses, "a@gmail.com")
    identifier = begin(api, ses, "MessageInsightsDataSource")
    for scope in ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"}):
        other = manager(make_client("sesv2", **scope))
        assert error_of(other.get_export_job, JobId=identifier) == (BAD, "Invalid JobId", 400)
        assert error_of(other.cancel_export_job, JobId=identifier) == (BAD, "Invalid JobId", 400)
        assert other.list_export_jobs()["ExportJobs"] == []
        assert rows(api, other) == []


def test_files_go_after_a_week_and_jobs_with_the_history(api: Api, ses: Any) -> None:
    manager(ses)
    identifier = begin(api, ses, "MessageInsightsDataSource")
    work(api)
    url = ses.get_export_job(JobId=identifier)["ExportDestination"]["S3Url"]
    keeper = Retention(api.world.ports, api.world.settings)

    def make_pass() -> None:
        task = api.run(_started(keeper.once()))
        api.wait(task.done)
        task.result()

    api.world.clock.elapsed_s += 3000
    make_pass()
    assert fetch(api, url).status == 200
    api.world.clock.elapsed_s += 7 * DAY_S
    make_pass()
    assert "S3Url" not in ses.get_export_job(JobId=identifier)["ExportDestination"]
    assert not [key for key in api.world.blobs.stored if key.startswith("exports/")]
    api.world.clock.elapsed_s += 30 * DAY_S
    make_pass()
    assert error_of(ses.get_export_job, JobId=identifier) == (BAD, "Invalid JobId", 400)
