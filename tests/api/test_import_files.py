"""Import jobs: what a file in a bucket may look like, and what its records do to a list."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hatobin.words.settings import Service, Settings
from tests.api.answers import body_of
from tests.api.buckets import make_bucket, put_object
from tests.api.harness import Api
from tests.api.importing import (
    BUCKET,
    KEY,
    TOPICS,
    URL,
    begin,
    contacts,
    counts,
    imported,
    people,
    report,
    suppressed,
    suppression,
    work,
)

PUBLIC = Settings(service=Service(public_http="http://127.0.0.1:8005"))


@pytest.fixture
def ses(api: Api) -> Any:
    make_bucket(api, BUCKET)
    client = api.client("sesv2")
    client.create_contact_list(ContactListName="news", Topics=TOPICS)
    return client


# ── the suppression list ─────────────────────────────────────────────────────


def test_a_csv_file_of_addresses_is_put_to_the_suppression_list(api: Api, ses: Any) -> None:
    # The second line is as the developer guide prints it, with a space after the comma.
    job = imported(api, ses, "a@example.com,BOUNCE\nB@Example.COM, COMPLAINT\n", suppression("PUT"))
    assert counts(job) == ("COMPLETED", 2, 0)
    assert job["ImportDestination"] == suppression("PUT")
    assert job["ImportDataSource"] == {"S3Url": URL, "DataFormat": "CSV"}
    assert job["CompletedTimestamp"] >= job["CreatedTimestamp"]
    assert "FailureInfo" not in job or job["FailureInfo"] is None
    assert suppressed(ses) == {"a@example.com": "BOUNCE", "B@example.com": "COMPLAINT"}


def test_json_lines_do_the_same(api: Api, ses: Any) -> None:
    lines = [
        {"emailAddress": "a@example.com", "reason": "BOUNCE"},
        {"emailAddress": "b@example.com", "reason": "BOUNCE"},
    ]
    job = imported(api, ses, "\r\n".join(map(json.dumps, lines)), suppression("PUT"), "JSON")
    assert counts(job) == ("COMPLETED", 2, 0)
    assert set(suppressed(ses)) == {"a@example.com", "b@example.com"}


@pytest.mark.parametrize(
    ("data_format", "content"),
    [
        ("CSV", "a@example.com\nc@example.com,BOUNCE\nnobody@example.com\n"),
        ("JSON", '{"emailAddress":"a@example.com"}\n'),
    ],
)
def test_addresses_are_taken_off_and_what_is_not_there_is_no_failure(
    api: Api, ses: Any, data_format: str, content: str
) -> None:
    imported(api, ses, "a@example.com,BOUNCE\nb@example.com,BOUNCE\n", suppression("PUT"))
    job = imported(api, ses, content, suppression("DELETE"), data_format)
    assert counts(job)[::2] == ("COMPLETED", 0)
    assert suppressed(ses) == {"b@example.com": "BOUNCE"}


def test_an_address_that_comes_twice_has_the_reason_of_its_last_record(api: Api, ses: Any) -> None:
    content = "a@example.com,BOUNCE\na@EXAMPLE.com,COMPLAINT\n"
    assert counts(imported(api, ses, content, suppression("PUT"))) == ("COMPLETED", 2, 0)
    assert suppressed(ses) == {"a@example.com": "COMPLAINT"}


def test_marks_line_ends_quotes_empty_lines_and_a_header_do_not_matter(api: Api, ses: Any) -> None:
    content = '\ufeffemailAddress,reason\r\n\r\n"a@example.com","BOUNCE"\r\n \r\nb@example.com,BOUNCE'
    assert counts(imported(api, ses, content, suppression("PUT"))) == ("COMPLETED", 2, 0)
    assert set(suppressed(ses)) == {"a@example.com", "b@example.com"}


def test_what_cannot_be_taken_is_reported_as_it_came_with_the_reason(api: Api, ses: Any) -> None:
    content = (
        b"a@example.com,BOUNCE\nno address,BOUNCE\nb@example.com,SPAM\nb@example.com\n"
        b'"c@example.com"x,BOUNCE\nd\xff@example.com,BOUNCE\ne@example.com,BOUNCE,more\nf@example.com,BOUNCE\n'
    )
    job = imported(api, ses, content, suppression("PUT"))
    assert counts(job) == ("COMPLETED", 8, 6)
    assert set(suppressed(ses)) == {"a@example.com", "f@example.com"}
    rows = list(csv.reader(io.StringIO(report(api, job))))
    assert [row[:-1] for row in rows] == [
        ["no address", "BOUNCE"],
        ["b@example.com", "SPAM"],
        ["b@example.com"],
        ['"c@example.com"x,BOUNCE'],
        ["d\ufffd@example.com,BOUNCE"],
        ["e@example.com", "BOUNCE", "more"],
    ]
    assert rows[0][-1] == "EmailAddress <no address> is invalid"
    assert rows[1][-1] == "The reason <SPAM> is neither BOUNCE nor COMPLAINT."
    assert not api.read(lambda s: s.execute("SELECT * FROM import_failures"))


def test_json_that_cannot_be_taken_is_reported_as_json(api: Api, ses: Any) -> None:
    content = '{"emailAddress":"a@example.com"}\n[1]\nnothing\n{"emailAddress":1,"reason":"BOUNCE"}\n'
    job = imported(api, ses, content, suppression("PUT"), "JSON")
    assert counts(job) == ("COMPLETED", 4, 4)
    rows = [json.loads(line) for line in report(api, job).splitlines()]
    assert [row["record"] for row in rows] == [
        {"emailAddress": "a@example.com"},
        [1],
        "nothing",
        {"emailAddress": 1, "reason": "BOUNCE"},
    ]
    assert all(row["failureReason"] for row in rows)


@pytest.mark.parametrize("destination", [suppression("PUT"), people("PUT")])
def test_json_that_is_meant_to_break_something_costs_one_record(
    api: Api, ses: Any, destination: dict[str, Any]
) -> None:
    deep = '{"emailAddress":"a@example.com","more":' + "[" * 30_000 + "]" * 30_000 + "}"
    lines = [
        *(deep, "[" * 60_000, '{"emailAddress":"a\\u0000@example.com","reason":"BOUNCE"}'),
        *('{"emailAddress":"\\ud800@example.com","reason":"BOUNCE"}', "1e999999", '"' * 1000),
        json.dumps({"emailAddress": "a" * 2000 + "@example.com", "reason": "BOUNCE"}),
        '{"emailAddress":"z@example.com","reason":"BOUNCE"}',
    ]
    job = imported(api, ses, "\n".join(lines), destination, "JSON")
    assert counts(job) == ("COMPLETED", 8, 7)
    assert len(report(api, job).splitlines()) == 7


def test_a_line_of_a_megabyte_costs_one_record(api: Api, ses: Any) -> None:
    content = b"a@example.com,BOUNCE\n" + b"x" * 1_000_000 + b"\nb@example.com,BOUNCE\n"
    job = imported(api, ses, content, suppression("PUT"))
    assert counts(job) == ("COMPLETED", 3, 1)
    assert len(report(api, job)) < 2000
    assert set(suppressed(ses)) == {"a@example.com", "b@example.com"}


@pytest.mark.parametrize("api", [PUBLIC], indirect=True)
def test_a_link_to_the_failed_records_is_signed_with_the_key_of_who_asks(api: Api, ses: Any) -> None:
    job = imported(api, ses, "no address,BOUNCE\n", suppression("PUT"))
    link = urlsplit(job["FailureInfo"]["FailedRecordsS3Url"])
    query = parse_qs(link.query)
    assert query["X-Amz-Credential"][0].startswith("test/")
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert (link.scheme, link.netloc) == ("http", "127.0.0.1:8005")
    assert link.path == f"/{BUCKET}/{KEY}.failed-{job['JobId']}.csv"


def test_a_long_key_leaves_no_room_for_a_report_beside_it(api: Api, ses: Any) -> None:
    key = "k" * 1000
    put_object(api, BUCKET, key, b"no address,BOUNCE\n")
    job = begin(ses, suppression("PUT"), url=f"s3://{BUCKET}/{key}")
    work(api)
    link = ses.get_import_job(JobId=job)["FailureInfo"]["FailedRecordsS3Url"]
    assert link.startswith(f"/{BUCKET}/failed-{job}.csv?")


# ── contact lists ────────────────────────────────────────────────────────────

HEADER = "emailAddress,unsubscribeAll,attributesData,topicPreferences.Sports,topicPreferences.Cycling\n"


def test_a_csv_file_of_contacts_is_put_to_a_list(api: Api, ses: Any) -> None:
    # The lines are those of the developer guide: attributes in quotation marks that do not quote.
    content = HEADER + 'example1@amazon.com,false,{"Name": "John"},OPT_IN,OPT_OUT\nexample2@amazon.com,true,,OPT_OUT,\n'
    job = imported(api, ses, content, people("PUT"))
    assert counts(job) == ("COMPLETED", 2, 0)
    assert job["ImportDestination"] == people("PUT")
    first = ses.get_contact(ContactListName="news", EmailAddress="example1@amazon.com")
    assert first["AttributesData"] == '{"Name": "John"}'
    assert first["UnsubscribeAll"] is False
    chosen = {one["TopicName"]: one["SubscriptionStatus"] for one in first["TopicPreferences"]}
    assert chosen == {"Sports": "OPT_IN", "Cycling": "OPT_OUT"}
    second = ses.get_contact(ContactListName="news", EmailAddress="example2@amazon.com")
    assert second["UnsubscribeAll"] is True
    assert [one["TopicName"] for one in second["TopicPreferences"]] == ["Sports"]


def test_fields_may_be_quoted_and_go_over_lines(api: Api, ses: Any) -> None:
    content = 'attributesData,emailAddress\n"{""a"": 1,\n""b"": 2}",a@example.com\n,b@example.com\n'
    assert counts(imported(api, ses, content, people("PUT"))) == ("COMPLETED", 2, 0)
    found = ses.get_contact(ContactListName="news", EmailAddress="a@example.com")
    assert found["AttributesData"] == '{"a": 1,\n"b": 2}'


def test_contacts_in_json(api: Api, ses: Any) -> None:
    preferences = [{"topicName": "Sports", "subscriptionStatus": "OPT_IN"}]
    lines = [
        {"emailAddress": "a@example.com", "attributesData": '{"a":1}', "topicPreferences": preferences},
        {"emailAddress": "b@example.com", "unsubscribeAll": True},
    ]
    job = imported(api, ses, "\n".join(map(json.dumps, lines)), people("PUT"), "JSON")
    assert counts(job) == ("COMPLETED", 2, 0)
    assert contacts(ses) == ["a@example.com", "b@example.com"]


def test_a_contact_that_is_there_is_replaced_as_a_whole(api: Api, ses: Any) -> None:
    imported(api, ses, HEADER + 'a@example.com,true,{"a":1},OPT_IN,OPT_IN\n', people("PUT"))
    imported(api, ses, "emailAddress\na@example.com\n", people("PUT"))
    found = body_of(ses.get_contact(ContactListName="news", EmailAddress="a@example.com"))
    assert found["UnsubscribeAll"] is False
    assert not found.get("AttributesData")
    assert not found.get("TopicPreferences")


def test_contacts_are_taken_off(api: Api, ses: Any) -> None:
    imported(api, ses, "emailAddress\na@example.com\nb@example.com\n", people("PUT"))
    job = imported(api, ses, "emailAddress\na@example.com\nc@example.com\n", people("DELETE"))
    assert counts(job) == ("COMPLETED", 2, 0)
    assert contacts(ses) == ["b@example.com"]


def test_contacts_that_cannot_be_taken_are_reported_under_their_columns(api: Api, ses: Any) -> None:
    content = (
        "emailAddress,unsubscribeAll,topicPreferences.Sports,topicPreferences.Chess\n"
        "a@example.com,false,OPT_IN,\n"
        "b@example.com,maybe,,\n"
        "c@example.com,,YES,\n"
        "d@example.com,,,OPT_IN\n"
        "e@example.com,,,,\n"
        "f@example,,,\n"
        "g@example.com\n"
    )
    job = imported(api, ses, content, people("PUT"))
    assert counts(job) == ("COMPLETED", 7, 5)
    assert contacts(ses) == ["a@example.com", "g@example.com"]
    rows = list(csv.DictReader(io.StringIO(report(api, job))))
    # What a contact list has to say comes after what the records say of themselves.
    reasons = {row["emailAddress"]: row for row in rows}
    assert set(reasons) == {"b@example.com", "c@example.com", "d@example.com", "e@example.com", "f@example"}
    assert reasons["d@example.com"]["failureReason"] == "List: news doesn't contain Topic: Chess"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "The first line must name the columns, and emailAddress among them."),
        ("a@example.com,false\n", "The first line must name the columns, and emailAddress among them."),
        ("emailAddress,age\na@example.com,1\n", "The first line names a column that contacts do not have: age"),
        ("emailAddress,emailAddress\n", "The first line names a column twice."),
    ],
)
def test_a_header_that_cannot_be_ends_the_job(api: Api, ses: Any, content: str, told: str) -> None:
    job = imported(api, ses, content, people("PUT"))
    assert counts(job) == ("FAILED", 0, 0)
    assert job["FailureInfo"]["ErrorMessage"] == told
