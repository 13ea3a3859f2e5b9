"""Sample 20: a private way to the SMTP endpoint."""

from __future__ import annotations

from tests.guide.marks import waits_for
from tests.guide.reader import TOKYO, Reader

_SERVICE = f"com.amazonaws.{TOKYO}.email-smtp"


@waits_for("ec2 companion")
def test_an_endpoint_is_made_shown_and_named(reader: Reader) -> None:
    made = reader.aws(
        *("ec2", "create-vpc-endpoint", "--vpc-id", "vpc-0123456789abcdef0", "--vpc-endpoint-type", "Interface"),
        *("--service-name", _SERVICE, "--subnet-ids", "subnet-0123456789abcdef0", "subnet-0fedcba9876543210"),
    )["VpcEndpoint"]
    assert (made["ServiceName"], made["VpcEndpointType"]) == (_SERVICE, "Interface")
    shown = reader.aws("ec2", "describe-vpc-endpoints", "--vpc-endpoint-ids", made["VpcEndpointId"])
    [endpoint] = shown["VpcEndpoints"]
    assert endpoint["SubnetIds"] == ["subnet-0123456789abcdef0", "subnet-0fedcba9876543210"]
    assert endpoint["PolicyDocument"], "the default policy allows everything"
    assert endpoint["DnsEntries"], "clients connect to a name"
