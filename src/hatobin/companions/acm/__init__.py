"""ACM beside SES: certificates with their private keys, which an operator brought.

SES names the S/MIME certificate of a sender by its ARN in AWS Certificate
Manager. Here `hatobin certificate import` puts it into the store, its key
sealed, under an ARN of that form; it belongs to an account and a region.
"""

from __future__ import annotations

from hatobin.companions.acm.model import (
    Certificate,
    InvalidCertificate,
    NewCertificate,
    certificate_arn,
    certificate_id,
    read_certificate,
)
from hatobin.companions.acm.store import (
    SEALED,
    Opened,
    delete,
    find,
    insert,
    list_certificates,
    open_certificate,
)

__all__ = [
    "SEALED",
    "Certificate",
    "InvalidCertificate",
    "NewCertificate",
    "Opened",
    "certificate_arn",
    "certificate_id",
    "delete",
    "find",
    "insert",
    "list_certificates",
    "open_certificate",
    "read_certificate",
]
