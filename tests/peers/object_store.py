"""An S3 in this process: moto's server, on a free loopback port."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG"
REGION = "us-east-1"


class ObjectStore:
    """Holds buckets in memory until it is closed.

    moto keeps one set of buckets per process: what an earlier test left there
    is forgotten when a store is opened.
    """

    def __init__(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = self._new(0)
        self._port = 0

    def _new(self, port: int) -> Any:
        from moto.server import ThreadedMotoServer

        return ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)

    def __enter__(self) -> ObjectStore:
        from moto.backends import get_backend

        get_backend("s3").reset()
        self._server.start()
        host, port = self._server.get_host_and_port()
        self._port = port
        self.endpoint = f"http://{host}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def pause(self) -> None:
        """Stop answering; what it holds stays."""
        self._server.stop()

    def resume(self) -> None:
        """Answer again, at the same place."""
        self._server = self._new(self._port)
        self._server.start()
        # The thread says nothing about when it listens.
        self._server.get_host_and_port()

    def client(self) -> Any:
        """Give boto3's client, to look at the buckets from outside."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET,
            region_name=REGION,
        )

    def url(self, place: str) -> str:
        """Say where a bucket and prefix are, with the credentials."""
        return f"s3://{place}?endpoint={self.endpoint}&access_key_id={ACCESS_KEY}&secret_access_key={SECRET}"
