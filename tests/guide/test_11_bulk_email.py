"""Sample 11: one template to many recipients, by v2 and by v1."""

from __future__ import annotations

import json

import pytest

from tests.guide.marks import printed_form
from tests.guide.reader import SENDER, Reader

_ORDERS = {"tanaka": ("田中太郎", "ORD-001"), "yamada": ("山田花子", "ORD-002")}
_DEFAULTS = json.dumps({"CUSTOMER_NAME": "お客様", "ORDER_ID": "ORD-000"})


@pytest.fixture(scope="module")
def shop(reader: Reader) -> Reader:
    client = reader.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="guide-11")
    client.create_email_template(
        TemplateName="Order11",
        TemplateContent={"Subject": "ご注文確認 {{ORDER_ID}}", "Text": "{{CUSTOMER_NAME}} 様"},
    )
    return reader


def _data(name: str) -> str:
    return json.dumps({"CUSTOMER_NAME": _ORDERS[name][0], "ORDER_ID": _ORDERS[name][1]})


def _check(shop: Reader, version: str) -> None:
    for name, (customer, order) in _ORDERS.items():
        mail = shop.mail(f"{name}-11-{version}@example.net")
        assert (mail["Subject"], mail.get_content().strip()) == (f"ご注文確認 {order}", f"{customer} 様")


def test_v2_send_bulk_email(shop: Reader) -> None:
    answer = shop.client("sesv2").send_bulk_email(
        FromEmailAddress=SENDER,
        DefaultContent={"Template": {"TemplateName": "Order11", "TemplateData": _DEFAULTS}},
        BulkEmailEntries=[
            {
                "Destination": {"ToAddresses": [f"{name}-11-v2@example.net"]},
                "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": _data(name)}},
            }
            for name in _ORDERS
        ],
        ConfigurationSetName="guide-11",
    )
    results = answer["BulkEmailEntryResults"]
    assert [entry["Status"] for entry in results] == ["SUCCESS", "SUCCESS"]
    assert len({entry["MessageId"] for entry in results}) == 2
    _check(shop, "v2")


def test_v1_send_bulk_templated_email(shop: Reader) -> None:
    answer = shop.client("ses").send_bulk_templated_email(
        Source=SENDER,
        Template="Order11",
        DefaultTemplateData=_DEFAULTS,
        Destinations=[
            {
                "Destination": {"ToAddresses": [f"{name}-11-v1@example.net"]},
                "ReplacementTemplateData": _data(name),
            }
            for name in _ORDERS
        ],
        ConfigurationSetName="guide-11",
    )
    assert [entry["Status"] for entry in answer["Status"]] == ["Success", "Success"]
    _check(shop, "v1")


@printed_form("cannot work")
def test_printed_method_is_not_one_of_v2(shop: Reader) -> None:
    with pytest.raises(AttributeError, match="send_bulk_templated_email"):
        shop.client("sesv2").send_bulk_templated_email(FromEmailAddress=SENDER, DefaultTemplate="Order11")
