"""Options that several sub-commands share, and how they print."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hatobin.app.config import ConfigurationError, from_process
from hatobin.app.data_folder import DataFolder
from hatobin.words.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def store_options(function: F) -> F:
    """Add --config, --data and --json."""
    function = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(function)
    function = click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Data folder (default: $HATOBIN_DATA, else ./hatobin-data).",
    )(function)
    return click.option(
        "--config", type=click.Path(dir_okay=False), help="TOML file (default: $HATOBIN_CONFIG, else defaults)."
    )(function)


def read_settings(config: str | None, data: Path | None) -> tuple[Settings, DataFolder]:
    """Read the settings; a mistake in them ends the command with a sentence, not a trace."""
    try:
        settings, default_data = from_process(config)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    return settings, DataFolder((data or default_data).absolute())


def serving(folder: DataFolder) -> dict[str, Any]:
    """Give where a running server of this data folder listens; {} when none runs."""
    try:
        address: dict[str, Any] = json.loads(folder.address.read_text())
    except (OSError, ValueError):
        return {}
    return address


def print_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
