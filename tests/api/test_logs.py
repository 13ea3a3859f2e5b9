"""CloudWatch Logs through a real client: groups, streams, events, patterns, and what does not stay."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions.logs import LogUpkeep
from hatobin.words.settings import Logs as LogSettings
from hatobin.words.settings import Settings
from tests.api.harness import ACCOUNT, REGION, Api

DAY_S = 86_400


class Logs:
    """A server with the group "g" and its stream "s"."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.client = api.client("logs")
        self.client.create_log_group(logGroupName="g")
        self.client.create_log_stream(logGroupName="g", logStreamName="s")

    @property
    def now_ms(self) -> int:
        return int(self.api.world.clock.now() * 1000)

    def put(self, *messages: str, stream: str = "s", at_ms: int | None = None) -> Any:
        at_ms = self.now_ms if at_ms is None else at_ms
        events = [{"timestamp": at_ms + number, "message": text} for number, text in enumerate(messages)]
        return self.client.put_log_events(logGroupName="g", logStreamName=stream, logEvents=events)

    def get(self, **more: Any) -> Any:
        return self.client.get_log_events(logGroupName="g", logStreamName="s", **more)

    def texts(self, **more: Any) -> list[str]:
        return [event["message"] for event in self.get(**more)["events"]]

    def filtered(self, pattern: str = "", **more: Any) -> list[str]:
        pages = self.client.get_paginator("filter_log_events").paginate(logGroupName="g", filterPattern=pattern, **more)
        return [event["message"] for page in pages for event in page["events"]]

    def skip(self, seconds: float) -> None:
        """Let days pass at once."""
        self.api.world.clock.elapsed_s += seconds

    def upkeep(self) -> None:
        self.api.run(LogUpkeep(self.api.world.ports).once())

    def group(self) -> Any:
        [group] = self.client.describe_log_groups(logGroupNamePrefix="g")["logGroups"]
        return group


@pytest.fixture
def logs(api: Api) -> Logs:
    return Logs(api)


def refusal(method: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        method(**arguments)
    return str(caught.value.response["Error"]["Message"])


def test_groups_are_shown_found_and_removed(logs: Logs) -> None:
    for name in ("/aws/lambda/Bounces", "/aws/lambda/other"):
        logs.client.create_log_group(logGroupName=name)
    group = logs.group()
    assert group["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:g:*"
    assert (group["storedBytes"], group["logGroupClass"]) == (0, "STANDARD")

    def names(**more: Any) -> list[str]:
        return [one["logGroupName"] for one in logs.client.describe_log_groups(**more)["logGroups"]]

    assert names(logGroupNamePrefix="/aws/lambda/B") == ["/aws/lambda/Bounces"]
    assert names(logGroupNamePattern="bounce") == ["/aws/lambda/Bounces"]
    pages = logs.client.get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 1})
    assert [one["logGroupName"] for page in pages for one in page["logGroups"]] == [
        "/aws/lambda/Bounces",
        "/aws/lambda/other",
        "g",
    ]
    logs.put("x")
    logs.client.delete_log_group(logGroupName="g")
    logs.client.create_log_group(logGroupName="g")
    logs.upkeep()
    assert logs.filtered() == []


def test_streams_are_listed_by_name_and_by_time(logs: Logs) -> None:
    for number, name in enumerate(("b", "a")):
        logs.client.create_log_stream(logGroupName="g", logStreamName=name)
        logs.put("x", stream=name, at_ms=logs.now_ms + number)

    def names(**more: Any) -> list[str]:
        pages = logs.client.get_paginator("describe_log_streams").paginate(
            logGroupName="g", PaginationConfig={"PageSize": 1}, **more
        )
        return [one["logStreamName"] for page in pages for one in page["logStreams"]]

    assert names() == ["a", "b", "s"]
    assert names(descending=True) == ["s", "b", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "b", "s"]
    assert names(orderBy="LastEventTime") == ["s", "b", "a"]
    assert names(logStreamNamePrefix="b") == ["b"]
    text = refusal(logs.client.describe_log_streams, logGroupName="g", orderBy="LastEventTime", logStreamNamePrefix="b")
    assert text == "Cannot order by LastEventTime with a logStreamNamePrefix."
    [shown] = logs.client.describe_log_streams(logGroupName="g", logStreamNamePrefix="a")["logStreams"]
    assert shown["firstEventTimestamp"] == shown["lastEventTimestamp"] == logs.now_ms + 1


def test_a_removed_stream_takes_its_events_with_it(logs: Logs) -> None:
    logs.put("x")
    logs.client.delete_log_stream(logGroupName="g", logStreamName="s")
    assert logs.filtered() == []
    assert logs.group()["storedBytes"] == 0


