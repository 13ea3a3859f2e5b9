"""AUTH exchanges as values. The dialects over the wire are in `tests/dialogs/auth-*.smtp`."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from hatobin.protocols.smtp.auth import AuthFlaw, Challenge, Credentials, begin, login_response, plain_response, proceed

_WORDS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=30)


@given(username=_WORDS, password=_WORDS)
def test_what_our_client_writes_our_server_reads(username: str, password: str) -> None:
    assert begin(b"PLAIN " + plain_response(username, password)) == Credentials(username, password)
    asked = begin(b"LOGIN")
    assert isinstance(asked, Challenge)
    asked = proceed(asked, login_response(username))
    assert isinstance(asked, Challenge)
    assert proceed(asked, login_response(password)) == Credentials(username, password)


@given(argument=st.binary(max_size=40), line=st.binary(max_size=40))
def test_garbage_is_a_step_like_another(argument: bytes, line: bytes) -> None:
    for step in (begin(argument), begin(b"LOGIN " + argument), begin(b"PLAIN " + argument)):
        assert isinstance(step, Challenge | Credentials | AuthFlaw)
    challenge = begin(b"LOGIN")
    assert isinstance(challenge, Challenge)
    assert isinstance(proceed(challenge, line), Challenge | AuthFlaw)


def test_nobody_acts_for_somebody_else() -> None:
    assert begin(b"PLAIN " + b64encode(b"boss\0user\0pass")) is AuthFlaw.IMPERSONATION
    assert begin(b"PLAIN " + b64encode(b"user\0user\0pass")) == Credentials("user", "pass")


def test_password_is_not_shown() -> None:
    assert "hush" not in repr(Credentials("user", "hush"))
