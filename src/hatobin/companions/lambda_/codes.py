"""How a function's code comes in: with the request or from a bucket, checked, and then kept as a blob."""

from __future__ import annotations

import base64
import hashlib

from msgspec import Struct

from hatobin.companions import s3
from hatobin.companions.lambda_ import archives
from hatobin.companions.lambda_.errors import invalid, unsupported
from hatobin.companions.lambda_.model import MAX_ZIP_BYTES, Code
from hatobin.companions.lambda_.upkeep import BLOB_PREFIX
from hatobin.gateway import Call
from hatobin.gateway.models.lambda_ import FunctionCode, UpdateFunctionCodeRequest
from hatobin.ports.objects import BucketFacts, BucketMissing, ObjectMissing, ObjectsRefused, ObjectsUnavailable
from hatobin.protocols.aws.policy import Caller, Grant, Verdict, together
from hatobin.words.errors import CallerError


class NewCode(Struct, frozen=True):
    """Code that is checked and not kept yet."""

    data: bytes
    sha256: str


async def read_code(call: Call, given: FunctionCode | UpdateFunctionCodeRequest) -> NewCode:
    """Read the code that a request gives. Raises `CallerError`."""
    if given.image_uri is not None:
        raise unsupported("ImageUri")
    if given.source_kms_key_arn or given.s3_object_version is not None or given.s3_object_storage_mode == "REFERENCE":
        raise unsupported("SourceKMSKeyArn, S3ObjectVersion or S3ObjectStorageMode REFERENCE")
    if given.zip_file is not None:
        if given.s3_bucket is not None or given.s3_key is not None:
            raise invalid("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        data = given.zip_file
    elif given.s3_bucket is not None and given.s3_key is not None:
        data = await _from_bucket(call, given.s3_bucket, given.s3_key)
    else:
        raise invalid("Please provide a source for function code.")
    if len(data) > MAX_ZIP_BYTES:
        raise CallerError(
            "RequestEntityTooLargeException", f"Zipped size must be smaller than {MAX_ZIP_BYTES} bytes", status=413
        )

    def work() -> str:
        archives.check(data)
        return base64.b64encode(hashlib.sha256(data).digest()).decode()

    # A small archive may hold much.
    return NewCode(data, await call.ports.threads.run_long(work))


async def keep(call: Call, new: NewCode) -> Code:
    """Keep code as a blob of its own; durable when this returns. Raises `BlobsUnavailable`."""
    blob = f"{BLOB_PREFIX}{call.account_id}/{call.ports.entropy.uuid()}"
    await call.ports.blobs.put(blob, new.data)
    return Code(blob, new.sha256, len(new.data))


async def forget(call: Call, code: Code) -> None:
    """Remove a blob that is no function's any more."""
    await call.ports.blobs.delete(code.blob)


async def _from_bucket(call: Call, bucket: str, key: str) -> bytes:
    """Read an object with the caller's own permissions. Raises `CallerError`."""
    objects = call.services.get(s3.Buckets).objects
    try:
        facts = await objects.bucket(bucket)
        if not _may_read(call, facts, key):
            raise _s3_error("AccessDenied", "Access Denied", status=403)
        opened = await objects.open(bucket, key)
        if opened.facts.size > MAX_ZIP_BYTES:
            await opened.pieces.aclose()
            raise invalid(f"Zipped size must be smaller than {MAX_ZIP_BYTES} bytes")
        return b"".join([piece async for piece in opened.pieces])
    except BucketMissing:
        raise _s3_error("NoSuchBucket", "The specified bucket does not exist") from None
    except ObjectMissing:
        raise _s3_error("NoSuchKey", "The specified key does not exist.") from None
    except ObjectsRefused:
        raise _s3_error("AccessDenied", "Access Denied", status=403) from None
    except ObjectsUnavailable as error:
        raise CallerError("ServiceException", "The bucket cannot be read now.", status=500, hint=str(error)) from None


def _may_read(call: Call, bucket: BucketFacts, key: str) -> bool:
    """Say whether the caller may read an object. A real S3 says nothing of owners, and decides by itself."""
    resource = f"arn:aws:s3:::{bucket.name}/{key}"
    own = call.permissions.verdict("s3:GetObject", resource, dict)
    if bucket.account_id is None:
        return own is Verdict.ALLOWED
    grant = Grant(Verdict.NOT_ALLOWED)
    if bucket.policy is not None:
        principal = call.principal
        caller = Caller(principal.account_id, principal.arn, None, principal.role_arn or None)
        grant = s3.bucket_grant(bucket.policy, caller, "s3:GetObject", resource, {})
    return together(own, grant, same_account=bucket.account_id == call.account_id) is Verdict.ALLOWED


def _s3_error(code: str, text: str, *, status: int = 400) -> CallerError:
    said = f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {text}"
    if status == 403:
        return CallerError(
            "AccessDeniedException",
            f"Your access has been denied by S3, please make sure your request"
            f" credentials have permission to GetObject. {said[32:]}",
            status=403,
        )
    return invalid(said)
