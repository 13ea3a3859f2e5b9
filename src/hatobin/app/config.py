"""Reading the configuration: one TOML file, and the environment over it.

Every key `[section] name` can be given as HATOBIN_SECTION__NAME (and `[aws.s3] region` as
HATOBIN_AWS__S3__REGION, `[aws.cognito-idp]` as HATOBIN_AWS__COGNITO_IDP__…); a list is
written as a JSON array or as values separated by commas. Unknown keys are
refused with their path. Beside this only the master key (`data_folder`) and the
login of an S3 store (`store`) may come from the environment.
"""

from __future__ import annotations

import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hatobin.companions.outward import secret_key
from hatobin.words.settings import Aws, Remote, Settings

ENVIRONMENT_PREFIX = "HATOBIN_"
_ONLY_HERE = ("ses", "sesv2", "email", "iam", "sts", "mailmanager")
"""Tables of `aws` that would put elsewhere what this server is for, or the keys that its callers sign with."""
_NOT_SETTINGS = frozenset({"HATOBIN_DATA", "HATOBIN_CONFIG", "HATOBIN_MASTER_KEY"})


class ConfigurationError(Exception):
    """The configuration cannot be used; the text says which key, and what to do."""


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """Build the settings from a file and the environment. Raises `ConfigurationError`."""
    tree: dict[str, Any] = {}
    if path is not None:
        try:
            tree = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path} is not valid TOML: {error}") from error
    _overlay(tree, environment)
    _gather_services(tree)
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"{path or 'environment'}: {error} (all keys: docs/configuration.md)") from error
    _check(settings)
    return settings


def _overlay(tree: dict[str, Any], environment: Mapping[str, str]) -> None:
    for name, text in environment.items():
        if not name.startswith(ENVIRONMENT_PREFIX) or name in _NOT_SETTINGS or "__" not in name:
            continue
        section, _, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        table = _table(tree, section, name)
        inner, _, inner_key = key.rpartition("__")
        if inner:
            _table(table, inner, name)[inner_key] = text
        else:
            table[key] = _value(section, key, text)


def _gather_services(tree: dict[str, Any]) -> None:
    """Put the tables `[aws.NAME]` of services where `Aws.services` has them. Raises `ConfigurationError`."""
    aws = tree.get("aws")
    if not isinstance(aws, dict):
        return
    known = {field.name for field in msgspec.structs.fields(Aws)}
    tables: dict[str, dict[str, Any]] = {}
    for name in [name for name, value in aws.items() if name not in known and isinstance(value, dict)]:
        # One name for file and environment: that of a credential scope, which has no underscores.
        tables.setdefault(name.replace("_", "-"), {}).update(aws.pop(name))
    for name, table in tables.items():
        try:
            msgspec.convert(table, Remote, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"aws.{name}: {error} (all keys: docs/configuration.md)") from error
    if tables:
        aws["services"] = {**aws.get("services", {}), **tables}


def _table(tree: dict[str, Any], section: str, name: str) -> dict[str, Any]:
    table = tree.setdefault(section, {})
    if not isinstance(table, dict):
        raise ConfigurationError(f"{name}: [{section}] is not a table")
    return table


def _value(section: str, key: str, text: str) -> Any:
    """Lists come as JSON or comma separated, everything else as text that is converted by type."""
    field_types = {
        (name, field.name): field.type
        for name, inner in ((f.encode_name, f.type) for f in msgspec.structs.fields(Settings))
        if isinstance(inner, type) and issubclass(inner, msgspec.Struct)
        for field in msgspec.structs.fields(inner)
    }
    expected = str(field_types.get((section, key), ""))
    if text.startswith("["):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{section}.{key}: {text!r} is not a JSON list") from error
    if "tuple" in expected:
        return [part.strip() for part in text.split(",") if part.strip()]
    if "str | list" in expected and "," in text:
        return [part.strip() for part in text.split(",")]
    return text


def _check(settings: Settings) -> None:
    """Refuse what is well formed and makes no sense."""
    delivery, service, server = settings.delivery, settings.service, settings.server
    if delivery.mode == "relay" and not delivery.relay:
        raise ConfigurationError('delivery.mode = "relay" needs delivery.relay = "host:port"')
    if delivery.mode == "mx" and service.domain.endswith(".localhost"):
        raise ConfigurationError('delivery.mode = "mx" needs service.domain: a real domain of yours, not *.localhost')
    if server.http_bodies_bytes < server.max_body_bytes:
        raise ConfigurationError("server.http_bodies_bytes must hold at least one body of server.max_body_bytes")
    for network in server.trusted_proxies:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigurationError(f"server.trusted_proxies: {error}") from error
    _check_webhooks(settings)
    s3 = settings.aws.s3
    if any((s3.region, s3.access_key_id, s3.secret_access_key)) and not s3.endpoint_url:
        raise ConfigurationError("aws.s3.endpoint_url is missing: without it buckets are kept here")
    if bool(s3.access_key_id) != bool(s3.secret_access_key):
        raise ConfigurationError("aws.s3.access_key_id and aws.s3.secret_access_key belong together")
    if s3.endpoint_url and not s3.endpoint_url.startswith(("http://", "https://")):
        raise ConfigurationError('aws.s3.endpoint_url is "https://HOST" or "http://HOST:PORT"')
    _check_remotes(settings.aws)
    if service.compat_names and delivery.mode != "mailbox":
        raise ConfigurationError('service.compat_names is for tests and works with delivery.mode = "mailbox" only')


def _check_remotes(aws: Aws) -> None:
    for name, remote in {"default": aws.default, **aws.services}.items():
        if name in _ONLY_HERE:
            raise ConfigurationError(f"aws.{name}: this is served here and never elsewhere")
        if bool(remote.access_key_id) != bool(remote.secret_access_key):
            raise ConfigurationError(f"aws.{name}.access_key_id and aws.{name}.secret_access_key belong together")
        if remote.endpoint_url and not remote.endpoint_url.startswith(("http://", "https://")):
            raise ConfigurationError(f'aws.{name}.endpoint_url is "https://HOST" or "http://HOST:PORT"')
        if (remote.endpoint_url or aws.default.endpoint_url) and not (
            remote.access_key_id or aws.default.access_key_id
        ):
            raise ConfigurationError(f"aws.{name}.access_key_id is missing, or aws.default.access_key_id")


def _check_webhooks(settings: Settings) -> None:
    names = [webhook.name for webhook in settings.webhooks]
    for webhook in settings.webhooks:
        place = f"webhooks {webhook.name}"
        if names.count(webhook.name) > 1:
            raise ConfigurationError(f"{place}: there are two of this name")
        if not webhook.url.startswith(("https://", "http://")):
            raise ConfigurationError(f'{place}: url is "https://HOST/PATH"')
        if webhook.url.startswith("http://") and settings.delivery.mode != "mailbox":
            raise ConfigurationError(f'{place}: url must be https unless delivery.mode = "mailbox"')
        if secret_key(webhook.secret) is None:
            raise ConfigurationError(f'{place}: secret is "whsec_" and Base64 of 24 to 64 random bytes')


def from_process(config: str | None) -> tuple[Settings, Path]:
    """Read the settings and the data folder of this process."""
    environment = os.environ
    chosen = config or environment.get("HATOBIN_CONFIG")
    settings = load(Path(chosen) if chosen else None, environment)
    return settings, Path(environment.get("HATOBIN_DATA", "hatobin-data"))
