"""S3's errors: codes, statuses and texts, and their XML.

Refs: Amazon S3 API Reference, "Error responses".
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from hatobin.protocols.aws.s3.answers import document
from hatobin.words.errors import CallerError

_ERRORS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "AccessDenied": (403, "Access Denied"),
        "AccessControlListNotSupported": (400, "The bucket does not allow ACLs"),
        "AuthorizationHeaderMalformed": (400, "The authorization header you provided is invalid."),
        "AuthorizationQueryParametersError": (400, "Error parsing the X-Amz-Credential parameter."),
        "BadDigest": (400, "The Content-MD5 you specified did not match what we received."),
        "BucketAlreadyExists": (
            409,
            "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
            "Please select a different name and try again.",
        ),
        "BucketAlreadyOwnedByYou": (
            409,
            "Your previous request to create the named bucket succeeded and you already own it.",
        ),
        "BucketNotEmpty": (409, "The bucket you tried to delete is not empty"),
        "EntityTooLarge": (400, "Your proposed upload exceeds the maximum allowed size"),
        "EntityTooSmall": (400, "Your proposed upload is smaller than the minimum allowed size"),
        "ExpiredToken": (400, "The provided token has expired."),
        "IllegalLocationConstraintException": (
            400,
            "The location constraint is incompatible for the region specific endpoint this request was sent to.",
        ),
        "IncompleteBody": (400, "The request body terminated unexpectedly"),
        "InternalError": (500, "We encountered an internal error. Please try again."),
        "InvalidAccessKeyId": (403, "The AWS Access Key Id you provided does not exist in our records."),
        "InvalidArgument": (400, "Invalid Argument"),
        "InvalidBucketName": (400, "The specified bucket is not valid."),
        "InvalidDigest": (400, "The Content-MD5 you specified was invalid."),
        "InvalidPart": (
            400,
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the "
            "specified entity tag may not match the part's entity tag.",
        ),
        "InvalidPartOrder": (
            400,
            "The list of parts was not in ascending order. Parts must be ordered by part number.",
        ),
        "InvalidRange": (416, "The requested range is not satisfiable"),
        "InvalidRequest": (400, "Invalid Request"),
        "InvalidToken": (400, "The provided token is malformed or otherwise invalid."),
        "InvalidURI": (400, "Couldn't parse the specified URI."),
        "KeyTooLongError": (400, "Your key is too long"),
        "MalformedPolicy": (400, "This policy contains invalid Json"),
        "MalformedTrailerError": (
            400,
            "The request contained trailing data that was not well-formed or did not conform to our published schema.",
        ),
        "MalformedXML": (
            400,
            "The XML you provided was not well-formed or did not validate against our published schema",
        ),
        "MaxMessageLengthExceeded": (400, "Your request was too big."),
        "MetadataTooLarge": (400, "Your metadata headers exceed the maximum allowed metadata size"),
        "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
        "MissingContentLength": (411, "You must provide the Content-Length HTTP header."),
        "NoSuchBucket": (404, "The specified bucket does not exist"),
        "NoSuchBucketPolicy": (404, "The bucket policy does not exist"),
        "NoSuchKey": (404, "The specified key does not exist."),
        "NoSuchUpload": (
            404,
            "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
            "or completed.",
        ),
        "NotImplemented": (501, "A header you provided implies functionality that is not implemented"),
        "PolicyTooLarge": (400, "Policy exceeds the maximum allowed document size."),
        "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold"),
        "RequestTimeTooSkewed": (403, "The difference between the request time and the current time is too large."),
        "ServiceUnavailable": (503, "Service is unable to handle request."),
        "SignatureDoesNotMatch": (
            403,
            "The request signature we calculated does not match the signature you provided. Check your key and "
            "signing method.",
        ),
        "SlowDown": (503, "Please reduce your request rate."),
        "TooManyBuckets": (400, "You have attempted to create more buckets than allowed"),
        "XAmzContentChecksumMismatch": (400, "The provided checksum does not match what was computed."),
        "XAmzContentSHA256Mismatch": (
            400,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        ),
    }
)


class S3Error(CallerError):
    """An error of S3; `details` are the elements that S3 shows beside the code."""

    def __init__(self, code: str, message: str, *, status: int, details: Mapping[str, str]) -> None:
        super().__init__(code, message, status=status)
        self.details = details


def refusal(code: str, message: str | None = None, **details: str) -> S3Error:
    """Make an error with S3's status and, unless another is given, S3's text."""
    status, usual = _ERRORS[code]
    return S3Error(code, usual if message is None else message, status=status, details=details)


def error_document(error: CallerError, *, resource: str, request_id: str, host_id: str) -> bytes:
    """Write an error as S3 does: without namespace, with the ids that support asks for."""
    details = error.details if isinstance(error, S3Error) else {}
    fields = {"Code": error.code, "Message": error.message or HTTPStatus(error.status).phrase, **details}
    return document(
        "Error", *fields.items(), ("Resource", resource), ("RequestId", request_id), ("HostId", host_id), namespace=""
    )
