"""What a page in somebody's browser sends to this machine: everybody knows the first key, so it could sign with it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.functions import Functions
from tests.api.harness import OTHER_ACCOUNT, Api


def sends(client: Any, name: str, text: str) -> None:
    def add(request: Any, **_: Any) -> None:
        request.headers[name] = text

    client.meta.events.register("request-created", add)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Origin", "https://evil.example"),
        # A name that has come to mean this machine: to the browser the page asks where it is from.
        ("Origin", "http://localhost:8005"),
        ("Origin", "null"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "same-origin"),
    ],
)
def test_a_page_cannot_use_the_first_key(api: Api, name: str, text: str) -> None:
    functions = Functions(api)
    functions.make()
    for service, operation in (("lambda", "list_functions"), ("sesv2", "get_account"), ("iam", "list_users")):
        client = api.client(service)
        sends(client, name, text)
        with pytest.raises(ClientError) as caught:
            getattr(client, operation)()
        assert caught.value.response["Error"]["Code"] in ("UnrecognizedClientException", "InvalidClientTokenId")


def test_a_person_who_asks_by_a_browser_may(api: Api) -> None:
    client = api.client("sesv2")
    sends(client, "Sec-Fetch-Site", "none")
    assert client.get_account()


def test_a_key_of_ones_own_may_be_used_anywhere(api: Api) -> None:
    client = api.client("sesv2", account_id=OTHER_ACCOUNT)
    sends(client, "Origin", "https://app.example")
    assert client.get_account()
