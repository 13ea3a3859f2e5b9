"""Every module that registers operations, imported; the map of handlers comes from here."""

from __future__ import annotations

import importlib

from hatobin.gateway import Handlers, registered_operations

_MODULES = (
    "hatobin.companions.cloudwatch",
    "hatobin.companions.eventbridge",
    "hatobin.companions.firehose",
    "hatobin.companions.iam",
    "hatobin.companions.lambda_",
    "hatobin.companions.logs",
    "hatobin.companions.sns",
    "hatobin.companions.sqs",
    "hatobin.companions.sts",
    "hatobin.capabilities.account",
    "hatobin.capabilities.configuration_sets",
    "hatobin.capabilities.contacts",
    "hatobin.capabilities.custom_verification",
    "hatobin.capabilities.deliverability",
    "hatobin.capabilities.identities",
    "hatobin.capabilities.insights",
    "hatobin.capabilities.jobs",
    "hatobin.capabilities.multi_region_endpoints",
    "hatobin.capabilities.reputation",
    "hatobin.capabilities.suppression",
    "hatobin.capabilities.tags",
    "hatobin.capabilities.templates",
    "hatobin.capabilities.tenants",
    "hatobin.flow.outbound.api_bounce",
    "hatobin.flow.outbound.api_v1",
    "hatobin.flow.outbound.api_v2",
)


def handlers() -> Handlers:
    """Give every implemented operation."""
    for module in _MODULES:
        importlib.import_module(module)
    return registered_operations()
