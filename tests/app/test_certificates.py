"""The local CA and what it signs, verified by OpenSSL as clients do."""

from __future__ import annotations

import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hatobin.app.certificates import (
    LocalCertificates,
    certificate_id,
    client_context,
    ensure_certificates,
    server_context,
)

NOW_S = 1_790_000_000.0
DAY_S = 86_400.0
NAMES = ("localhost", "127.0.0.1", "::1")


def make(folder: Path, *, now_s: float = NOW_S, names: tuple[str, ...] = NAMES) -> LocalCertificates:
    return ensure_certificates(folder, names=names, service_domain="mail.example.com", now_s=now_s)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make(folder)
    return folder


@pytest.fixture
def made(folder: Path) -> LocalCertificates:
    return make(folder)


def leaf(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> ssl.SSLObject:
    """Join both ends in memory; raises what the client says about the certificate."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
    assert not waiting
    return ours


def at_now(context: ssl.SSLContext) -> ssl.SSLContext:
    # The tests live at a fixed moment; OpenSSL knows only today.
    context.verify_flags |= 0x200000  # X509_V_FLAG_NO_CHECK_TIME
    return context


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "mail.example.com"])
def test_client_that_trusts_the_authority_accepts_the_server(made: LocalCertificates, name: str) -> None:
    client = at_now(client_context(made.authority.certificate))
    client.verify_flags |= ssl.VERIFY_X509_STRICT  # The default of newer Pythons.
    assert handshake(server_context(made.server), client, name).version() == "TLSv1.3"


def test_other_name_is_refused(made: LocalCertificates) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(made.server), at_now(client_context(made.authority.certificate)), "other.example.com")


def test_client_that_trusts_somebody_else_refuses(made: LocalCertificates, tmp_path: Path) -> None:
    other = make(tmp_path)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server_context(made.server), at_now(client_context(other.authority.certificate)), "localhost")


def test_old_tls_is_refused(made: LocalCertificates) -> None:
    for context in (server_context(made.server), client_context(made.authority.certificate)):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_keys_are_ours_alone_and_nothing_else_lies_there(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {".lock", "ca.pem", "ca.key", "server.pem", "server.key", "sns.pem", "sns.key"}
    for name in ("ca.key", "server.key", "sns.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_second_start_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    make(folder, now_s=NOW_S + 300 * DAY_S)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_leaf_is_renewed_before_it_ends_and_the_authority_stays(tmp_path: Path) -> None:
    first = make(tmp_path)
    authority, server = first.authority.certificate.read_bytes(), leaf(first.server.certificate)
    make(tmp_path, now_s=NOW_S + 366 * DAY_S)
    assert leaf(first.server.certificate) == server
    make(tmp_path, now_s=NOW_S + 368 * DAY_S)
    assert leaf(first.server.certificate) != server
    assert first.authority.certificate.read_bytes() == authority


def test_authority_that_ends_is_replaced_with_everything_it_signed(tmp_path: Path) -> None:
    first = make(tmp_path)
    authority = leaf(first.authority.certificate)
    make(tmp_path, now_s=NOW_S + 3645 * DAY_S)
    renewed = leaf(first.authority.certificate)
    assert renewed != authority
    for path in (first.server.certificate, first.sns.certificate):
        leaf(path).verify_directly_issued_by(renewed)


def test_leaf_does_not_outlive_its_authority(tmp_path: Path) -> None:
    made = make(tmp_path)
    make(tmp_path, now_s=NOW_S + 3600 * DAY_S)
    assert leaf(made.server.certificate).not_valid_after_utc <= leaf(made.authority.certificate).not_valid_after_utc


def test_changed_names_make_a_new_server_certificate_only(tmp_path: Path) -> None:
    first = make(tmp_path)
    server, sns = leaf(first.server.certificate), leaf(first.sns.certificate)
    make(tmp_path, names=(*NAMES, "mail.internal", "10.0.0.5"))
    renewed = leaf(first.server.certificate)
    assert renewed != server
    assert leaf(first.sns.certificate) == sns
    names = renewed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "mail.internal", "mail.example.com"]
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "10.0.0.5"]


@pytest.mark.parametrize("name", ["server.pem", "server.key", "sns.key"])
def test_damaged_file_is_made_anew(tmp_path: Path, name: str) -> None:
    made = make(tmp_path)
    (tmp_path / name).write_bytes(b"-----BEGIN RUBBISH-----")
    make(tmp_path)
    server_context(made.server)
    server_context(made.sns)


def test_sns_key_signs_what_the_certificate_verifies(made: LocalCertificates) -> None:
    key = serialization.load_pem_private_key(made.sns.key.read_bytes(), password=None)
    public = leaf(made.sns.certificate).public_key()
    assert isinstance(key, rsa.RSAPrivateKey)
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size == 2048
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        public.verify(key.sign(b"message", padding.PKCS1v15(), algorithm), b"message", padding.PKCS1v15(), algorithm)


def test_certificate_id_follows_the_certificate(tmp_path: Path) -> None:
    first = certificate_id(make(tmp_path).sns.certificate)
    assert first == certificate_id(make(tmp_path).sns.certificate)
    assert len(first) == 32
    assert certificate_id(make(tmp_path, now_s=NOW_S + 380 * DAY_S).sns.certificate) != first


def test_processes_that_start_together_share_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: make(tmp_path), range(4)))
    leaf(made[0].server.certificate).verify_directly_issued_by(leaf(made[0].authority.certificate))
    server_context(made[0].server)


@pytest.mark.parametrize("name", ["", "a b", "http://x", "größe.example"])
def test_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError):
        make(tmp_path, names=(name,))
