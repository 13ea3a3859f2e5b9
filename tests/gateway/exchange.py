"""A real boto3 client whose requests come to us instead of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

from hatobin.gateway import HttpRequest, HttpResponse, joined_headers

ACCESS_KEY_ID, SECRET = "test", "test"
REGION = "eu-west-1"
Server = Callable[[HttpRequest], HttpResponse]


class _Body:
    """What botocore reads a body from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_arguments: Any, **_options: Any) -> Iterator[bytes]:
        """Give the body in one piece."""
        yield self._body

    def read(self, _size: int | None = None) -> bytes:
        """Give what has not been read yet, as a body is read that is no JSON."""
        body, self._body = self._body, b""
        return body


def http_request(prepared: AWSPreparedRequest) -> HttpRequest:
    """Turn botocore's prepared request into the gateway's."""
    url = urlsplit(prepared.url)
    pairs = [
        (name, value if isinstance(value, str) else value.decode("latin-1")) for name, value in prepared.headers.items()
    ]
    body = prepared.body or b""
    return HttpRequest(
        method=prepared.method,
        raw_path=url.path,
        query=url.query,
        headers=joined_headers(
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in [("host", url.netloc), *pairs]
        ),
        body=body.encode() if isinstance(body, str) else bytes(body),
        source_ip="192.0.2.7",
        tls_version="TLSv1.3" if url.scheme == "https" else None,
    )


@cache
def _session() -> boto3.session.Session:
    """Give the session of all clients: it keeps the models that it loaded."""
    return boto3.session.Session()


class Client:
    """A client of one service, answered by whatever `server` is set to."""

    def __init__(
        self,
        service: str,
        *,
        region: str = REGION,
        access_key_id: str = ACCESS_KEY_ID,
        secret: str = SECRET,
        validates: bool = True,
        **options: Any,
    ) -> None:
        """Make a client; `validates` says whether botocore looks at what it sends."""
        config = Config(retries={"total_max_attempts": 1}, inject_host_prefix=False, parameter_validation=validates)
        self.server: Server = _nobody
        self.boto: Any = _session().client(
            service,
            region_name=region,
            endpoint_url=options.pop("endpoint_url", "http://localhost:8005"),
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret,
            config=config,
            **options,
        )
        self.boto.meta.events.register("before-send", self._before_send)

    def _before_send(self, request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
        answer = self.server(http_request(request))
        return AWSResponse(request.url, answer.status, _Headers(answer.headers), _Body(answer.body))

    def call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call an operation by its name in the model and give the parsed answer without metadata."""
        method = next(name for name, wire in self.boto.meta.method_to_api_mapping.items() if wire == operation)
        result: dict[str, Any] = getattr(self.boto, method)(**arguments)
        self.metadata = result.pop("ResponseMetadata")
        return result


class _Headers(dict[str, str]):
    """Headers that are found in any case, as those of a real connection."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def get(self, name: str, default: Any = None) -> Any:
        """Find a header whatever its case."""
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


def _nobody(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("this test set no server")


@cache
def client(service: str) -> Client:
    """Give the shared client of a service; making one costs much more than a call."""
    return Client(service)
