"""How the tags of a custom verification template are found by its ARN."""

from __future__ import annotations

from hatobin.capabilities.custom_verification.api_v2 import does_not_exist
from hatobin.capabilities.tags import TaggedKind

TAGGED = TaggedKind("custom-verification-email-template", "custom_verification_templates", does_not_exist)
