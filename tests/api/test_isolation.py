"""Nothing that one account makes in one region is seen, changed or used by another account or from another region.

The table of all that can be made is `resources`. A test fails for an operation
that makes something and is missing there.
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.app import operations
from hatobin.capabilities import inbox
from tests.api.answers import body_of
from tests.api.certificates import put_certificate
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, Api
from tests.api.resource import Arguments, Step
from tests.api.resources import RESOURCES, mail

OTHERS: tuple[Arguments, ...] = ({"account_id": OTHER_ACCOUNT}, {"region": "eu-west-1"})


class Door:
    """The clients of one account in one region."""

    def __init__(self, api: Api, **scope: Any) -> None:
        self._api, self._scope = api, scope
        self._clients: dict[str, Any] = {}

    def does(self, step: Step) -> Any:
        """Make a call; give what it answers, or the code and status of its refusal."""
        service, method, arguments = step
        if service not in self._clients:
            self._clients[service] = self._api.client(service, **self._scope)
        try:
            return body_of(getattr(self._clients[service], method)(**arguments))
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]


def is_refused(answer: Any) -> bool:
    return isinstance(answer, tuple)


PAIRS = [
    pytest.param(kind, scope, id=f"{kind}, another {next(iter(scope)).removesuffix('_id')}")
    for kind, one in RESOURCES.items()
    for scope in OTHERS
    if not (one.is_global and "region" in scope)
]


@pytest.mark.parametrize(("kind", "scope"), PAIRS)
def test_what_one_makes_no_other_sees_changes_or_uses(api: Api, kind: str, scope: Arguments) -> None:
    resource, owner, other = RESOURCES[kind], Door(api), Door(api, **scope)
    other.does(("sesv2", "create_email_identity", {"EmailIdentity": "me@own.example"}))
    without = [other.does(step) for step in (*resource.refused, *resource.listed)]
    put_certificate(api)
    for step in resource.made:
        assert not is_refused(owner.does(step)), step
    before = owner.does(resource.shown)
    assert before
    assert not is_refused(before)
    for step, expected in zip((*resource.refused, *resource.listed), without, strict=True):
        assert is_refused(expected) == (step in resource.refused), (step, expected)
        assert other.does(step) == expected, step
    assert owner.does(resource.shown) == before


# An ARN or a URL says whose it is; these have a name alone.
BY_NAME = [
    pair
    for pair in PAIRS
    if (one := RESOURCES[str(pair.values[0])]) and not any(ACCOUNT in str(step) for step in (*one.made, one.shown))
]


@pytest.mark.parametrize(("kind", "scope"), BY_NAME)
def test_the_same_name_is_free_elsewhere_and_means_something_else(api: Api, kind: str, scope: Arguments) -> None:
    resource, owner, other = RESOURCES[kind], Door(api), Door(api, **scope)
    for door in (owner, other):
        for step in resource.made:
            assert not is_refused(door.does(step)), step
    own = other.does(resource.shown)
    assert own
    assert not is_refused(own)


@pytest.mark.parametrize("kind", [kind for kind, one in RESOURCES.items() if one.is_global])
def test_what_has_no_region_is_the_same_in_all(api: Api, kind: str) -> None:
    resource, here, there = RESOURCES[kind], Door(api), Door(api, region="eu-west-1")
    for step in resource.made:
        here.does(step)
    assert there.does(resource.shown) == here.does(resource.shown)


def test_a_token_of_one_list_continues_no_other(api: Api) -> None:
    owner = Door(api)
    for number in range(3):
        owner.does(("sesv2", "create_configuration_set", {"ConfigurationSetName": f"cs{number}"}))
    token = owner.does(("sesv2", "list_configuration_sets", {"PageSize": 1}))["NextToken"]
    following: Step = ("sesv2", "list_configuration_sets", {"PageSize": 1, "NextToken": token})
    assert owner.does(following)["ConfigurationSets"] == ["cs1"]
    for scope in OTHERS:
        assert Door(api, **scope).does(following) == ("BadRequestException", 400)


def test_suppression_and_pause_of_another_hold_nobody_up(api: Api) -> None:
    owner, others = Door(api), [Door(api, **scope) for scope in OTHERS]
    owner.does(("sesv2", "put_suppressed_destination", {"EmailAddress": "you@example.net", "Reason": "BOUNCE"}))
    owner.does(("sesv2", "put_account_sending_attributes", {"SendingEnabled": False}))
    for other in others:
        other.does(("sesv2", "create_email_identity", {"EmailIdentity": "me@own.example"}))
        assert not is_refused(other.does(mail()))
    api.wait_until_delivered()
    assert len(api.read(lambda session: inbox.search(session, limit=10))) == 2


def test_everything_that_can_be_made_is_in_the_table() -> None:
    making = ("Create", "Verify", "Subscribe", "Associate")
    made = {name for _, name in operations.handlers() if name.startswith(making)} | {
        "PutSuppressedDestination",
        "PutIdentityPolicy",
        "PutMetricData",
        "PutMetricAlarm",
        "PutRule",
    }
    made -= {"CreateDeliverabilityTestReport"}  # It makes nothing.
    assert made == {name for resource in RESOURCES.values() for name in resource.operations}
