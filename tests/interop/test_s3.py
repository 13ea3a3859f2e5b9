"""S3 by the programs people use: boto3's transfers, the AWS CLI's `s3` commands, links in a browser's place."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from tests.running import ACCESS_KEY_ID, REGION, SECRET, RunningServer

MIB = 1024 * 1024
LARGE_OCTETS = 100 * MIB
MAX_GROWTH_MIB = 40
_AWS = Path(sys.executable).with_name("aws")

needs_cli = pytest.mark.skipif(not _AWS.exists(), reason="the AWS CLI is not installed beside this Python")


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server as it comes."""
    with RunningServer() as running:
        yield running


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of 100 MiB that nothing compresses."""
    path = tmp_path_factory.mktemp("large") / "large.bin"
    dice = random.Random(1)
    with path.open("wb") as file:
        for _ in range(LARGE_OCTETS // MIB):
            file.write(dice.randbytes(MIB))
    return path


def client(server: RunningServer, *, scheme: str = "http", host: str = "127.0.0.1", **config: Any) -> Any:
    """Give boto3's client for S3."""
    port = server.addresses[scheme].rpartition(":")[2]
    return boto3.client(
        "s3",
        endpoint_url=f"{scheme}://{host}:{port}",
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
        verify=str(server.data / "tls" / "ca.pem") if scheme == "https" else None,
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(url: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
    """Ask without an SDK; give status and body."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def resident_mib(server: RunningServer) -> float:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_transfers_of_100_mb_keep_memory_flat(server: RunningServer, large: Path, tmp_path: Path, scheme: str) -> None:
    """Over http boto3 signs each part, over https parts come in chunks with a trailer."""
    s3 = client(server, scheme=scheme)
    s3.create_bucket(Bucket="transfers")
    s3.put_object(Bucket="transfers", Key="warm", Body=bytes(MIB))
    before = resident_mib(server)
    s3.upload_file(str(large), "transfers", "large")
    with large.open("rb") as file:
        s3.put_object(Bucket="transfers", Key="in one piece", Body=file)
    back = tmp_path / "back.bin"
    s3.download_file("transfers", "large", str(back))
    assert digest(back) == digest(large)
    body = s3.get_object(Bucket="transfers", Key="in one piece")["Body"]
    whole = hashlib.sha256()
    for piece in body.iter_chunks(MIB):
        whole.update(piece)
    assert whole.hexdigest() == digest(large)
    grown = resident_mib(server) - before
    assert grown < MAX_GROWTH_MIB, f"the server's memory grew by {grown:.0f} MiB"
    for key in ("large", "in one piece", "warm"):
        s3.delete_object(Bucket="transfers", Key=key)
    s3.delete_bucket(Bucket="transfers")


def test_ranged_downloads_and_copies(server: RunningServer, tmp_path: Path) -> None:
    s3 = client(server)
    s3.create_bucket(Bucket="ranges")
    path = tmp_path / "some.bin"
    path.write_bytes(random.Random(2).randbytes(20 * MIB))
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    s3.upload_file(str(path), "ranges", "some", Config=parts, ExtraArgs={"Metadata": {"k": "v"}})
    assert s3.head_object(Bucket="ranges", Key="some")["ETag"].endswith('-4"')
    ranged = s3.get_object(Bucket="ranges", Key="some", Range=f"bytes={5 * MIB - 10}-{10 * MIB + 10}")["Body"].read()
    assert ranged == path.read_bytes()[5 * MIB - 10 : 10 * MIB + 11]
    s3.copy({"Bucket": "ranges", "Key": "some"}, "ranges", "copied", Config=parts)
    back = tmp_path / "back.bin"
    s3.download_file("ranges", "copied", str(back), Config=parts)
    assert digest(back) == digest(path)
    names = [f"many/{number:03}" for number in range(30)]
    for name in names:
        s3.put_object(Bucket="ranges", Key=name, Body=name.encode())
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="ranges", Prefix="many/", PaginationConfig={"PageSize": 7}
    )
    assert [one["Key"] for page in pages for one in page["Contents"]] == names
    bucket = boto3.resource(
        "s3",
        endpoint_url=s3.meta.endpoint_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY_ID,
        aws_secret_access_key=SECRET,
    ).Bucket("ranges")
    bucket.objects.all().delete()
    bucket.delete()


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_presigned_urls(server: RunningServer, signature: str) -> None:
    s3, signing = client(server), client(server, signature_version=signature)
    s3.create_bucket(Bucket="links")
    wanted = {"Bucket": "links", "Key": "a b/あ", "ContentType": "text/plain"}
    put = signing.generate_presigned_url("put_object", Params=wanted)
    assert fetch(put, method="PUT", body=b"by a link", headers={"Content-Type": "text/plain"})[0] == 200
    assert fetch(put, method="PUT", body=b"by a link", headers={"Content-Type": "text/html"})[0] == 403
    get = signing.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "a b/あ"})
    assert fetch(get) == (200, b"by a link")
    assert fetch(get, headers={"Range": "bytes=3-3"}) == (206, b"a")
    status, body = fetch(get.replace("links/", "links/x"))
    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)
    s3.delete_object(Bucket="links", Key="a b/あ")
    s3.delete_bucket(Bucket="links")


def test_virtual_host_style(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names below localhost lead here with most resolvers (RFC 6761 §6.3); for the others the test does it."""
    usual = socket.getaddrinfo

    def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
        return usual("127.0.0.1" if str(host).endswith(".localhost") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for host in ("localhost", "s3.us-east-1.localhost"):
        s3 = client(server, host=host, s3={"addressing_style": "virtual"})
        s3.create_bucket(Bucket="my.letters-1")
        s3.put_object(Bucket="my.letters-1", Key="k", Body=b"x")
        assert s3.get_object(Bucket="my.letters-1", Key="k")["Body"].read() == b"x"
        s3.delete_object(Bucket="my.letters-1", Key="k")
        s3.delete_bucket(Bucket="my.letters-1")


def test_a_refused_upload_is_refused_before_it_is_sent(server: RunningServer, large: Path) -> None:
    """boto3 asks first (Expect: 100-continue); others get their answer while they send."""
    s3 = client(server)
    with pytest.raises(s3.exceptions.NoSuchBucket), large.open("rb") as file:
        s3.put_object(Bucket="nowhere-at-all", Key="k", Body=file)
    status, body = fetch(
        f"{s3.meta.endpoint_url}/nowhere-at-all/k",
        method="PUT",
        body=bytes(30 * MIB),
        headers={
            "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        },
    )
    assert (status, b"AccessDenied" in body) == (403, True)


# ── the AWS CLI ──────────────────────────────────────────────────────────────


def aws(server: RunningServer, *arguments: str, tls: bool = False) -> str:
    environment = server.client_environment()
    if tls:
        environment["AWS_ENDPOINT_URL"] = f"https://localhost:{server.addresses['https'].rpartition(':')[2]}"
        environment["AWS_CA_BUNDLE"] = str(server.data / "tls" / "ca.pem")
    done = subprocess.run(
        [sys.executable, _AWS, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_cli
@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_the_commands_of_the_cli(server: RunningServer, tmp_path: Path, tls: bool) -> None:
    aws(server, "s3", "mb", "s3://commands", tls=tls)
    path = tmp_path / "local.bin"
    path.write_bytes(random.Random(3).randbytes(17 * MIB))
    aws(server, "s3", "cp", str(path), "s3://commands/a/large.bin", tls=tls)
    assert "17825792 large.bin" in aws(server, "s3", "ls", "s3://commands/a/", tls=tls)
    back = tmp_path / "back.bin"
    aws(server, "s3", "cp", "s3://commands/a/large.bin", str(back), tls=tls)
    assert digest(back) == digest(path)
    aws(server, "s3", "cp", "s3://commands/a/large.bin", "s3://commands/b/copy.bin", tls=tls)
    link = aws(server, "s3", "presign", "s3://commands/b/copy.bin", tls=tls).strip()
    context = ssl.create_default_context(cafile=str(server.data / "tls" / "ca.pem")) if tls else None
    with urllib.request.urlopen(link, timeout=30, context=context) as answer:
        assert hashlib.sha256(answer.read()).hexdigest() == digest(path)
    aws(server, "s3", "rb", "s3://commands", "--force", tls=tls)
    assert "commands" not in aws(server, "s3", "ls", tls=tls)


@needs_cli
def test_folders_are_kept_in_step(server: RunningServer, tmp_path: Path) -> None:
    aws(server, "s3", "mb", "s3://folders")
    here, there = tmp_path / "here", tmp_path / "there"
    for name in ("one.txt", "deep/two.txt", "deep/あ b+c.txt"):
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert aws(server, "s3", "sync", str(here), "s3://folders/x").count("upload:") == 3
    assert aws(server, "s3", "sync", str(here), "s3://folders/x") == ""
    (here / "one.txt").unlink()
    assert "delete: s3://folders/x/one.txt" in aws(server, "s3", "sync", str(here), "s3://folders/x", "--delete")
    aws(server, "s3", "sync", "s3://folders/x", str(there))
    assert sorted(path.name for path in there.rglob("*.txt")) == ["two.txt", "あ b+c.txt"]
    aws(server, "s3", "rm", "s3://folders/x", "--recursive")
    aws(server, "s3", "rb", "s3://folders")


@needs_cli
@pytest.mark.parametrize("algorithm", ["CRC64NVME", "CRC32C", "CRC32", "SHA256"])
def test_checksums_of_the_cli(server: RunningServer, tmp_path: Path, algorithm: str) -> None:
    """CRC64NVME is what version 2 of the CLI sends by default."""
    aws(server, "s3", "mb", "s3://checksums")
    path = tmp_path / "local.bin"
    path.write_bytes(os.urandom(9 * MIB))
    for name, size in (("parts", 9 * MIB), ("whole", 100)):
        path.write_bytes(random.Random(4).randbytes(size))
        aws(server, "s3", "cp", str(path), f"s3://checksums/{name}", "--checksum-algorithm", algorithm)
        aws(server, "s3", "cp", f"s3://checksums/{name}", str(tmp_path / "back"), "--checksum-mode", "ENABLED")
        assert digest(tmp_path / "back") == digest(path)
    head = client(server).head_object(Bucket="checksums", Key="whole", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"]
    aws(server, "s3", "rb", "s3://checksums", "--force")
