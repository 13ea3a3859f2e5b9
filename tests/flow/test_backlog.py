"""The backlog: one row for each destination that is behind or has dead events, of whatever kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hatobin.app.cli import main
from hatobin.app.cli.options import read_settings
from hatobin.app.cli.store import in_store
from hatobin.companions import outward
from hatobin.companions.outward.model import GIVE_UP_AFTER_S
from hatobin.flow.backlog import BacklogRow, backlog
from hatobin.ports import HttpUnreachable, Session
from tests.api.far_services import FarServices, send, settings_with, told
from tests.api.harness import ACCOUNT, Api
from tests.simulation.world import SeededEntropy

TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:events"


def rows(api: Api) -> list[BacklogRow]:
    now = api.world.clock.now()
    return api.read(lambda session: backlog(session, now=now))


def test_nothing_is_behind_where_nothing_happened(api: Api) -> None:
    assert rows(api) == []


def test_the_outbox_counts_by_target(api: Api) -> None:
    def fill(session: Session) -> None:
        for number in range(3):
            session.execute(
                """INSERT INTO event_outbox
                (account_id, region, destination, target_arn, message_id, payload, created_at)
                VALUES (:account, 'us-east-1', 'd', :topic, :id, '{}', :at)""",
                {"account": ACCOUNT, "topic": TOPIC, "id": f"m{number}", "at": api.world.clock.now() - 10 + number},
            )
        found = backlog(session, now=api.world.clock.now())
        assert found == [BacklogRow("outbox", ACCOUNT, "us-east-1", TOPIC, 3, 10.0, 0)]

    api.run(api.world.database.write(fill))


def test_what_is_here_is_shown_by_subscription_stream_and_rule(api: Api) -> None:
    async def refuse(*_: Any) -> Any:
        raise HttpUnreachable("down")

    api.world.http.answer = refuse
    topic = api.client("sns").create_topic(Name="events")["TopicArn"]
    queue = api.client("sqs").create_queue(QueueName="gone")["QueueUrl"]
    api.client("events").put_rule(Name="r", EventPattern='{"source":["mine"]}')
    api.client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone"}])
    api.client("sqs").delete_queue(QueueUrl=queue)
    api.client("sns").subscribe(TopicArn=topic, Protocol="https", Endpoint="https://user:pw@hook.example/in")
    api.client("events").put_events(Entries=[{"Source": "mine", "DetailType": "t", "Detail": "{}"}])
    failed, confirmation = rows(api)
    assert (failed.kind, failed.dead, failed.waiting) == ("events", 1, 0)
    assert failed.target.endswith("rule/r " + f"arn:aws:sqs:us-east-1:{ACCOUNT}:gone")
    assert (confirmation.kind, confirmation.waiting) == ("sns", 1)
    assert confirmation.target.startswith(f"{topic}:")


def test_what_is_elsewhere_is_shown_with_its_age_and_what_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(settings_with("sns"))
    monkeypatch.setattr("botocore.auth.get_current_datetime", api.now)
    far = FarServices(api)
    far.down.add("sns.far.example")
    told(api, {"SnsDestination": {"TopicArn": TOPIC}}, "SEND")
    send(api)
    api.pass_time(30)
    [row] = rows(api)
    assert (row.kind, row.target, row.waiting, row.dead) == ("sns", TOPIC, 2, 0)
    assert row.oldest_age_s is not None
    assert 29 <= row.oldest_age_s <= 32
    assert row.last_error == "connection refused"
    age = {"day": GIVE_UP_AFTER_S}
    api.run(
        api.world.database.write(
            lambda session: session.execute("UPDATE outward_call SET turn_at = turn_at - :day", age)
        )
    )
    api.pass_time(120)
    [row] = rows(api)
    assert (row.waiting, row.oldest_age_s, row.dead) == (0, None, 2)
    api.close()


@pytest.fixture
def run(tmp_path: Path) -> Any:
    settings, folder = read_settings(None, tmp_path / "data")
    key = outward.TargetKey(ACCOUNT, "us-east-1", "webhook", "shop")
    draft = outward.CallDraft("{}")
    in_store(
        settings,
        folder,
        lambda session, _, now: outward.enqueue(session, key, [draft], now=now - 60, entropy=SeededEntropy(1)),
    )

    def invoke(*arguments: str) -> str:
        result = CliRunner().invoke(main, [*arguments, "--data", str(tmp_path / "data")], env={"HATOBIN_CONFIG": ""})
        assert result.exit_code == 0, result.output
        return result.output

    return invoke


def test_the_command_lists_it_for_people_and_programs(run: Any) -> None:
    [row] = json.loads(run("backlog", "--json"))
    assert (row["kind"], row["target"], row["waiting"], row["dead"]) == ("webhook", "shop", 1, 0)
    assert 60 <= row["oldest_age_s"] < 600
    line = run("backlog")
    assert line.startswith("webhook    shop  1 waiting, the oldest for ")
    assert line.endswith("0 dead\n")
