"""Requests to SES v2, signed by botocore before the clock runs: the same bytes that an SDK would send.

A signature holds for fifteen minutes, and within them equal requests are as
good as different ones, so a small pool of signed requests is sent round robin.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from benchmarks.smtp_load import SENDER

REGION, KEY, SECRET = "us-east-1", "test", "test"
BULK_ENTRIES = 50
TEMPLATE = "bench"
POOL = 64


def client(url: str) -> Any:
    """Give a boto3 client of SES v2."""
    session = boto3.session.Session(KEY, SECRET, region_name=REGION)
    return session.client("sesv2", endpoint_url=url, config=Config(retries={"total_max_attempts": 1}))


def text_of(size_bytes: int) -> str:
    """Give plain text of this size, in lines of 80 octets."""
    line = "The quick brown fox jumps over the lazy dog, and carries a pigeon post home."
    lines = (f"{number:3d} {line}"[:78] for number in range(size_bytes // 80 + 1))
    return "\r\n".join(lines)[:size_bytes]


def html_of(size_bytes: int, *, links: int = 10) -> str:
    """Give HTML of about this size with so many links."""
    part = text_of(max(0, size_bytes // links - 64))
    link = '<a href="https://shop.example/item?id={}&amp;from=mail">look</a>'
    return "".join(f"<p>{part}{link.format(number)}</p>" for number in range(links))


def single(address: str, *, size_bytes: int, html: bool = False, sender: str = SENDER) -> list[bytes]:
    """Sign a pool of SendEmail requests with a plain text, or HTML, of `size_bytes`."""
    body = {"Html": {"Data": html_of(size_bytes)}} if html else {"Text": {"Data": text_of(size_bytes)}}
    return [
        signed(
            address,
            "/v2/email/outbound-emails",
            {
                "FromEmailAddress": sender,
                "Destination": {"ToAddresses": [f"r{number}@example.net"]},
                "Content": {
                    "Simple": {
                        "Subject": {"Data": f"Message {number}"},
                        "Body": body,
                    }
                },
            },
        )
        for number in range(POOL)
    ]


def bulk(address: str) -> list[bytes]:
    """Sign a pool of SendBulkEmail requests, `BULK_ENTRIES` messages each, of the stored template."""
    return [
        signed(
            address,
            "/v2/email/outbound-bulk-emails",
            {
                "FromEmailAddress": SENDER,
                "DefaultContent": {"Template": {"TemplateName": TEMPLATE, "TemplateData": '{"name":"you"}'}},
                "BulkEmailEntries": [
                    {
                        "Destination": {"ToAddresses": [f"r{number}-{entry}@example.net"]},
                        "ReplacementEmailContent": {
                            "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"name": f"Reader {entry}"})}
                        },
                    }
                    for entry in range(BULK_ENTRIES)
                ],
            },
        )
        for number in range(POOL)
    ]


def store_template(url: str, *, size_bytes: int) -> None:
    """Make the template that `bulk` names."""
    client(url).create_email_template(
        TemplateName=TEMPLATE,
        TemplateContent={"Subject": "Hello {{name}}", "Text": f"Dear {{{{name}}}},\r\n{text_of(size_bytes)}"},
    )


def signed(address: str, path: str, content: dict[str, Any]) -> bytes:
    """Sign a POST of JSON, whole as it goes over the wire."""
    body = json.dumps(content).encode()
    request = AWSRequest("POST", f"http://{address}{path}", {"Content-Type": "application/json"}, body)
    SigV4Auth(Credentials(KEY, SECRET), "ses", REGION).add_auth(request)
    fields = {"Host": address, **dict(request.headers.items()), "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body
