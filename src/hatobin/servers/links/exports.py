"""The files of export jobs: `GET /exports/TOKEN`, for an hour after the link was given.

The token is the authority, as with a presigned URL of S3; nothing else is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from hatobin.capabilities import jobs
from hatobin.capabilities.jobs import EXPORT_PATH, ExportLinks
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobMissing

_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
}


class ExportFiles:
    """Answers the links over ASGI."""

    def __init__(self, ports: Ports, links: ExportLinks) -> None:
        self._ports = ports
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            text = "A file can be fetched, and nothing else.\n"
            return PlainTextResponse(text, 405, {**_HEADERS, "allow": "GET, HEAD"})
        key = self._links.read(request.url.path.removeprefix(EXPORT_PATH), self._ports.clock.now())
        job = None if key is None else await self._ports.database.read(lambda session: jobs.find_export(session, key))
        if job is None or not job.has_file:
            return _nothing()
        pieces = self._ports.blobs.pieces(job.blob_key)
        try:
            first = await anext(pieces, b"")
        except BlobMissing:
            return _nothing()
        headers = {**_HEADERS, "content-disposition": f'attachment; filename="{job.file_name}"'}
        return StreamingResponse(_joined(first, pieces), 200, headers, job.content_type)


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


def _nothing() -> Response:
    text = "There is no such file, or this link is over: GetExportJob gives another one.\n"
    return PlainTextResponse(text, 404, _HEADERS)
