"""S/MIME certificates of identities: whom they sign for, what is refused, and what leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from hatobin.companions import acm
from hatobin.companions.kms import Vault
from hatobin.words.settings import Account, Delivery, Service, Settings
from tests.api.harness import ACCOUNT, OTHER_ACCOUNT, REGION, Api
from tests.api.submission import submit
from tests.mail_certificates import issue
from tests.simulation.receiver import Accepts, Receiver
from tests.simulation.server import RECEIVER_IP

SENDER, DOMAIN = "Ann@example.com", "example.com"
DAY_S = 24 * 60 * 60
SMIME = {"SigningScheme": {"SmimeScheme": {"SignatureFormat": "DETACHED"}}}
RELAYING = Settings(
    account=Account(verification="instant"),
    delivery=Delivery(mode="relay", relay=RECEIVER_IP, service_signature=False),
    service=Service(domain="mail.example"),
)
HEAD = f"From: {SENDER}\r\nTo: you@example.net\r\nSubject: Hi\r\nX-SES-CONFIGURATION-SET: signing\r\n".encode()
RAW = HEAD + b"\r\nHello\r\n"


def imported(
    api: Api, *addresses: str, account_id: str = ACCOUNT, region: str = REGION, days: int = 30
) -> acm.Certificate:
    """Bring a certificate, as `hatobin certificate import` does."""
    now = api.world.clock.now()
    issued = issue(*addresses, now=now, days=days)
    new = acm.read_certificate(issued.certificate, issued.key, now=now, chain_pem=issued.authority)
    vault = api.outbound.services.get(Vault)
    work = lambda s: acm.insert(s, vault, api.world.entropy, new, account_id=account_id, region=region, now=now)  # noqa: E731
    return api.run(api.world.database.write(work))


def told(work: Callable[[], object]) -> tuple[str, str]:
    """Give the code and the text of a refusal."""
    with pytest.raises(ClientError) as caught:
        work()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def shown(client: Any, identity: str = DOMAIN) -> list[str]:
    answer = client.list_email_identity_certificates(EmailIdentity=identity)
    return [one["FromAddress"] for one in answer["Certificates"]]


@pytest.fixture
def ses(api: Api) -> Any:
    client = api.client("sesv2")
    client.create_email_identity(EmailIdentity=DOMAIN)
    return client


def test_a_certificate_comes_back_as_it_was_associated(api: Api, ses: Any) -> None:
    made = imported(api, SENDER)
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=made.arn)
    answer = ses.list_email_identity_certificates(EmailIdentity=DOMAIN)
    assert answer["Certificates"] == [
        {
            "FromAddress": SENDER.lower(),
            "Status": "ACTIVE",
            "CertificateArn": made.arn,
            "CertificateExpiryTime": datetime.fromtimestamp(made.not_after, UTC),
        }
    ]
    assert "NextToken" not in answer
    ses.disassociate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER.upper())
    assert shown(ses) == []
    # Again is fine (API reference).
    ses.disassociate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER)


def test_an_address_needs_no_from_address(api: Api, ses: Any) -> None:
    ses.create_email_identity(EmailIdentity=SENDER)
    arn = imported(api, SENDER).arn
    ses.associate_email_identity_certificate(EmailIdentity=SENDER, CertificateArn=arn)
    assert shown(ses, SENDER) == [SENDER.lower()]
    ses.disassociate_email_identity_certificate(EmailIdentity=SENDER)
    ses.associate_email_identity_certificate(EmailIdentity=SENDER, FromAddress=SENDER, CertificateArn=arn)
    assert shown(ses, SENDER) == [SENDER.lower()]


def test_a_domain_lends_its_certificates_to_subdomains(api: Api, ses: Any) -> None:
    address = "bob@mail.example.com"
    arn = imported(api, address).arn
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=address, CertificateArn=arn)
    assert shown(ses) == [address]


def test_what_is_wrong_with_an_association_is_said(api: Api, ses: Any) -> None:
    ses.create_email_identity(EmailIdentity="bob@example.com")
    arn = imported(api, SENDER).arn

    def asked(**more: Any) -> tuple[str, str]:
        wanted = {"EmailIdentity": DOMAIN, "FromAddress": SENDER, "CertificateArn": arn, **more}
        named = {name: value for name, value in wanted.items() if value is not None}
        return told(lambda: ses.associate_email_identity_certificate(**named))

    nobody = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/11111111-2222-4333-8444-555555555555"
    assert asked(EmailIdentity="other.example")[0] == "NotFoundException"
    assert asked(CertificateArn=nobody) == ("NotFoundException", f"Certificate <{nobody}> does not exist.")
    assert asked(CertificateArn=f"arn:aws:iam::{ACCOUNT}:certificate/x-1-2-3")[0] == "NotFoundException"
    assert asked(CertificateArn="arn:aws:acm:nothing-of-the-kind")[0] == "BadRequestException"
    assert asked(FromAddress=None)[0] == "BadRequestException"
    assert asked(FromAddress="ann@badexample.com")[0] == "BadRequestException"
    assert asked(FromAddress="no address")[0] == "BadRequestException"
    assert asked(EmailIdentity="bob@example.com")[0] == "BadRequestException"
    code, text = asked(FromAddress="carol@example.com")
    assert code == "BadRequestException"
    assert f"not for <carol@example.com>, but for {SENDER.lower()}" in text
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    assert asked(FromAddress=SENDER.upper())[0] == "AlreadyExistsException"


def test_an_expired_certificate_is_not_associated_and_becomes_inactive(api: Api, ses: Any) -> None:
    arn = imported(api, SENDER, days=2).arn
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    api.world.clock.elapsed_s += 3 * DAY_S
    [one] = ses.list_email_identity_certificates(EmailIdentity=DOMAIN)["Certificates"]
    assert one["Status"] == "INACTIVE"
    ses.disassociate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER)
    code, text = told(
        lambda: ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    )
    assert (code, text) == ("BadRequestException", f"Certificate <{arn}> has expired.")


def test_other_errors_of_listing_and_disassociating(ses: Any) -> None:
    for operation in (ses.list_email_identity_certificates, ses.disassociate_email_identity_certificate):
        assert told(lambda operation=operation: operation(EmailIdentity="other.example"))[0] == "NotFoundException"
    assert told(lambda: ses.disassociate_email_identity_certificate(EmailIdentity=DOMAIN))[0] == "BadRequestException"
    for wrong in ({"PageSize": 0}, {"PageSize": 1001}, {"NextToken": "x"}):
        code, _ = told(lambda wrong=wrong: ses.list_email_identity_certificates(EmailIdentity=DOMAIN, **wrong))
        assert code == "BadRequestException"


def test_certificates_are_listed_in_pages(api: Api, ses: Any) -> None:
    ses.create_email_identity(EmailIdentity="example.org")
    addresses = [f"user{number}@example.com" for number in range(5)]
    arn = imported(api, *addresses).arn
    for address in reversed(addresses):
        ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=address, CertificateArn=arn)
    found, token = [], {}
    while True:
        answer = ses.list_email_identity_certificates(EmailIdentity=DOMAIN, PageSize=2, **token)
        found += [one["FromAddress"] for one in answer["Certificates"]]
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
        elsewhere = told(lambda token=token: ses.list_email_identity_certificates(EmailIdentity="example.org", **token))
        assert elsewhere[0] == "BadRequestException"
    assert found == addresses


def test_certificates_stay_in_their_account_and_region(api: Api, ses: Any) -> None:
    arn = imported(api, SENDER).arn
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    for options in ({"region": "eu-west-1"}, {"account_id": OTHER_ACCOUNT}):
        other = api.client("sesv2", **options)
        other.create_email_identity(EmailIdentity=DOMAIN)
        assert shown(other) == []
        code, _ = told(
            lambda other=other: other.associate_email_identity_certificate(
                EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn
            )
        )
        assert code == "NotFoundException"
        other.disassociate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER)
        own = imported(api, SENDER, **{"account_id": ACCOUNT, **options})
        other.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=own.arn)
    assert shown(ses) == [SENDER.lower()]


def test_certificates_go_with_their_identity(api: Api, ses: Any) -> None:
    arn = imported(api, SENDER).arn
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    ses.delete_email_identity(EmailIdentity=DOMAIN)
    ses.create_email_identity(EmailIdentity=DOMAIN)
    assert shown(ses) == []
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)


# ── what leaves ──────────────────────────────────────────────────────────────


@pytest.fixture
def receiver(api: Api) -> Receiver:
    made = api.world.network.receivers[RECEIVER_IP] = Receiver(Accepts())
    return made


def prepared(api: Api) -> Any:
    """An identity whose sender has a certificate, and a set that wants signatures."""
    ses = api.client("sesv2")
    ses.create_configuration_set(ConfigurationSetName="signing", MessageSecurityOptions=SMIME)
    ses.create_email_identity(EmailIdentity=DOMAIN)
    arn = imported(api, SENDER).arn
    ses.associate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER, CertificateArn=arn)
    return ses


def by_v2(api: Api, sender: str = SENDER, **more: Any) -> None:
    api.client("sesv2").send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": ["you@example.net"]},
        Content={"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        **{"ConfigurationSetName": "signing", **more},
    )


def by_v1(api: Api) -> None:
    api.client("ses").send_email(
        Source=f"Ann <{SENDER}>",
        Destination={"ToAddresses": ["you@example.net"]},
        Message={"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}},
        ConfigurationSetName="signing",
    )


def by_bulk(api: Api) -> None:
    content = {"Subject": "Hi", "Text": "Hello"}
    api.client("sesv2").send_bulk_email(
        FromEmailAddress=SENDER,
        ConfigurationSetName="signing",
        DefaultContent={"Template": {"TemplateContent": content, "TemplateData": "{}"}},
        BulkEmailEntries=[{"Destination": {"ToAddresses": ["you@example.net"]}}],
    )


def by_raw(api: Api) -> None:
    api.client("sesv2").send_email(Content={"Raw": {"Data": RAW}})


def by_smtp(api: Api) -> None:
    assert submit(api, RAW, "you@example.net", reverse_path=SENDER).startswith("250")


def left(api: Api, receiver: Receiver) -> bytes:
    api.wait_until_delivered()
    [taken] = receiver.taken
    return taken.content


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
@pytest.mark.parametrize("door", [by_v2, by_v1, by_bulk, by_raw, by_smtp])
def test_mail_of_every_door_is_signed(api: Api, receiver: Receiver, door: Callable[[Api], None]) -> None:
    prepared(api)
    door(api)
    header, _, body = left(api, receiver).partition(b"\r\n\r\n")
    assert b'Content-Type: multipart/signed; protocol="application/pkcs7-signature";' in header
    assert b"Subject: Hi" in header
    assert header.count(b"\r\nMIME-Version: 1.0\r\n") == 1
    assert body.count(b"Content-Type: text/plain") == 1
    assert body.count(b"Content-Type: application/pkcs7-signature") == 1


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
@pytest.mark.parametrize(
    "without", ["set", "scheme", "association", "validity", "certificate", "sender", "identity that answers"]
)
def test_mail_without_one_of_the_conditions_is_not_signed(api: Api, receiver: Receiver, without: str) -> None:
    ses = prepared(api)
    more: dict[str, Any] = {}
    if without == "set":
        ses.create_configuration_set(ConfigurationSetName="plain")
        more = {"ConfigurationSetName": "plain"}
    elif without == "scheme":
        ses.update_configuration_set(
            ConfigurationSetName="signing", MessageSecurityOptions={"SigningScheme": {"DefaultScheme": {}}}
        )
    elif without in ("association", "certificate"):
        ses.disassociate_email_identity_certificate(EmailIdentity=DOMAIN, FromAddress=SENDER)
    elif without == "validity":
        api.world.clock.elapsed_s += 31 * DAY_S
    elif without == "sender":
        more = {"sender": "bob@example.com"}
    else:
        ses.create_email_identity(EmailIdentity=SENDER)
    by_v2(api, **more)
    assert b"pkcs7-signature" not in left(api, receiver)


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
def test_mail_whose_certificate_is_gone_when_it_leaves_is_not_signed(api: Api, receiver: Receiver) -> None:
    prepared(api)
    api.run(api.world.database.write(lambda s: s.execute("DELETE FROM acm_certificate")))
    by_v2(api)
    assert b"pkcs7-signature" not in left(api, receiver)


@pytest.mark.parametrize("api", [RELAYING], indirect=True)
def test_mail_that_its_sender_has_signed_passes_as_it_is(api: Api, receiver: Receiver) -> None:
    prepared(api)
    kind = b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\r\n'
    own = b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\n\r\nsignature\r\n--b--\r\n"
    raw = HEAD + b"MIME-Version: 1.0\r\n" + kind + b"\r\n" + own
    api.client("sesv2").send_email(Content={"Raw": {"Data": raw}})
    assert left(api, receiver).endswith(b"\r\n\r\n" + own)
