"""The `hatobin` command. Each sub-command lives in a module of its own and is loaded when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from hatobin.app.version import VERSION

_COMMANDS = {
    "serve": ("hatobin.app.cli.serve", "serve"),
    "worker": ("hatobin.app.cli.serve", "worker"),
    "env": ("hatobin.app.cli.environment", "environment"),
    "keys": ("hatobin.app.cli.keys", "keys"),
    "account": ("hatobin.app.cli.account", "account"),
    "messages": ("hatobin.app.cli.messages", "messages"),
    "jobs": ("hatobin.app.cli.jobs", "jobs"),
    "backlog": ("hatobin.app.cli.backlog", "backlog"),
    "trust": ("hatobin.app.cli.trust", "trust"),
    "dns": ("hatobin.app.cli.dns", "dns"),
    "certificate": ("hatobin.app.cli.certificate", "certificate"),
    "migrate": ("hatobin.app.cli.migrate", "migrate"),
}


class _Lazy(click.Group):
    """Loads a sub-command's module only when it is wanted, so that `--help` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="hatobin")
def main(**_: Any) -> None:
    """Amazon SES that you run yourself.

    \b
    Start it, point the AWS CLI at it, and send:
      hatobin serve
      eval "$(hatobin env)"
      aws sesv2 create-email-identity --email-identity example.com
      aws sesv2 send-email --from-email-address me@example.com \\
        --destination ToAddresses=you@example.net \\
        --content 'Simple={Subject={Data=Hello},Body={Text={Data=Hi}}}'

    Then look at http://127.0.0.1:8005/console/. Settings: docs/configuration.md.
    """
