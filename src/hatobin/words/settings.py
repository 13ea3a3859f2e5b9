"""The settings of one server: one frozen value, read once, never changed.

`app/config.py` builds it from a TOML file and the environment. The field
names are the keys of that file: `[server] http` is `settings.server.http`.
Every default here is documented in `docs/configuration.md`, which a test
compares with this module.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Listeners = str | list[str]
EventType = Literal[
    "SEND",
    "REJECT",
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "OPEN",
    "CLICK",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
]
Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of the configuration file; unknown keys are refused with their path."""


class Server(Section, frozen=True):
    """Listeners, as "host:port" or a list of them; port 0 picks a free one; "" is off."""

    http: Listeners = "127.0.0.1:8005"
    https: Listeners = "127.0.0.1:8006"
    submission: Listeners = "127.0.0.1:2587"
    submission_tls: Listeners = "127.0.0.1:2465"
    reception: Listeners = "127.0.0.1:2525"
    tracking: Listeners = ""
    trusted: Listeners = ""
    trusted_account: str = "123456789012"
    trusted_region: str = "us-east-1"
    workers: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    max_connections: Annotated[int, msgspec.Meta(ge=1)] = 1000
    max_body_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 64 * 1024 * 1024
    max_s3_body_bytes: Annotated[int, msgspec.Meta(ge=5 * 1024 * 1024)] = 5 * 1024 * 1024 * 1024
    http_bodies_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 256 * 1024 * 1024
    http_head_bytes: Annotated[int, msgspec.Meta(ge=4096)] = 64 * 1024
    http_head_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 20.0
    http_stall_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    http_min_bytes_per_second: Annotated[int, msgspec.Meta(ge=0)] = 4096
    http_idle_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    http_connections_per_client: Annotated[int, msgspec.Meta(ge=1)] = 500
    trusted_proxies: tuple[str, ...] = ()
    stop_timeout_s: float = 10.0
    dead_after_s: Annotated[float, msgspec.Meta(ge=10)] = 60.0
    smtp_connections_per_client: Annotated[int, msgspec.Meta(ge=1)] = 500
    smtp_handshake_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0
    smtp_idle_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    smtp_message_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 3600.0
    smtp_progress_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 1800.0
    smtp_errors: Annotated[int, msgspec.Meta(ge=1)] = 50
    smtp_idle_commands: Annotated[int, msgspec.Meta(ge=10)] = 2000
    smtp_recipients: Annotated[int, msgspec.Meta(ge=100)] = 1000


class Service(Section, frozen=True):
    """Who this server says it is."""

    domain: str = "hatobin.localhost"
    compat_names: bool = False
    public_http: str = ""
    public_https: str = ""
    tracking_http: str = ""
    tracking_https: str = ""
    tracking_agents: bool = True

    def mail_host(self, region: str) -> str:
        """Give the right-hand side of Message-ID, which is also the host that events name as the sending one.

        As SES does: us-east-1 uses `email.<service>`, every other region
        `<region>.<service>`; `compat_names` gives the literal Amazon names.
        """
        return f"email.{self._names}" if region == "us-east-1" else f"{region}.{self._names}"

    def envelope_host(self, region: str) -> str:
        """Give the domain of the reverse-path when no custom MAIL FROM domain is set."""
        return self._names if region == "us-east-1" else f"{region}.{self._names}"

    @property
    def _names(self) -> str:
        return "amazonses.com" if self.compat_names else self.domain


class Store(Section, frozen=True):
    """Where state and large bodies are kept; empty means inside the data folder."""

    url: str = ""
    blobs: str = ""
    inline_body_bytes: Annotated[int, msgspec.Meta(ge=0)] = 64 * 1024
    stream_above_bytes: Annotated[int, msgspec.Meta(ge=65_536)] = 1024 * 1024
    group_commit_delay_s: float = 0.0
    group_commit_items: Annotated[int, msgspec.Meta(ge=1)] = 512
    history_s: Annotated[float, msgspec.Meta(ge=3600)] = 30 * 86_400.0


