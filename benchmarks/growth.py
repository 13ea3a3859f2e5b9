"""A server with a long past beside an empty one: how fast it delivers, how long it starts, what it holds in memory.

The store is made once (some minutes) and kept in the work folder; what a run
adds is little beside it. Its stamp names the schema and the amounts, so it is
made anew when one of them changes, and before its deferred messages are due.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.api_requests import client, signed, store_template
from benchmarks.fill import LATER_S, Past, fill_store
from benchmarks.hatobin_server import Serving, Variant, environment_of, served
from benchmarks.http_load import HttpLoad
from benchmarks.processes import resident_bytes
from benchmarks.results import OURS, Figure, Result, Row
from hatobin.app.schema import migrations

PAST = Past(later=1_000_000, suppressed=1_000_000)
IDENTITIES = 10_000
"""What SES lets an account have; the sender's domain is one of them."""
_IDENTITIES_LIMIT_S = 600.0
_SETTLE_S = 3.0
"""Memory is looked at so long after the start line."""


def _stamp() -> str:
    text = json.dumps(asdict(PAST)) + f"{IDENTITIES}" + "".join(migration.sql for migration in migrations())
    return hashlib.sha256(text.encode()).hexdigest()


def make_grown(folder: Path, serving: Serving, say: Callable[[str], object]) -> None:
    """Make the store with the long past, unless it is there already."""
    stamp = folder / "stamp.json"
    if stamp.exists():
        made = json.loads(stamp.read_text())
        if made["stamp"] == _stamp() and time.time() < made["at"] + LATER_S / 2:
            return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say(f"making a store with {PAST.rows:,} rows and {IDENTITIES:,} identities; it is kept")
    begun = time.time()
    fill_store(folder, PAST)
    environment = environment_of(Variant("relay", workers=1), 9, serving.settings or {})
    with served(serving.command, folder, environment, folder / "filling.stderr") as up:
        address = up.ready["http"]
        client(f"http://{address}").create_email_identity(EmailIdentity="example.com")
        store_template(f"http://{address}", size_bytes=serving.size_bytes)
        _make_identities(address)
    stamp.write_text(json.dumps({"stamp": _stamp(), "at": begun}))


def _make_identities(address: str) -> None:
    """Make domains over the API, all with the same small key: what takes time is checking it each time."""
    key = generate_private_key(public_exponent=65537, key_size=1024)
    pem = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signing = {"DomainSigningSelector": "bench", "DomainSigningPrivateKey": base64.b64encode(pem).decode()}
    requests = [
        signed(
            address,
            "/v2/email/identities",
            {"EmailIdentity": f"identity-{number}.example.com", "DkimSigningAttributes": signing},
        )
        for number in range(IDENTITIES - 1)
    ]
    load = HttpLoad(address, requests, count=len(requests), connections=16, success=b'"IdentityType"')
    try:
        load.start()
        if not load.step(_IDENTITIES_LIMIT_S):
            raise RuntimeError(f"{load.answered} of {len(requests)} identities after {_IDENTITIES_LIMIT_S:g} s")
    finally:
        load.close()


def standing(work: Path, serving: Serving, repetitions: int, say: Callable[[str], object]) -> Result:
    """Start the server again and again, on the store with the long past and on an empty one."""
    folder = work / "grown"
    one, two = Variant("relay", workers=1), Variant("relay")
    seen: dict[tuple[str, str], list[float]] = {}
    for _ in range(repetitions):
        for name, system, data, variant in (
            ("growth_start", OURS, folder, one),
            ("growth_start", f"{OURS}_2_workers", folder, two),
            ("idle_memory", OURS, None, one),
            ("idle_memory", f"{OURS}_2_workers", None, two),
        ):
            started_s, resident_mib = _stood(data, work, variant, serving)
            figure = started_s if name == "growth_start" else resident_mib
            seen.setdefault((name, system), []).append(figure)
            say(f"  {name:14} {system:18} ready after {started_s:.2f} s, {resident_mib:.0f} MiB")
    rows = tuple(
        Row(name, system, Figure.of(values, "s" if name == "growth_start" else "MiB"))
        for (name, system), values in seen.items()
    )
    return Result("standing", "", 0, rows)


def _stood(data: Path | None, work: Path, variant: Variant, serving: Serving) -> tuple[float, float]:
    """Give the seconds until the start line, and the resident memory in MiB a little later."""
    with ExitStack() as stack:
        if data is None:
            data = work / "standing" / "empty"
            shutil.rmtree(data, ignore_errors=True)
            data.mkdir(parents=True)
            # A first start makes keys and certificates; that is not what is asked.
            with served(serving.command, data, _environment(variant, serving), work / "standing" / "stderr"):
                pass
        (work / "standing").mkdir(parents=True, exist_ok=True)
        up = stack.enter_context(
            served(serving.command, data, _environment(variant, serving), work / "standing" / "stderr")
        )
        time.sleep(_SETTLE_S)
        return up.ready_after_s, resident_bytes([up.pid]) / 2**20


def _environment(variant: Variant, serving: Serving) -> Mapping[str, str]:
    # --set server.workers must not make one of the other.
    settings = {key: value for key, value in (serving.settings or {}).items() if key != "server.workers"}
    return environment_of(variant, 9, settings)
