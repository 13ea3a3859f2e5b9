"""The composition root: everything a worker is made of, put together once.

Reads like a table of contents: the store, the ports, the rooms' services, the
stages of the flow, the doors.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from starlette.types import ASGIApp

from hatobin.adapters.clock import SystemClock
from hatobin.adapters.deferred_http import ClosableHttp, DeferredHttp
from hatobin.adapters.dns import StubResolver
from hatobin.adapters.entropy import OsEntropy
from hatobin.adapters.guard import LOOPBACK_NETWORKS, OutboundGuard
from hatobin.adapters.journal import FileJournal
from hatobin.adapters.network import AsyncioNetwork
from hatobin.adapters.processes import ChildProcesses
from hatobin.adapters.threads import ThreadPool
from hatobin.app import operations
from hatobin.app.certificates import LocalCertificates, certificate_id, ensure_certificates
from hatobin.app.data_folder import DataFolder
from hatobin.app.http_listeners import HttpListeners
from hatobin.app.listeners import BoundListeners
from hatobin.app.measures import Beat, worker_measures
from hatobin.app.outbound import Outbound, assemble_outbound
from hatobin.app.smtp_listeners import SmtpListeners, SmtpTraffic
from hatobin.app.store import (
    MAX_CLOCK_SKEW,
    OpenBlobs,
    OpenDatabase,
    StoreError,
    clock_skew_s,
    on_postgres,
    open_blobs,
    open_store,
)
from hatobin.app.welcome import welcome
from hatobin.capabilities import contacts, identities, jobs, queue, reputation, tracking
from hatobin.companions import cloudwatch, firehose, iam, lambda_, logs, outward, s3, sns, sqs
from hatobin.companions.forward import Forwarding
from hatobin.companions.kms import SealBroken, Vault
from hatobin.flow.outbound import SmtpDoor, give_back_slot, take_slot
from hatobin.gateway import Gateway
from hatobin.ports import Ports
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.aws.smtp_password import smtp_password
from hatobin.servers.api import ApiApp, BodyBudget, HttpTraffic
from hatobin.servers.console import ConsoleApp, SmtpLogin
from hatobin.servers.links import ExportFiles, LinksApp
from hatobin.servers.local import InboxWaiters, LocalApp, WorkerFigures, WorkerPlace
from hatobin.servers.root import RootApp
from hatobin.servers.s3 import S3App
from hatobin.servers.tracking import TrackingApp
from hatobin.words.settings import Settings

log = structlog.get_logger()

MAX_SIGNING_THREADS = 2


def signing_threads(workers: int, cores: int) -> int:
    """Say how many threads of a worker sign: the cores that no worker's event loop needs, at most two.

    >>> [signing_threads(1, 2), signing_threads(2, 2), signing_threads(2, 8), signing_threads(1, 1)]
    [1, 0, 2, 0]
    """
    return max(0, min(MAX_SIGNING_THREADS, cores // workers - 1))


def node_slot(node: str, worker: int) -> int:
    """Give the number of a worker's slot where several nodes share the store: the same for the same data folder.

    >>> node_slot("a", 0) == node_slot("a", 0) != node_slot("a", 1)
    True
    """
    return int.from_bytes(hashlib.sha256(f"{node}/{worker}".encode()).digest()[:8], "big") >> 1


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate chain and key that our listeners show."""

    certificate: str
    key: str


