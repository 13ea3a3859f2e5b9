"""Logging: structured lines on stderr, for people on a terminal and as JSON elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog

from hatobin.words.settings import Log

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Unfailing:
    """A text stream that says what it can: a full disk behind stderr must not stop the server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError:
            return 0

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def tell(line: str) -> None:
    """Print a line for programs on stdout; where nobody reads any more, stdout leads nowhere from now on."""
    try:
        print(line, flush=True)
    except BrokenPipeError:
        # What is still in the buffer would fail again when the process ends (docs.python.org, "Note on SIGPIPE").
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Say something to people, on stderr."""
    stream = _Unfailing(sys.stderr)
    stream.write(f"{text}\n")
    stream.flush()


def configure_logging(settings: Log) -> None:
    """Set up structlog for this process; third-party loggers speak from WARNING on."""
    text = settings.format == "text" or (settings.format == "" and sys.stderr.isatty())
    # Traces without the values of local variables: those hold passwords and people's mail.
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if text
        else structlog.processors.JSONRenderer()
    )
    processors: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
    ]
    if not text:
        frames_only = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        processors.append(structlog.processors.ExceptionRenderer(frames_only))
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[settings.level]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
