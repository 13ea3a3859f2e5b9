"""The errors of the operations that send, in both APIs: the same cause under the name that each gives it."""

from __future__ import annotations

from typing import Any

from tests.modelled_errors.provocation import PLAIN, Provocation

_TO = {"ToAddresses": ["you@example.net"]}
_TEXT = {"Data": "Hello"}
_SOURCE = "sender@example.com"
_ENTRY = {"Destination": _TO}


def _calls(template: str, **more: Any) -> dict[tuple[str, str], dict[str, Any]]:
    """Give a good call of each operation that sends mail of the caller's own."""
    simple = {"Subject": _TEXT, "Body": {"Text": _TEXT}}
    raw = f"From: {_SOURCE}\r\nTo: you@example.net\r\nSubject: Hi\r\n\r\nHello\r\n".encode()
    named = {"TemplateName": template, "TemplateData": "{}"}
    return {
        ("sesv2", "SendEmail"): {
            "FromEmailAddress": _SOURCE,
            "Destination": _TO,
            "Content": {"Template": named} if template == "none" else {"Simple": simple},
            **more,
        },
        ("sesv2", "SendBulkEmail"): {
            "FromEmailAddress": _SOURCE,
            "DefaultContent": {"Template": named},
            "BulkEmailEntries": [_ENTRY],
            **more,
        },
        ("ses", "SendEmail"): {"Source": _SOURCE, "Destination": _TO, "Message": simple, **more},
        ("ses", "SendRawEmail"): {"RawMessage": {"Data": raw}, **more},
        ("ses", "SendTemplatedEmail"): {
            "Source": _SOURCE,
            "Destination": _TO,
            "Template": template,
            "TemplateData": "{}",
            **more,
        },
        ("ses", "SendBulkTemplatedEmail"): {
            "Source": _SOURCE,
            "Template": template,
            "DefaultTemplateData": "{}",
            "Destinations": [_ENTRY],
            **more,
        },
    }


def _both(
    errors: dict[str, str], text: str, *, stage: str = PLAIN, template: str = "t", verifies: bool = True, **more: Any
) -> list[Provocation]:
    """Give a provocation for each call; `verifies` takes the custom verification mail along."""
    calls = _calls(template, **more)
    if verifies:
        asked = {"EmailAddress": "eve@example.org", "TemplateName": "welcome", **more}
        calls |= {(api, "SendCustomVerificationEmail"): asked for api in ("sesv2", "ses")}
    return [
        Provocation(api, name, errors[api], arguments, text, stage)
        for (api, name), arguments in calls.items()
        if errors.get(api)
    ]


def _unverified() -> list[Provocation]:
    text = (
        "Email address is not verified. The following identities failed the check in region US-EAST-1: eve@none.example"
    )
    found = []
    for (api, name), arguments in _calls("t").items():
        key = "FromEmailAddress" if api == "sesv2" else "Source"
        found.append(Provocation(api, name, "MessageRejected", {**arguments, key: "eve@none.example"}, text))
    return found


_VERIFY = {"EmailAddress": "eve@example.org", "TemplateName": "welcome"}
_NO_CUSTOM = "Custom verification email template <none> does not exist"
_TEMPLATED = {("sesv2", "SendEmail"), ("sesv2", "SendBulkEmail")} | {
    ("ses", name) for name in ("SendTemplatedEmail", "SendBulkTemplatedEmail")
}

_LOST = "Email address is not verified. The following identities failed the check in region US-EAST-1: ann@example.com"
ALL: list[Provocation] = [
    *_unverified(),
    *(
        Provocation(api, "SendCustomVerificationEmail", "MessageRejected", _VERIFY, _LOST, "overtaken")
        for api in ("sesv2", "ses")
    ),
    *_both(
        {"sesv2": "NotFoundException", "ses": "ConfigurationSetDoesNotExistException"},
        "Configuration set <none> does not exist.",
        ConfigurationSetName="none",
    ),
    *_both(
        {"sesv2": "SendingPausedException", "ses": "ConfigurationSetSendingPausedException"},
        "Sending is paused for configuration set off",
        ConfigurationSetName="off",
        verifies=False,
    ),
    *_both({"sesv2": "SendingPausedException"}, "Account sending is disabled.", stage="paused"),
    *_both({"ses": "AccountSendingPausedException"}, "Account sending is disabled.", stage="paused", verifies=False),
    *(
        one
        for one in _both(
            {"sesv2": "MailFromDomainNotVerifiedException", "ses": "MailFromDomainNotVerifiedException"},
            "The MX record required to use the MAIL FROM domain <bounce.example.com> could not be read.",
            stage="mail from",
        )
        # Not of the model, but given.
        if (one.service, one.operation) != ("ses", "SendCustomVerificationEmail")
    ),
    *(
        one
        for one in _both(
            {"sesv2": "NotFoundException", "ses": "TemplateDoesNotExistException"},
            "Template none does not exist.",
            template="none",
            verifies=False,
        )
        if (one.service, one.operation) in _TEMPLATED
    ),
    *(
        one
        for one in _both({"sesv2": "TooManyRequestsException"}, "Daily message quota exceeded.", stage="spent")
        if one.operation != "SendBulkEmail"
    ),
    Provocation(
        "sesv2",
        "SendEmail",
        "BadRequestException",
        {**_calls("t")["sesv2", "SendEmail"], "Destination": {}},
        "At least one destination address is required.",
    ),
    Provocation(
        "sesv2",
        "SendBulkEmail",
        "BadRequestException",
        {**_calls("t")["sesv2", "SendBulkEmail"], "BulkEmailEntries": []},
        "BulkEmailEntries must be a non-empty array.",
    ),
    Provocation(
        "sesv2",
        "SendCustomVerificationEmail",
        "BadRequestException",
        {**_VERIFY, "EmailAddress": "eve"},
        "Invalid email address<eve>.",
    ),
    Provocation(
        "sesv2", "SendCustomVerificationEmail", "NotFoundException", {**_VERIFY, "TemplateName": "none"}, _NO_CUSTOM
    ),
    Provocation(
        "ses",
        "SendCustomVerificationEmail",
        "CustomVerificationEmailTemplateDoesNotExistException",
        {**_VERIFY, "TemplateName": "none"},
        _NO_CUSTOM,
    ),
    Provocation(
        "ses",
        "SendCustomVerificationEmail",
        "ProductionAccessNotGrantedException",
        _VERIFY,
        "Your account is still in the sandbox.",
        "sandbox",
    ),
    Provocation(
        "ses",
        "SendCustomVerificationEmail",
        "FromEmailAddressNotVerifiedException",
        _VERIFY,
        "The from email address <ann@example.com> is not verified",
        "lost sender",
    ),
    Provocation(
        "ses",
        "SendBounce",
        "MessageRejected",
        {
            "OriginalMessageId": "m",
            "BounceSender": _SOURCE,
            "BouncedRecipientInfoList": [{"Recipient": "bob@example.com", "BounceType": "DoesNotExist"}],
        },
        "Failed to generate a bounce for m: no such message was received here in the last 24 hours.",
    ),
]