class Delivery(Section, frozen=True):
    """How outgoing mail leaves."""

    mode: Literal["mailbox", "relay", "mx"] = "mailbox"
    relay: str = ""
    port: Port = 25
    resolvers: tuple[str, ...] = ()
    allow_networks: tuple[str, ...] | None = None
    sessions_per_site: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 20
    ready_messages: Annotated[int, msgspec.Meta(ge=1)] = 2000
    ready_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 64 * 1024 * 1024
    loaded_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 128 * 1024 * 1024
    retry_delays_s: tuple[float, ...] = (120.0, 300.0, 600.0, 1200.0, 2400.0, 3600.0)
    retry_jitter: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.2
    max_delivery_s: Annotated[int, msgspec.Meta(ge=300, le=50400)] = 50400
    connect_timeout_s: float = 30.0
    reply_timeout_s: float = 300.0
    final_reply_timeout_s: float = 600.0
    idle_session_s: float = 10.0
    messages_per_session: Annotated[int, msgspec.Meta(ge=1)] = 1000
    tls: Literal["opportunistic", "off"] = "opportunistic"
    service_signature: bool = True


class Receiving(Section, frozen=True):
    """Mail that comes in."""

    max_message_bytes: Annotated[int, msgspec.Meta(ge=1024)] = 40_000_000


class Account(Section, frozen=True):
    """Defaults of every account on this server; -1 is unlimited, as SES shows it."""

    verification: Literal["", "instant", "dns"] = ""
    sandbox: bool = False
    max_send_rate: float | None = None
    max_24_hour_send: int | None = None
    max_api_rate: float = -1.0
    max_import_lines: Annotated[int, msgspec.Meta(ge=1)] = 1_000_000
    disposable_domains: tuple[str, ...] = ()


class Deliverability(Section, frozen=True):
    """What GetBlacklistReports asks: zones of block lists in the DNS."""

    dnsbls: tuple[str, ...] = ()


Share = Annotated[float, msgspec.Meta(gt=0, le=1)]


class Reputation(Section, frozen=True):
    """When bounces and complaints are findings, and when they pause who sends; shares of what was sent."""

    automatic_pause: bool = True
    min_sends: Annotated[int, msgspec.Meta(ge=1)] = 100
    bounce_review: Share = 0.05
    bounce_pause: Share = 0.10
    complaint_review: Share = 0.001
    complaint_pause: Share = 0.005


class S3(Section, frozen=True):
    """A real S3 in place of the companion; empty: buckets are kept here."""

    endpoint_url: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""


class Remote(Section, frozen=True):
    """An AWS service somewhere else, and the key to sign with; what is empty is taken from `aws.default`."""

    endpoint_url: str = ""
    region: str = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""

    def __repr__(self) -> str:
        """Without the secret: settings end up in logs."""
        return f"Remote(endpoint_url={self.endpoint_url!r}, region={self.region!r})"


# What a service is called in a credential scope, where its table has the name that people know.
_TABLES = {"monitoring": "cloudwatch", "mobiletargeting": "pinpoint"}


class Aws(Section, frozen=True):
    """Outgoing calls to other services and to subscribers.

    `services` has the tables `[aws.NAME]` of services that are somewhere else, by NAME.
    """

    allow_networks: tuple[str, ...] | None = None
    request_timeout_s: float = 15.0
    forward_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 60.0
    events_source: str = "hatobin.ses"
    metrics_namespace: str = "Hatobin/SES"
    s3: S3 = S3()
    default: Remote = Remote()
    services: dict[str, Remote] = msgspec.field(default_factory=dict)

    def lives_elsewhere(self, service: str) -> bool:
        """Whether a service has an endpoint of its own in the configuration; `service` is its signing name.

        >>> Aws(services={"cloudwatch": Remote(endpoint_url="https://example.com")}).lives_elsewhere("monitoring")
        True
        """
        own = self.services.get(table_name(service))
        return own is not None and bool(own.endpoint_url)

    def remote(self, service: str) -> Remote:
        """Give where a service is, by its signing name, with what `aws.default` adds; without endpoint: nowhere."""
        own, default = self.services.get(table_name(service), Remote()), self.default
        key = own if own.access_key_id else default
        return Remote(
            endpoint_url=own.endpoint_url or default.endpoint_url,
            region=own.region or default.region,
            access_key_id=key.access_key_id,
            secret_access_key=key.secret_access_key,
            session_token=key.session_token,
        )


