"""S3's API: one request, from its head to its operation and back.

    place → caller → bucket → operation → answer

What goes wrong is answered in S3's XML with the request's ids; our own bugs
are logged with them and tell the caller nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import structlog

# Each registers its operations.
from hatobin.companions.s3 import (
    api_buckets,
    api_listing,
    api_objects,
    api_reading,
    api_upload_lists,
    api_uploads,
    store,
)
from hatobin.companions.s3.access import Authorization
from hatobin.companions.s3.authentication import Caller, authenticate
from hatobin.companions.s3.call import BodySource, RequestBody, S3Answer, S3Call, S3Request
from hatobin.companions.s3.headers import check_headers, check_owner
from hatobin.companions.s3.model import Bucket
from hatobin.companions.s3.registry import served_operations
from hatobin.gateway import Credentials, Services
from hatobin.ports import Ports
from hatobin.ports.blobs import BlobsUnavailable
from hatobin.ports.database import DatabaseUnavailable
from hatobin.protocols.aws.s3.addressing import Place, find_place
from hatobin.protocols.aws.s3.errors import error_document, refusal
from hatobin.protocols.aws.s3.operations import find_operation, read_query
from hatobin.words.errors import CallerError
from hatobin.words.settings import Settings

OPERATION_MODULES = (api_buckets, api_listing, api_objects, api_reading, api_upload_lists, api_uploads)

_log = structlog.get_logger("hatobin.s3")


class ClientGone(Exception):
    """The client left before its body was here; nobody waits for an answer."""


class S3Api:
    """Answers requests to S3."""

    def __init__(self, *, ports: Ports, settings: Settings, services: Services, credentials: Credentials) -> None:
        self._ports = ports
        self._settings = settings
        self._services = services
        self._credentials = credentials
        self._operations = served_operations()
        self.own_names = own_names(settings)

    async def handle(self, request: S3Request, source: BodySource) -> S3Answer:
        """Answer one request; raises `ClientGone` and nothing else."""
        request_id = self._ports.entropy.token_bytes(8).hex().upper()
        ids = (("x-amz-request-id", request_id), ("x-amz-id-2", _host_id(request_id)))
        try:
            answer = await self._answer(request, source, request_id)
            return S3Answer(answer.status, (*ids, *answer.headers), answer.body, answer.length)
        except ClientGone:
            raise
        except Exception as error:  # The last line: whatever it is, the caller gets an answer and we a record.
            return self.refuse(request, self._caller_error(error, request_id), request_id=request_id)

    def refuse(self, request: S3Request, error: CallerError, *, request_id: str = "") -> S3Answer:
        """Answer a request with an error, in S3's form."""
        request_id = request_id or self._ports.entropy.token_bytes(8).hex().upper()
        host_id = _host_id(request_id)
        body = error_document(error, resource=request.raw_path, request_id=request_id, host_id=host_id)
        headers = [("x-amz-request-id", request_id), ("x-amz-id-2", host_id), ("Content-Type", "application/xml")]
        region = getattr(error, "details", {}).get("Region")
        if region:
            headers.append(("x-amz-bucket-region", region))
        return S3Answer(error.status, tuple(headers), body)

    async def _answer(self, request: S3Request, source: BodySource, request_id: str) -> S3Answer:
        caller = await authenticate(request, self._credentials, now=self._ports.clock.now(), own_names=self.own_names)
        if self._settings.aws.s3.endpoint_url:
            raise refusal(
                "NotImplemented",
                "This server keeps its buckets in the S3 that its setting aws.s3.endpoint_url names; ask that one.",
            )
        place = find_place(request.raw_path, request.headers.get("host", ""), self.own_names)
        query = read_query(request.query)
        name = find_operation(request.method, place, query, caller.headers)
        operation = self._operations.get(name or "")
        if operation is None or name is None:
            raise refusal("NotImplemented", "This operation of S3 is not implemented by this server.")
        check_headers(caller.headers)
        call = S3Call(
            operation=name,
            principal=caller.principal,
            permissions=caller.permissions,
            region=caller.region,
            request_id=request_id,
            place=place,
            query=query,
            headers=caller.headers,
            source_ip=request.source_ip,
            is_secure=request.is_secure,
            body=RequestBody(source, caller.headers, caller.payload_hash, caller.signing, self._ports),
            found=None,
            ports=self._ports,
            settings=self._settings,
            authorization=self._services.get(Authorization),
        )
        if place.bucket and name != "CreateBucket":
            call = call.in_bucket(await self._find_bucket(name, place, caller))
        return await operation(call)

    async def _find_bucket(self, operation: str, place: Place, caller: Caller) -> Bucket:
        """Give the bucket that is named; it must be in the region that the request is signed for."""
        bucket = await self._ports.database.read(lambda session: store.find_bucket(session, place.bucket))
        if bucket is None:
            raise refusal("NoSuchBucket", BucketName=place.bucket)
        check_owner(caller.headers, bucket.account_id)
        # Everyone may ask where a bucket is: that is how clients find the right region.
        if caller.region not in (bucket.region, "") and operation != "GetBucketLocation":
            raise refusal(
                "AuthorizationHeaderMalformed",
                f"The authorization header is malformed; the region '{caller.region}' is wrong; expecting "
                f"'{bucket.region}'",
                Region=bucket.region,
            )
        return bucket

    def _caller_error(self, error: Exception, request_id: str) -> CallerError:
        if isinstance(error, CallerError):
            return error
        if isinstance(error, DatabaseUnavailable | BlobsUnavailable):
            _log.error("store unavailable", error=str(error), request_id=request_id)
            return refusal("ServiceUnavailable")
        _log.error("operation failed", exc_info=error, request_id=request_id)
        return refusal("InternalError")


def own_names(settings: Settings) -> frozenset[str]:
    """Give the host names that are ours: what stands before one of them is a bucket."""
    service = settings.service
    public = (urlsplit(url).hostname or "" for url in (service.public_http, service.public_https))
    names: Iterable[str] = ("localhost", service.domain, *settings.tls.names, *public)
    return frozenset(name.lower() for name in names if name and ":" not in name)


def _host_id(request_id: str) -> str:
    return base64.b64encode(hashlib.sha512(request_id.encode()).digest()[:48]).decode()
