"""Sample 10: an email template is made with the AWS CLI, and renders."""

from __future__ import annotations

import json

import pytest

from tests.guide.marks import CommandFailed, printed_form
from tests.guide.reader import SENDER, Reader

_CREATE = ("sesv2", "create-email-template")
_CONTENT = {
    "Subject": "ご注文確認 {{ORDER_ID}}",
    "Html": "<h1>{{CUSTOMER_NAME}} 様</h1><p>{{ORDER_ID}}: ¥{{TOTAL_AMOUNT}}</p>",
    "Text": "{{CUSTOMER_NAME}} 様\n{{ORDER_ID}}: ¥{{TOTAL_AMOUNT}}",
}


def test_name_and_content_are_options_of_their_own(reader: Reader) -> None:
    reader.aws(*_CREATE, "--template-name", "Order10", "--template-content", json.dumps(_CONTENT))
    data = {"CUSTOMER_NAME": "田中太郎", "ORDER_ID": "ORD-10", "TOTAL_AMOUNT": "10000"}
    reader.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["template-10@example.net"]},
        Content={"Template": {"TemplateName": "Order10", "TemplateData": json.dumps(data)}},
    )
    mail = reader.mail("template-10@example.net")
    text, html = mail.iter_parts()
    assert mail["Subject"] == "ご注文確認 ORD-10"
    assert text.get_content().replace("\r\n", "\n").strip() == "田中太郎 様\nORD-10: ¥10000"
    assert html.get_content().strip() == "<h1>田中太郎 様</h1><p>ORD-10: ¥10000</p>"


@printed_form("cannot work")
def test_printed_option_abbreviates_two(reader: Reader) -> None:
    with pytest.raises(CommandFailed, match="ambiguous option: --template could match"):
        reader.aws(*_CREATE, "--template", json.dumps({"TemplateName": "Printed10", "SubjectPart": "x"}))
