"""S3 beside SES: buckets and objects, durable and local.

An object's octets lie in blobs, and rows say which: an object is there when
its row is committed, after its octets are durable, and copies and objects made
of parts share blobs. Names of buckets are one namespace for the whole server.
There are no versions, ACLs, tags, encryption or lifecycle rules; what is not
served is refused.

`S3Api` answers requests. Other rooms ask `Buckets`, a service, for its
`objects` (`ports/objects`): those are `LocalObjects`, the same buckets in
process, or a real S3. `BucketUpkeep` ends what nobody needs, and
`Authorization` is the one question before every operation, and `bucket_grant` what a
bucket's policy says to a service of ours.
"""

from __future__ import annotations

from hatobin.companions.s3.access import AccessRequest, Authorization, Authorize, bucket_grant, by_policies
from hatobin.companions.s3.call import BodySource, S3Answer, S3Request
from hatobin.companions.s3.objects import Buckets, LocalObjects
from hatobin.companions.s3.registry import served_operations
from hatobin.companions.s3.service import ClientGone, S3Api
from hatobin.companions.s3.upkeep import BucketUpkeep

__all__ = [
    "AccessRequest",
    "Authorization",
    "Authorize",
    "BodySource",
    "BucketUpkeep",
    "Buckets",
    "ClientGone",
    "LocalObjects",
    "S3Answer",
    "S3Api",
    "S3Request",
    "bucket_grant",
    "by_policies",
    "served_operations",
]
