"""Links to the failed records of an import job: who asks gets one that is signed with the own key.

So a link opens to others what its maker may read, and nothing more. Where the
buckets are those of a real S3 it knows its own keys, and there is no link to give.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from hatobin.capabilities.jobs import ReportLinks
from hatobin.companions import iam, s3
from hatobin.gateway import Call
from hatobin.ports.objects import BucketMissing
from hatobin.protocols.aws.sigv4 import presign_s3
from hatobin.words.settings import Settings

LIFE_S = 3600


def report_links(settings: Settings, keys: iam.AccessKeys) -> ReportLinks:
    """Give the maker of links."""

    async def make(call: Call, bucket: str, key: str) -> str:
        plain = f"s3://{bucket}/{key}"
        if settings.aws.s3.endpoint_url:
            return plain
        credential = await keys.find(call.principal.access_key_id, call.source_ip)
        try:
            facts = await call.services.get(s3.Buckets).objects.bucket(bucket)
        except BucketMissing:
            return plain
        if credential is None:
            return plain
        path = f"/{bucket}/{quote(key, safe='/-_.~')}"
        query = presign_s3(
            urlsplit(settings.service.public_http).netloc,
            path,
            access_key_id=credential.access_key_id,
            secret=credential.secret,
            region=facts.region,
            now=call.ports.clock.now(),
            life_s=LIFE_S,
            session_token=credential.session_token,
        )
        return f"{settings.service.public_http.rstrip('/')}{path}?{query}"

    return ReportLinks(make)
