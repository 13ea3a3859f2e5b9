"""Signatures of Version 4A: AWS's own key vectors, and requests signed with the derived key."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace

from hatobin.protocols.aws.claims import Fault, SignatureRefused, SignedRequest, parse_amz_date, read_claim
from hatobin.protocols.aws.sigv4 import verify
from hatobin.protocols.aws.sigv4a import private_key_4a

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AT = "20260304T050607Z"
NOW = float(parse_amz_date(AT) or 0)
BODY = b'{"EndpointId":"abcdef12.g3h"}'


@pytest.mark.parametrize(
    ("access_key_id", "secret", "x", "y"),
    [
        # Published with aws-c-auth, the signer beneath several SDKs.
        (
            KEY,
            SECRET,
            0xB6618F6A65740A99E650B33B6B4B5BD0D43B176D721A3EDFEA7E7D2D56D936B1,
            0x865ED22A7EADC9C5CB9D2CBACA1B3699139FEDC5043DC6661864218330C8E518,
        ),
        (
            "AKISORANDOMAASORANDOM",
            "q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom",
            0x15D242CEEBF8D8169FD6A8B5A746C41140414C3B07579038DA06AF89190FFFCB,
            0x0515242CEDD82E94799482E4C0514B505AFCCF2C0C98D6A553BF539F424C5EC0,
        ),
    ],
)
def test_the_key_pair_is_aws(access_key_id: str, secret: str, x: int, y: int) -> None:
    numbers = private_key_4a(access_key_id, secret).public_key().public_numbers()
    assert (numbers.x, numbers.y) == (x, y)


def signed(region_set: str = "us-east-1,eu-west-1", secret: str = SECRET) -> SignedRequest:
    """Sign as an SDK does; the canonical request is written out, so that it is not our own code's."""
    headers = {"host": "email.example", "x-amz-date": AT, "x-amz-region-set": region_set}
    names = ";".join(headers)
    canonical = "\n".join(
        [
            "POST",
            "/v2/email/outbound-emails",
            "",
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            names,
            hashlib.sha256(BODY).hexdigest(),
        ]
    )
    scope = f"{AT[:8]}/ses/aws4_request"
    text = f"AWS4-ECDSA-P256-SHA256\n{AT}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = private_key_4a(KEY, secret).sign(text.encode(), ec.ECDSA(SHA256())).hex()
    authorization = f"AWS4-ECDSA-P256-SHA256 Credential={KEY}/{scope}, SignedHeaders={names}, Signature={signature}"
    return SignedRequest("POST", "/v2/email/outbound-emails", "", {**headers, "authorization": authorization}, BODY)


def test_a_request_for_several_regions_is_believed() -> None:
    request = signed()
    claim = read_claim(request, now=NOW)
    verify(claim, request, SECRET)
    assert (claim.scope.regions, claim.scope.service) == (("us-east-1", "eu-west-1"), "ses")


@pytest.mark.parametrize(
    "request_",
    [
        replace(signed(), body=b"{}"),
        replace(signed(), headers={**signed().headers, "x-amz-region-set": "*"}),
        signed(secret="another"),
        replace(signed(), headers={**signed().headers, "authorization": signed().headers["authorization"] + "0"}),
        replace(signed(), headers={**signed().headers, "authorization": signed().headers["authorization"][:-2] + "zz"}),
    ],
    ids=["body", "regions", "secret", "longer", "no hexadecimal"],
)
def test_what_was_changed_is_not_believed(request_: SignedRequest) -> None:
    with pytest.raises(SignatureRefused) as caught:
        verify(read_claim(request_, now=NOW), request_, SECRET)
    assert caught.value.fault is Fault.MISMATCH


@pytest.mark.parametrize("region_set", ["", ",us-east-1"])
def test_a_signature_for_no_region_is_refused(region_set: str) -> None:
    with pytest.raises(SignatureRefused, match="valid region"):
        read_claim(signed(region_set), now=NOW)


def test_an_unsigned_set_of_regions_does_not_count() -> None:
    request = signed()
    authorization = request.headers["authorization"].replace(";x-amz-region-set", "")
    with pytest.raises(SignatureRefused, match="valid region"):
        read_claim(replace(request, headers={**request.headers, "authorization": authorization}), now=NOW)