def test_events_are_read_from_both_ends(logs: Logs) -> None:
    logs.put(*map(str, range(7)))
    assert logs.texts(limit=3) == ["4", "5", "6"], "the end first, as by default"
    first = logs.get(limit=3, startFromHead=True)
    assert [event["message"] for event in first["events"]] == ["0", "1", "2"]
    second = logs.get(limit=3, nextToken=first["nextForwardToken"])
    assert [event["message"] for event in second["events"]] == ["3", "4", "5"]
    back = logs.get(limit=2, nextToken=second["nextBackwardToken"])
    assert [event["message"] for event in back["events"]] == ["1", "2"]
    end = logs.get(nextToken=logs.get(nextToken=second["nextForwardToken"])["nextForwardToken"])
    assert end["events"] == []
    again = logs.get(nextToken=end["nextForwardToken"])
    assert again["nextForwardToken"] == end["nextForwardToken"], "so a reader knows that it has all"
    logs.put("later", at_ms=logs.now_ms + 1000)
    assert logs.texts(nextToken=end["nextForwardToken"]) == ["later"]
    assert logs.texts(startTime=logs.now_ms + 2, endTime=logs.now_ms + 4) == ["2", "3"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("", ["[ERROR] disk full", "[INFO] all well", "ERROR: retry, all lost"]),
        ("ERROR", ["[ERROR] disk full", "ERROR: retry, all lost"]),
        ("ERROR -retry", ["[ERROR] disk full"]),
        ('"disk full"', ["[ERROR] disk full"]),
        ("?disk ?well", ["[ERROR] disk full", "[INFO] all well"]),
        ("all ?well ?disk", ["[INFO] all well"]),
        ("error", []),
        ('"[INFO]"', ["[INFO] all well"]),
    ],
)
def test_terms_find_events(logs: Logs, pattern: str, found: list[str]) -> None:
    logs.put("[ERROR] disk full", "[INFO] all well", "ERROR: retry, all lost")
    assert logs.filtered(pattern) == found


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ('{ $.level = "error" }', [0]),
        ('{ $.level != "error" }', [1]),
        ("{ $.level = error }", [0]),
        ('{ $.user.name = "a*n" }', [1]),
        ('{ $.user.name = "*n*a*" }', []),
        ("{ $.count = 3 }", [0]),
        ("{ $.done = true }", [1]),
        ('{ $.none = "x" }', []),
    ],
)
def test_a_member_of_json_finds_events(logs: Logs, pattern: str, found: list[int]) -> None:
    messages = ['{"level":"error","count":3}', '{"level":"info","user":{"name":"ann"},"done":true}', "level error"]
    logs.put(*messages)
    assert logs.filtered(pattern) == [messages[number] for number in found]


@pytest.mark.parametrize("pattern", ["[ip, user]", "%re%", '{ $.a = "b" && $.c = "d" }', "{ $.a > 3 }", '"open'])
def test_other_patterns_are_refused(logs: Logs, pattern: str) -> None:
    assert "pattern" in refusal(logs.client.filter_log_events, logGroupName="g", filterPattern=pattern)


def test_filtering_looks_at_streams_and_times_and_has_pages(logs: Logs) -> None:
    logs.client.create_log_stream(logGroupName="g", logStreamName="t")
    logs.put("a", "b", "c")
    logs.put("d", stream="t")
    assert logs.filtered(PaginationConfig={"PageSize": 1}) == ["a", "d", "b", "c"]
    assert logs.filtered(logStreamNames=["t"]) == ["d"]
    assert logs.filtered(logStreamNamePrefix="s") == ["a", "b", "c"]
    assert logs.filtered(startTime=logs.now_ms + 1, endTime=logs.now_ms + 2) == ["b"]
    arn = logs.group()["logGroupArn"]
    found = logs.client.filter_log_events(logGroupIdentifier=arn)["events"]
    assert [event["logStreamName"] for event in found] == ["s", "t", "s", "s"]
    assert len({event["eventId"] for event in found}) == 4
    both = refusal(logs.client.filter_log_events, logGroupName="g", logStreamNames=["t"], logStreamNamePrefix="t")
    assert both == "LogStreamNames and logStreamNamePrefix are mutually exclusive parameters."


