"""Buckets: made, listed, found, deleted, and their policies."""

from __future__ import annotations

from hatobin.companions.s3 import object_store, store, upload_store
from hatobin.companions.s3.access import check_bucket_policy
from hatobin.companions.s3.call import S3Answer, S3Call
from hatobin.companions.s3.model import DEFAULT_REGION, MAX_BUCKETS, MAX_POLICY_OCTETS, Bucket, owner_id
from hatobin.companions.s3.paging import decode_token, encode_token
from hatobin.companions.s3.registry import s3_operation
from hatobin.ports import Session
from hatobin.protocols.aws.policy import PolicyError
from hatobin.protocols.aws.s3.addressing import is_bucket_name
from hatobin.protocols.aws.s3.answers import Element, document, moment
from hatobin.protocols.aws.s3.documents import read_location
from hatobin.protocols.aws.s3.errors import refusal

_XML = (("Content-Type", "application/xml"),)
_EU = "eu-west-1"
"""What the location constraint "EU" has meant since the beginning."""
UPLOADS_AT_ONCE = 500


@s3_operation("CreateBucket")
async def create_bucket(call: S3Call) -> S3Answer:
    """Make a bucket in the region that the request is for; names are one namespace for the whole server."""
    name = call.place.bucket
    if not is_bucket_name(name):
        raise refusal("InvalidBucketName", BucketName=name)
    await call.authorize("s3:CreateBucket")
    constraint = read_location(await call.body.document())
    region = _EU if constraint == "EU" else constraint or DEFAULT_REGION
    if call.region not in (region, DEFAULT_REGION, ""):
        shown = constraint or "unspecified"
        raise refusal(
            "IllegalLocationConstraintException",
            f"The {shown} location constraint is incompatible for the region specific endpoint this request was "
            "sent to.",
        )
    new = Bucket(call.principal.account_id, name, region, call.ports.clock.now())
    await call.ports.database.write(lambda session: _create(session, new), turn=call.turn)
    return S3Answer(200, (("Location", f"/{name}"),))


def _create(session: Session, new: Bucket) -> None:
    former = store.find_bucket(session, new.name)
    if former is None:
        if store.count_buckets(session, new.account_id) >= MAX_BUCKETS:
            raise refusal("TooManyBuckets")
        if store.insert_bucket(session, new):
            return
        former = store.find_bucket(session, new.name)
    if former is None or former.account_id != new.account_id:
        raise refusal("BucketAlreadyExists", BucketName=new.name)
    # Making one's own bucket again is no mistake in the oldest region (API Reference, CreateBucket).
    if former.region != DEFAULT_REGION or new.region != DEFAULT_REGION:
        raise refusal("BucketAlreadyOwnedByYou", BucketName=new.name)


@s3_operation("HeadBucket")
async def head_bucket(call: S3Call) -> S3Answer:
    """Say whether a bucket is there, and in which region."""
    await call.authorize("s3:ListBucket")
    return S3Answer(200, (("x-amz-bucket-region", call.bucket.region), *_XML))


@s3_operation("GetBucketLocation")
async def get_bucket_location(call: S3Call) -> S3Answer:
    """Give a bucket's region; that of the first one is written as nothing."""
    await call.authorize("s3:GetBucketLocation")
    region = call.bucket.region
    text = document("LocationConstraint").decode()
    if region != DEFAULT_REGION:
        text = text.replace("></LocationConstraint>", f">{region}</LocationConstraint>")
    return S3Answer(200, _XML, text.encode())


@s3_operation("DeleteBucket")
async def delete_bucket(call: S3Call) -> S3Answer:
    """Delete a bucket that holds no object; uploads that nobody ended go with it."""
    await call.authorize("s3:DeleteBucket")
    bucket, now = call.bucket, call.ports.clock.now()

    def delete(session: Session) -> None:
        if not store.lock_bucket(session, bucket):
            raise refusal("NoSuchBucket", BucketName=bucket.name)
        if object_store.has_objects(session, bucket):
            raise refusal("BucketNotEmpty", BucketName=bucket.name)
        uploads = upload_store.list_uploads(
            session, bucket, low="", low_id="", takes_low=True, high=None, limit=UPLOADS_AT_ONCE + 1
        )
        if len(uploads) > UPLOADS_AT_ONCE:
            # Deviates: at AWS they all go; here one transaction stays short, and so they have to be aborted.
            raise refusal("BucketNotEmpty", "The bucket you tried to delete has many unfinished uploads")
        for upload in uploads:
            upload_store.abort_upload(session, bucket, upload, now=now)
        store.delete_bucket(session, bucket)

    await call.ports.database.write(delete, turn=call.turn)
    return S3Answer(204)


@s3_operation("ListBuckets")
async def list_buckets(call: S3Call) -> S3Answer:
    """Give the caller's buckets in the order of their names."""
    await call.authorize("s3:ListAllMyBuckets")
    query, account_id = call.query, call.principal.account_id
    limit = call.integer("max-buckets", MAX_BUCKETS, most=MAX_BUCKETS)
    after = decode_token(query.get("continuation-token"))
    prefix, region = query.get("prefix", ""), query.get("bucket-region", "")
    found = await call.ports.database.read(
        lambda session: store.list_buckets(
            session, account_id, prefix=prefix, after=after, region=region, limit=limit + 1
        )
    )
    shown = found[:limit]
    buckets: list[Element] = [
        ("Bucket", [("Name", one.name), ("CreationDate", moment(one.created_at)), ("BucketRegion", one.region)])
        for one in shown
    ]
    body = document(
        "ListAllMyBucketsResult",
        ("Owner", [("ID", owner_id(account_id))]),
        ("Buckets", buckets),
        ("Prefix", prefix or None),
        ("ContinuationToken", encode_token(shown[-1].name) if shown and len(found) > limit else None),
    )
    return S3Answer(200, _XML, body)


@s3_operation("PutBucketPolicy")
async def put_bucket_policy(call: S3Call) -> S3Answer:
    """Keep a bucket's policy as it was put. Raises `S3Error` for a text that is none."""
    await call.authorize("s3:PutBucketPolicy")
    body = await call.body.document()
    if len(body) > MAX_POLICY_OCTETS:
        raise refusal("PolicyTooLarge")
    try:
        text = body.decode()
        check_bucket_policy(text)
    except UnicodeDecodeError:
        raise refusal("MalformedPolicy") from None
    except PolicyError as wrong:
        raise refusal("MalformedPolicy", str(wrong)) from None
    if "\x00" in text:
        raise refusal("MalformedPolicy")
    await _update_policy(call, text)
    return S3Answer(204)


@s3_operation("GetBucketPolicy")
async def get_bucket_policy(call: S3Call) -> S3Answer:
    """Give a bucket's policy as it was put."""
    await call.authorize("s3:GetBucketPolicy")
    policy = call.bucket.policy
    if policy is None:
        raise refusal("NoSuchBucketPolicy", BucketName=call.bucket.name)
    return S3Answer(200, (("Content-Type", "application/json"),), policy.encode())


@s3_operation("DeleteBucketPolicy")
async def delete_bucket_policy(call: S3Call) -> S3Answer:
    """Take a bucket's policy away, if there is one."""
    await call.authorize("s3:DeleteBucketPolicy")
    await _update_policy(call, None)
    return S3Answer(204)


async def _update_policy(call: S3Call, text: str | None) -> None:
    bucket = call.bucket
    await call.ports.database.write(lambda session: store.update_policy(session, bucket, text), turn=call.turn)
