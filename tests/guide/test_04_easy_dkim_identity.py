"""Sample 4: a domain becomes an identity with Easy DKIM."""

from __future__ import annotations

import pytest
from botocore.exceptions import ParamValidationError

from tests.guide.marks import CommandFailed, printed_form
from tests.guide.reader import Reader

_CREATE = ("sesv2", "create-email-identity", "--email-identity")


@pytest.mark.parametrize(
    ("domain", "option"),
    [
        ("named-04.example", ("--dkim-signing-attributes", "DomainSigningAttributesOrigin=AWS_SES")),
        ("plain-04.example", ()),
    ],
)
def test_easy_dkim_named_or_by_default(reader: Reader, domain: str, option: tuple[str, ...]) -> None:
    made = reader.aws(*_CREATE, domain, *option)
    dkim = made["DkimAttributes"]
    assert (made["IdentityType"], dkim["SigningAttributesOrigin"], len(dkim["Tokens"])) == ("DOMAIN", "AWS_SES", 3)


@printed_form("cannot work")
def test_printed_member_is_unknown_to_every_client(reader: Reader) -> None:
    with pytest.raises(CommandFailed, match=r'Unknown parameter.*"SigningAttributesOrigin"'):
        reader.aws(*_CREATE, "printed-04.example", "--dkim-signing-attributes", "SigningAttributesOrigin=AWS_SES")
    with pytest.raises(ParamValidationError, match=r'Unknown parameter.*"SigningAttributesOrigin"'):
        reader.client("sesv2").create_email_identity(
            EmailIdentity="printed-04.example", DkimSigningAttributes={"SigningAttributesOrigin": "AWS_SES"}
        )
