"""SMTP passwords against values computed with the script that AWS publishes."""

from __future__ import annotations

import pytest

from hatobin.protocols.aws.smtp_password import is_smtp_password, smtp_password

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PASSWORDS = {
    "us-west-2": "BF2PynzbSCAjX08zhZZnP/kW+T9P5zs/1Er0pi5vTEmd",
    "us-east-1": "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9",
    "eu-central-1": "BF0/eIJm0ruTHsSjOkRuOGzGF+zeSyE3aiRzrzUQ8LwG",
    "ap-northeast-1": "BEBMrlH2tcrvRtSfkd6WbOlpfHSCPAV60ZayJ9ZqHS5c",
}


@pytest.mark.parametrize(("region", "password"), PASSWORDS.items())
def test_the_password_belongs_to_its_region_alone(region: str, password: str) -> None:
    assert smtp_password(SECRET, region) == password
    assert [other for other in PASSWORDS if is_smtp_password(password, SECRET, other)] == [region]


@pytest.mark.parametrize("password", [SECRET, "", "é", PASSWORDS["us-east-1"][:-1]])
def test_anything_else_is_not_the_password(password: str) -> None:
    assert not is_smtp_password(password, SECRET, "us-east-1")
