"""Control fields and message tags, with the texts recorded from SES (DEV-CL-06)."""

from __future__ import annotations

import pytest

from hatobin.protocols.mail import (
    ControlHeaders,
    ListManagement,
    MessageTag,
    TagError,
    check_tag,
    check_tags,
    parse_control_headers,
    parse_tags,
    split_message,
)

NAMES = "only alphanumeric ASCII characters, '_',  '-' are allowed."
VALUES = "only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed."


def parsed(raw: bytes) -> ControlHeaders:
    return parse_control_headers(split_message(raw + b"\r\n").fields)


def test_every_control_field_is_read_whatever_its_case() -> None:
    assert parsed(
        b"x-ses-configuration-set: MySet\r\n"
        b"X-SES-MESSAGE-TAGS: campaign=spring-2024,\r\n user=a.b@c\r\n"
        b"X-Ses-List-Management-Options: {News}; topic={Sports}\r\n"
        b"X-SES-SOURCE-ARN: arn:1\r\nX-SES-FROM-ARN: arn:2\r\nX-SES-RETURN-PATH-ARN: arn:3\r\n"
        b"X-SES-TENANT: tenant-a\r\n"
    ) == ControlHeaders(
        configuration_set="MySet",
        tags=(MessageTag("campaign", "spring-2024"), MessageTag("user", "a.b@c")),
        list_management=ListManagement("News", "Sports"),
        source_arn="arn:1",
        from_arn="arn:2",
        return_path_arn="arn:3",
        tenant="tenant-a",
    )


def test_a_message_without_control_fields_asks_for_nothing() -> None:
    assert parsed(b"From: a@x\r\nX-SES-CONFIGURATION-SET:\r\nX-SES-MESSAGE-TAGS: ,\r\n") == ControlHeaders()
    assert parsed(b"From: a@x\r\n") == ControlHeaders()


def test_the_first_of_two_equal_fields_counts() -> None:
    assert parsed(b"X-SES-TENANT: a\r\nx-ses-tenant: b\r\n").tenant == "a"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"List", ListManagement("List")),
        (b"List; topic=T", ListManagement("List", "T")),
        (b"List ; TopicName = T", ListManagement("List", "T")),
        (b"List; topic=", ListManagement("List")),
        (b"; topic=T", None),
    ],
)
def test_list_options_are_read(value: bytes, expected: ListManagement | None) -> None:
    assert parsed(b"X-SES-LIST-MANAGEMENT-OPTIONS: " + value + b"\r\n").list_management == expected


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("test_invalid_name:123", "test", f"Invalid tag name <test_invalid_name:123>: {NAMES}"),
        ("test", "test_invalid_value:123", f"Invalid tag value <test_invalid_value:123>: {VALUES}"),
        ("test_invalid_name:123", "test_invalid_value:123", f"Invalid tag name <test_invalid_name:123>: {NAMES}"),
        ("test_invalid_name@123", "test_invalid_value:123", f"Invalid tag name <test_invalid_name@123>: {NAMES}"),
        ("n" * 256, "v", "Tag name cannot exceed 255 characters."),
        ("n", "v" * 256, "Tag value cannot exceed 255 characters."),
        ("", "", "The tag name must be specified."),
        ("", "test", "The tag name must be specified."),
        ("test", "", "The tag value must be specified."),
        ("n", "é", f"Invalid tag value <é>: {VALUES}"),
        ("n\n", "v", f"Invalid tag name <n\n>: {NAMES}"),
    ],
)
def test_a_bad_tag_gets_the_recorded_text(name: str, value: str, text: str) -> None:
    with pytest.raises(TagError) as caught:
        check_tags([("ok", "ok"), (name, value)])
    assert caught.value.text == text


def test_tags_at_the_limits_are_accepted() -> None:
    assert check_tag("n" * 255, "v" * 255) == MessageTag("n" * 255, "v" * 255)
    assert check_tag("aZ09_-", "aZ09_-.@") == MessageTag("aZ09_-", "aZ09_-.@")


def test_two_names_of_ses_may_be_given_and_no_other() -> None:
    given = "ses:feedback-id-a=this-campaign, ses:feedback-id-b=b"
    assert parse_tags(given) == (
        MessageTag("ses:feedback-id-a", "this-campaign"),
        MessageTag("ses:feedback-id-b", "b"),
    )
    with pytest.raises(TagError, match="Invalid tag name <ses:feedback-id-c>"):
        check_tag("ses:feedback-id-c", "c")


def test_a_broken_tag_field_is_refused_like_a_broken_tag() -> None:
    with pytest.raises(TagError):
        parse_tags("a=b, c")
    with pytest.raises(TagError):
        parse_tags("a b=c")
    assert parse_tags(" a = b ,c=d") == (MessageTag("a", "b"), MessageTag("c", "d"))
