"""Sample 2: a configuration set is made with the AWS CLI."""

from __future__ import annotations

from tests.guide.reader import Reader


def test_the_set_is_made_and_shown(reader: Reader) -> None:
    reader.aws("sesv2", "create-configuration-set", "--configuration-set-name", "guide-02")
    shown = reader.aws("sesv2", "get-configuration-set", "--configuration-set-name", "guide-02")
    assert shown["ConfigurationSetName"] == "guide-02"
