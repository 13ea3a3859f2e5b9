"""An S3 in this process: moto's server, on a free loopback port."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any

ACCESS_KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG"
REGION = "us-east-1"


class ObjectStore:
    """Holds buckets in memory until it is closed."""

    def __init__(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)

    def __enter__(self) -> ObjectStore:
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

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