@dataclass(frozen=True, slots=True)
class Assembly:
    """All parts of one worker, ready to be started by `RunningServer`."""

    settings: Settings
    does_upkeep: bool
    """Whether this worker also does what one per node is enough for."""
    ports: Ports
    database: OpenDatabase
    http: DeferredHttp
    streams_http: DeferredHttp
    blobs: OpenBlobs
    threads: ThreadPool
    journal: FileJournal
    attempts: queue.AttemptLog
    lease: queue.WorkerLease
    outbound: Outbound
    queue_upkeep: sqs.QueueUpkeep
    bucket_upkeep: s3.BucketUpkeep
    metric_upkeep: cloudwatch.MetricUpkeep
    alarm_watch: cloudwatch.AlarmWatch
    reputation_metrics: reputation.ReputationMetrics
    reputation_watch: reputation.ReputationWatch
    advisor: reputation.Advisor
    streams: firehose.StreamFlusher
    log_upkeep: logs.LogUpkeep
    code_upkeep: lambda_.CodeUpkeep
    verification: identities.VerificationChecks
    figures: WorkerFigures
    beat: Beat
    smtp: SmtpListeners
    http_listeners: HttpListeners
    tls: TlsFiles

    def welcome(self, listeners: BoundListeners) -> str:
        """Give the human text of the start: console, SMTP login, next command."""
        return welcome(self.settings, listeners)

    async def close(self) -> None:
        """Give back the leases and close the store; after the loops have ended."""
        try:
            await give_back_slot(self.ports, self.settings, self.attempts, self.lease.lease)
        except DatabaseUnavailable as error:
            # Our next start, or another node after a while, takes them over.
            log.warning("leases_not_given_back", error=str(error))
        await self.http.close()
        await self.streams_http.close()
        await self.blobs.close()
        await self.threads.close()
        await self.database.close()
        self.journal.close()


@dataclass(frozen=True, slots=True)
class _Foundation:
    """What the flow and the doors stand on: open store, ports, keys, the held slot."""

    settings: Settings
    place: WorkerPlace
    listeners: BoundListeners
    ports: Ports
    database: OpenDatabase
    blobs: OpenBlobs
    http: DeferredHttp
    streams_http: DeferredHttp
    threads: ThreadPool
    journal: FileJournal
    attempts: queue.AttemptLog
    lease: queue.WorkerLease
    vault: Vault
    keys: iam.AccessKeys
    certificates: LocalCertificates
    processes: ChildProcesses


async def assemble(settings: Settings, folder: DataFolder, listeners: BoundListeners, *, worker: int) -> Assembly:
    """Put one worker together; nothing listens and no loop runs yet."""
    clock, entropy = SystemClock(), OsEntropy()
    database = open_store(settings, folder, worker=worker)
    certificates = ensure_certificates(
        folder.tls, names=settings.tls.names, service_domain=settings.service.domain, now_s=clock.now()
    )
    settings = with_public_urls(settings, listeners)
    threads = ThreadPool(signing_threads(settings.server.workers, os.cpu_count() or 1), "hatobin-sign")
    blobs = open_blobs(settings, folder)
    dns = StubResolver(settings.delivery.resolvers)
    authority = str(certificates.authority.certificate)
    # The guard of deliveries never lets us reach our own listeners (mail loops); SNS may call a
    # subscriber on this machine, but our own listeners neither.
    own = listeners.addresses()
    network = AsyncioNetwork(_guard(settings.delivery.allow_networks, settings, own), extra_ca=authority)
    guard = _guard(settings.aws.allow_networks, settings, own)
    http = DeferredHttp(lambda: _http_client(guard, authority))
    # Connections of their own: calls that are passed on take none from subscribers.
    streams_http = DeferredHttp(lambda: _http_client(guard, authority))
    ports = Ports(clock, dns, network, http, entropy, database, blobs, threads)
    vault = Vault(folder.master_keys(), entropy)
    keys = iam.AccessKeys(database, vault, clock, settings)
    try:
        await keys.ensure_first_key(entropy)
    except SealBroken as error:
        raise StoreError(
            f"the store was sealed under another master key: {folder.root / 'master.key'} or HATOBIN_MASTER_KEY"
            " must be the same on every node"
        ) from error
    allowed_s = settings.server.dead_after_s * MAX_CLOCK_SKEW
    if (skew_s := await clock_skew_s(database)) and abs(skew_s) > allowed_s:
        log.warning("clock_differs", ahead_of_database_s=round(skew_s, 1), allowed_s=allowed_s)
    if settings.delivery.service_signature:
        await identities.ensure_service_dkim(ports, vault, settings)
    await database.write(lambda session: outward.install(session, settings))
    slot = node_slot(folder.node(), worker) if on_postgres(settings) else worker
    journal = FileJournal(folder.root, worker)
    attempts = queue.AttemptLog(journal)
    lease, recovered = await take_slot(ports, settings, attempts, slot)
    if recovered.settled or recovered.doubtful:
        log.warning("recovered", settled_from_log=recovered.settled, possible_duplicates=recovered.doubtful)
    return _assemble_flow(
        _Foundation(
            settings=settings,
            place=WorkerPlace(folder.node() if on_postgres(settings) else "", worker, settings.server.workers),
            listeners=listeners,
            ports=ports,
            database=database,
            blobs=blobs,
            http=http,
            streams_http=streams_http,
            threads=threads,
            journal=journal,
            attempts=attempts,
            lease=lease,
            vault=vault,
            keys=keys,
            certificates=certificates,
            processes=_processes(settings, folder, worker),
        )
    )


