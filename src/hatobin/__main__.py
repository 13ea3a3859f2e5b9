"""`python -m hatobin` is the `hatobin` command."""

from __future__ import annotations

from hatobin.app.cli import main

main(prog_name="hatobin")