def table_name(service: str) -> str:
    """Give the NAME in `[aws.NAME]` of a service by its signing name.

    >>> table_name("monitoring"), table_name("dynamodb")
    ('cloudwatch', 'dynamodb')
    """
    return _TABLES.get(service, service)


class Webhook(Section, frozen=True):
    """An HTTPS address that gets events as signed posts; `secret` is "whsec_" and Base64."""

    name: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    url: str
    secret: str
    configuration_sets: tuple[str, ...] = ("*",)
    event_types: tuple[EventType, ...] = ()

    def __repr__(self) -> str:
        """Without the secret, and without the URL, which may hold one."""
        return f"Webhook(name={self.name!r})"


class Lambda(Section, frozen=True):
    """Functions, which run as processes of this machine; `enabled` is None for what the delivery mode says."""

    enabled: bool | None = None
    python: str = ""
    folder: str = ""
    user: str = ""
    concurrency: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    idle_s: Annotated[float, msgspec.Meta(gt=0)] = 300.0
    max_queued: Annotated[int, msgspec.Meta(ge=1)] = 100_000


class Logs(Section, frozen=True):
    """What functions and clients log."""

    max_group_bytes: Annotated[int, msgspec.Meta(ge=1024 * 1024)] = 64 * 1024 * 1024


class Tls(Section, frozen=True):
    """Certificates of our own listeners; empty means the local CA of the data folder."""

    certificate: str = ""
    key: str = ""
    names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")


class Console(Section, frozen=True):
    """The pages under /console/."""

    enabled: bool = True
    page_size: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class Log(Section, frozen=True):
    """What the server says about itself on stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["", "text", "json"] = ""


class Local(Section, frozen=True):
    """Helpers for developers; loopback and `trusted_networks` only."""

    trusted_networks: tuple[str, ...] = ()
    inbox_messages: Annotated[int, msgspec.Meta(ge=1)] = 10_000


class Settings(Section, frozen=True):
    """The whole configuration."""

    server: Server = Server()
    service: Service = Service()
    store: Store = Store()
    delivery: Delivery = Delivery()
    receiving: Receiving = Receiving()
    account: Account = Account()
    reputation: Reputation = Reputation()
    deliverability: Deliverability = Deliverability()
    aws: Aws = Aws()
    lambda_: Lambda = msgspec.field(name="lambda", default=Lambda())
    logs: Logs = Logs()
    tls: Tls = Tls()
    console: Console = Console()
    log: Log = Log()
    local: Local = Local()
    webhooks: tuple[Webhook, ...] = ()

    @property
    def instant_verification(self) -> bool:
        """Identities verify at once: the default while mail stays in the local inbox."""
        if self.account.verification:
            return self.account.verification == "instant"
        return self.delivery.mode == "mailbox"

    @property
    def runs_functions(self) -> bool:
        """Functions run here: by default where no mail leaves to the world."""
        return self.delivery.mode != "mx" if self.lambda_.enabled is None else self.lambda_.enabled

    @property
    def link_base(self) -> str:
        """Where links in mails lead, without a slash at the end: HTTPS where the certificate is one people trust."""
        return (self.service.public_https if self.tls.certificate else self.service.public_http).rstrip("/")

    def tracking_base(self, region: str, *, secure: bool) -> str:
        """Where tracked links of a region lead, without a slash at the end, unless the sender has a domain for them."""
        service = self.service
        http, https = service.tracking_http or service.public_http, service.tracking_https or service.public_https
        return (https if secure else http).replace("{region}", region).rstrip("/")

    @property
    def max_send_rate(self) -> float:
        """Recipients per second of one account and region out of the sandbox; -1 is unlimited."""
        if self.account.max_send_rate is not None:
            return self.account.max_send_rate
        return 14.0 if self.delivery.mode == "mx" else -1.0

    @property
    def max_24_hour_send(self) -> int:
        """Recipients per rolling 24 hours of one account and region out of the sandbox; -1 is unlimited."""
        if self.account.max_24_hour_send is not None:
            return self.account.max_24_hour_send
        return 50_000 if self.delivery.mode == "mx" else -1