def _processes(settings: Settings, folder: DataFolder, worker: int) -> ChildProcesses:
    """Say where functions run: below a folder of this worker, which the slot's lock keeps for it alone."""
    configured = settings.lambda_
    root = Path(configured.folder) if configured.folder else folder.functions
    try:
        return ChildProcesses(root / f"worker-{worker}", python=configured.python, user=configured.user)
    except KeyError as error:
        raise StoreError(f"lambda.user: there is no user {configured.user!r} on this machine") from error
    except PermissionError as error:
        hint = "lambda.python names one that can be reached"
        raise StoreError(f"lambda.user: {configured.user!r} cannot run the interpreter ({error}); {hint}") from error


def _assemble_flow(base: _Foundation) -> Assembly:
    settings, ports, certificates = base.settings, base.ports, base.certificates
    inbox_waiters, reputation_metrics = InboxWaiters(), reputation.ReputationMetrics(ports)

    def settled() -> None:
        inbox_waiters.notify()
        reputation_metrics.sent()

    outbound = assemble_outbound(
        ports,
        settings,
        lease=base.lease.lease,
        attempts=base.attempts,
        vault=base.vault,
        keys=base.keys,
        sns_signer=_sns_signer(settings, certificates),
        processes=base.processes,
        settled=settled,
    )
    tracked, traffic, smtp_traffic = TrackingApp(outbound.engagements, settings), HttpTraffic(), SmtpTraffic()
    bodies = BodyBudget(settings.server.http_bodies_bytes)
    beat = Beat(ports.clock.monotonic, [ports.clock.monotonic()])
    figures = WorkerFigures(ports, worker_measures(outbound, traffic, bodies, smtp_traffic, beat), base.place)
    local = LocalApp(ports, settings, waiters=inbox_waiters, workers=figures)
    root_app = _root_app(base, outbound, local, tracked, _Http(traffic, bodies))
    return Assembly(
        settings=settings,
        does_upkeep=base.place.worker == 0,
        ports=ports,
        database=base.database,
        http=base.http,
        streams_http=base.streams_http,
        blobs=base.blobs,
        threads=base.threads,
        journal=base.journal,
        attempts=base.attempts,
        lease=base.lease,
        outbound=outbound,
        queue_upkeep=sqs.QueueUpkeep(ports),
        bucket_upkeep=s3.BucketUpkeep(ports),
        metric_upkeep=cloudwatch.MetricUpkeep(ports),
        alarm_watch=cloudwatch.AlarmWatch(ports, outbound.services),
        reputation_metrics=reputation_metrics,
        reputation_watch=reputation.ReputationWatch(ports, settings, outbound.publisher.wake),
        advisor=reputation.Advisor(ports, settings, outbound.publisher.wake),
        log_upkeep=logs.LogUpkeep(ports),
        code_upkeep=lambda_.CodeUpkeep(ports),
        streams=firehose.StreamFlusher(ports, outbound.services.get(s3.Buckets).objects),
        verification=identities.VerificationChecks(ports, settings),
        figures=figures,
        beat=beat,
        smtp=SmtpListeners(settings, ports, SmtpDoor(base.keys, outbound.acceptor), smtp_traffic),
        http_listeners=HttpListeners(settings, ports, root_app, tracked, traffic),
        tls=_tls_files(settings, certificates),
    )


@dataclass(frozen=True, slots=True)
class _Http:
    """What all that answers HTTP shares."""

    traffic: HttpTraffic
    bodies: BodyBudget


