"""ARNs, read and written."""

from __future__ import annotations

import pytest

from hatobin.protocols.aws.arn import Arn, parse_arn, ses_arn


@pytest.mark.parametrize(
    ("text", "resource_type", "resource_id"),
    [
        ("arn:aws:ses:us-east-1:123456789012:identity/user@example.com", "identity", "user@example.com"),
        ("arn:aws:ses:us-east-1:123456789012:tenant/name/tn-1", "tenant", "name/tn-1"),
        ("arn:aws:sns:us-east-1:123456789012:topic:with-colon", "topic", "with-colon"),
        ("arn:aws:sns:us-east-1:123456789012:topic", "", "topic"),
        ("arn:aws:iam::123456789012:user/path/name", "user", "path/name"),
        ("arn:aws:s3:::bucket/key:1", "bucket", "key:1"),
    ],
)
def test_an_arn_is_read_and_written_back(text: str, resource_type: str, resource_id: str) -> None:
    arn = parse_arn(text)
    assert arn is not None
    assert (arn.resource_type, arn.resource_id, str(arn)) == (resource_type, resource_id, text)


@pytest.mark.parametrize(
    "text", ["", "arn", "arn:aws:ses:us-east-1:1", "arn::ses:r:a:x", "urn:a:b:c:d:e", "arn:a:b:c:d:" + "x" * 2048]
)
def test_other_text_is_no_arn(text: str) -> None:
    assert parse_arn(text) is None


def test_the_arn_of_an_ses_resource() -> None:
    expected = Arn("aws", "ses", "eu-west-1", "123456789012", "identity/example.com")
    assert parse_arn(ses_arn("eu-west-1", "123456789012", "identity/example.com")) == expected
