"""Sample 14: a receipt rule stores mail in S3, calls a function and tells a topic; its rule set is made active."""

from __future__ import annotations

import io
import json
import zipfile

from tests.guide.marks import waits_for
from tests.guide.reader import Reader
from tests.guide.reception import deliver, stored_keys
from tests.running import wait_until

_MAIL = b"From: customer@example.net\r\nTo: support@example.com\r\nSubject: help\r\n\r\nThe pigeon is late.\r\n"


def _function(reader: Reader) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("mail.py", "def handle(event, context):\n    print(event['Records'][0]['eventSource'])\n")
    made = reader.client("lambda").create_function(
        FunctionName="guide-14",
        Runtime="python3.13",
        Handler="mail.handle",
        Role="arn:aws:iam::123456789012:role/mail",
        Code={"ZipFile": code.getvalue()},
    )
    arn: str = made["FunctionArn"]
    return arn


@waits_for("receipt rules", "kms companion")
def test_a_mail_to_support_goes_to_bucket_function_and_topic(reader: Reader) -> None:
    reader.aws("ses", "create-receipt-rule-set", "--rule-set-name", "support-rules")
    reader.client("s3").create_bucket(
        Bucket="support-emails-bucket", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"}
    )
    key_arn = reader.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {
        "Name": "support-email-processing",
        "Enabled": True,
        "Recipients": ["support@example.com"],
        "ScanEnabled": True,
        "TlsPolicy": "Require",
        "Actions": [
            {"S3Action": {"BucketName": "support-emails-bucket", "ObjectKeyPrefix": "raw/", "KmsKeyArn": key_arn}},
            {"LambdaAction": {"FunctionArn": _function(reader), "InvocationType": "Event"}},
            {"SNSAction": {"TopicArn": reader.topic("guide-14")}},
        ],
    }
    reader.aws("ses", "create-receipt-rule", "--rule-set-name", "support-rules", "--rule", json.dumps(rule))
    reader.aws("ses", "set-active-receipt-rule-set", "--rule-set-name", "support-rules")

    deliver(reader, "support@example.com", _MAIL)
    [notice] = reader.events("guide-14", 1)
    assert notice["notificationType"] == "Received"
    assert notice["receipt"]["action"]["type"] == "SNS"
    found = wait_until(lambda: stored_keys(reader, "support-emails-bucket", "raw/"), "the mail is stored")
    assert found == [f"raw/{notice['mail']['messageId']}"]
    stored = reader.client("s3").get_object(Bucket="support-emails-bucket", Key=found[0])
    # With a KMS key of the rule's own SES encrypts before S3 sees the mail.
    assert "x-amz-key-v2" in stored["Metadata"]
    assert b"pigeon" not in stored["Body"].read()
