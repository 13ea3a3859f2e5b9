"""Generated service models, one module per service; a service is loaded when it is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from keyword import iskeyword
from typing import cast

from hatobin.protocols.aws.model import ServiceModel

SERVICES = (
    *("ses", "sesv2", "mailmanager", "sns", "sqs", "sts", "iam"),
    *("cloudwatch", "firehose", "events", "lambda", "logs"),
)


@cache
def service_model(service: str) -> ServiceModel:
    """Give the model of one of `SERVICES`; raises `KeyError` for another name."""
    if service not in SERVICES:
        raise KeyError(service)
    module = f"{service}_" if iskeyword(service) else service
    return cast(ServiceModel, import_module(f"hatobin.gateway.models.{module}").SERVICE)