def test_a_page_that_finds_nothing_says_where_to_go_on(logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatobin.companions.logs.api_events.SCANNED_EVENTS", 3)
    logs.put(*"aaaaaaab")
    first = logs.client.filter_log_events(logGroupName="g", filterPattern="b")
    assert first["events"] == []
    assert first["nextToken"]
    assert logs.filtered("b") == ["b"]


def test_events_that_are_too_old_or_too_new_are_told(logs: Logs) -> None:
    now = logs.now_ms
    old = logs.put("old", at_ms=now - 15 * DAY_S * 1000)["rejectedLogEventsInfo"]
    assert old == {"tooOldLogEventEndIndex": 1}
    times = (now, now + 3 * 3600 * 1000)
    new = logs.client.put_log_events(
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": at, "message": str(at)} for at in times],
    )
    assert new["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    logs.client.put_retention_policy(logGroupName="g", retentionInDays=1)
    gone = logs.put("x", at_ms=now - 2 * DAY_S * 1000)["rejectedLogEventsInfo"]
    assert gone == {"expiredLogEventEndIndex": 1}
    assert logs.filtered() == [str(now)]


def test_a_batch_has_its_bounds(logs: Logs) -> None:
    large = refusal(
        logs.client.put_log_events,
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": logs.now_ms, "message": "x" * 200_000}] * 6,
    )
    assert large == "Upload too large: 1200156 bytes exceeds limit of 1048576"
    single = [{"timestamp": logs.now_ms, "message": "x" * 262_144}]
    one = refusal(logs.client.put_log_events, logGroupName="g", logStreamName="s", logEvents=single)
    assert one == "Log event too large: exceeds limit of 262144"
    wide = [{"timestamp": logs.now_ms + at, "message": "x"} for at in (-2 * DAY_S * 1000, 0)]
    text = refusal(logs.client.put_log_events, logGroupName="g", logStreamName="s", logEvents=wide)
    assert "24 hours" in text


def test_a_page_of_events_has_a_megabyte(logs: Logs) -> None:
    for _ in range(2):
        logs.put(*["x" * 150_000] * 6)
    assert len(logs.texts()) == 6
    assert len(logs.texts(startFromHead=True)) == 6
    assert len(logs.filtered()) == 12


def test_retention_removes_what_is_old(logs: Logs) -> None:
    logs.client.put_retention_policy(logGroupName="g", retentionInDays=3)
    assert logs.group()["retentionInDays"] == 3
    logs.put("first")
    logs.skip(2 * DAY_S)
    logs.put("second")
    logs.skip(1 * DAY_S + 60)
    logs.upkeep()
    assert logs.filtered() == ["second"]
    assert logs.group()["storedBytes"] == len("second") + 26
    logs.client.delete_retention_policy(logGroupName="g")
    logs.skip(30 * DAY_S)
    logs.upkeep()
    assert logs.filtered() == ["second"]
    assert "retentionInDays" not in logs.group()


def test_a_stream_without_events_goes_after_a_day(logs: Logs) -> None:
    logs.client.create_log_stream(logGroupName="g", logStreamName="empty")
    logs.put("x")
    logs.skip(DAY_S + 60)
    logs.upkeep()
    names = [one["logStreamName"] for one in logs.client.describe_log_streams(logGroupName="g")["logStreams"]]
    assert names == ["s"]


@pytest.mark.parametrize("api", [Settings(logs=LogSettings(max_group_bytes=1024 * 1024))], indirect=True)
def test_of_a_full_group_the_oldest_events_go(logs: Logs) -> None:
    for number in range(15):
        logs.put(f"{number:02d}" + "x" * 100_000)
    kept = [text[:2] for text in logs.filtered()]
    assert kept == [f"{number:02d}" for number in range(5, 15)]
    assert logs.group()["storedBytes"] <= 1024 * 1024


def test_text_that_a_database_would_not_take_is_kept(logs: Logs) -> None:
    logs.put("a\0b", "鳩 🕊")
    assert logs.texts() == ["a\ufffdb", "鳩 🕊"]


def test_tokens_of_others_are_refused(logs: Logs) -> None:
    logs.put("x")
    token = logs.get()["nextBackwardToken"]
    assert refusal(logs.client.filter_log_events, logGroupName="g", nextToken=token) == (
        "The specified nextToken is invalid."
    )
    for wrong in ("f/x", "x", "f/" + "A" * 40):
        assert refusal(logs.get, nextToken=wrong) == "The specified nextToken is invalid."


def test_what_is_not_served_is_refused(logs: Logs) -> None:
    for more in ({"kmsKeyId": "k"}, {"logGroupClass": "INFREQUENT_ACCESS"}, {"tags": {"a": "b"}}):
        assert "not supported by this server" in refusal(logs.client.create_log_group, logGroupName="new", **more)