def _root_app(base: _Foundation, outbound: Outbound, local: LocalApp, tracked: TrackingApp, http: _Http) -> RootApp:
    """Put together what answers HTTP."""
    settings, ports = base.settings, base.ports
    gateway = Gateway(
        ports=ports,
        settings=settings,
        services=outbound.services,
        credentials=base.keys,
        handlers=operations.handlers(),
        elsewhere=Forwarding(ports, settings, base.streams_http),
    )
    s3_api = s3.S3Api(ports=ports, settings=settings, services=outbound.services, credentials=base.keys)
    return RootApp(
        ApiApp(gateway, settings, http.bodies, http.traffic),
        ConsoleApp(ports, settings, smtp=_smtp_login(settings, base.listeners)),
        local,
        S3App(s3_api, settings, http.bodies, http.traffic),
        sns_certificate=base.certificates.sns.certificate.read_bytes(),
        settings=settings,
        others={
            **_links(LinksApp(ports, outbound.subscriptions), tracked),
            jobs.EXPORT_PATH: ExportFiles(ports, outbound.services.get(jobs.ExportLinks)),
        },
    )


def _links(links: LinksApp, tracked: TrackingApp) -> dict[str, ASGIApp]:
    """Say which paths belong to the links in mails."""
    return {
        identities.LINK_PATH: links,
        contacts.LINK_PATH: links,
        tracking.LINK_PATH: tracked,
        tracking.PIXEL_PATH: tracked,
    }


def _guard(configured: tuple[str, ...] | None, settings: Settings, own: list[tuple[str, int]]) -> OutboundGuard:
    """House §7: loopback is allowed by default while mail stays here or goes to a relay."""
    default = LOOPBACK_NETWORKS if settings.delivery.mode in ("mailbox", "relay") else ()
    return OutboundGuard(default if configured is None else configured, own)


def _http_client(guard: OutboundGuard, authority: str) -> ClosableHttp:
    from hatobin.adapters.http import AiohttpHttp  # Deferred: see `adapters/deferred_http`.

    return AiohttpHttp(guard, extra_ca=authority)


def with_public_urls(settings: Settings, listeners: BoundListeners) -> Settings:
    """Fill in the addresses under which clients reach us, where the configuration does not say."""
    service = settings.service
    http = service.public_http or f"http://{listeners.address('http') or '127.0.0.1'}"
    port = listeners.first_port("https")
    https = service.public_https or (f"https://{settings.tls.names[0]}:{port}" if port else http)
    own = listeners.address("tracking")
    tracking_http = service.tracking_http or (f"http://{own}" if own else "")
    return msgspec.structs.replace(
        settings,
        service=msgspec.structs.replace(service, public_http=http, public_https=https, tracking_http=tracking_http),
    )


def _smtp_login(settings: Settings, listeners: BoundListeners) -> SmtpLogin:
    """What the console tells newcomers: the login of the first key, on the ports that are really bound."""
    return SmtpLogin(
        host="localhost",
        port=listeners.first_port("submission"),
        tls_port=listeners.first_port("submission_tls"),
        user=iam.FIRST_ACCESS_KEY_ID,
        password=smtp_password(iam.FIRST_SECRET, settings.server.trusted_region),
        region=settings.server.trusted_region,
    )


def _sns_signer(settings: Settings, certificates: LocalCertificates) -> sns.SnsSigner:
    key = load_pem_private_key(certificates.sns.key.read_bytes(), None)
    assert isinstance(key, RSAPrivateKey), "the SNS key is made as RSA"
    identifier = certificate_id(certificates.sns.certificate)
    url = f"{settings.service.public_https}/SimpleNotificationService-{identifier}.pem"
    # Links are followed by people and programs before they trust our CA, hence http.
    return sns.SnsSigner(key, url, link_base=settings.service.public_http)


def _tls_files(settings: Settings, certificates: LocalCertificates) -> TlsFiles:
    if settings.tls.certificate:
        return TlsFiles(settings.tls.certificate, settings.tls.key)
    return TlsFiles(str(Path(certificates.server.certificate)), str(Path(certificates.server.key)))
