"""Paths of a REST service: from a method and a raw path to an operation and its labels.

Segments are compared while still percent-encoded, so a `/` or `+` inside a
label stays inside it; labels are decoded afterwards. A literal segment wins
over a label.

Two generations of SES v2 routes are served: what botocore 1.34 sent and what
current models say (`surface.md` §1.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from msgspec import Struct

from hatobin.protocols.aws.model import OperationModel, ServiceModel

_PAGE = (("PageSize", "PageSize"), ("NextToken", "NextToken"))

# Operation, method, route, and what that route binds to the query string.
FORMER_ROUTES = (
    ("ListConfigurationSets", "GET", "/v2/email/configuration-sets", _PAGE),
    ("ListEmailIdentities", "GET", "/v2/email/identities", _PAGE),
    ("ListContacts", "GET", "/v2/email/contact-lists/{ContactListName}/contacts", _PAGE),
    (
        "ListImportJobs",
        "GET",
        "/v2/email/import-jobs",
        (*_PAGE, ("ImportDestinationType", "ImportDestinationType")),
    ),
    ("PutEmailIdentityDkimSigningAttributes", "PUT", "/v1/email/identities/{EmailIdentity}/dkim/signing", ()),
)


class Match(Struct, frozen=True):
    """The operation behind a path, bound as this route binds it, with decoded labels."""

    operation: OperationModel
    labels: Mapping[str, str]


@dataclass(slots=True)
class _Branch:
    """One level of the tree of routes; filled while the router is built, only read afterwards."""

    literals: dict[str, _Branch] = field(default_factory=dict)
    label: _Branch | None = None
    ends: dict[str, tuple[OperationModel, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """The routes of one REST service."""

    def __init__(self, service: ServiceModel) -> None:
        self._root = _Branch()
        for operation in service.operations.values():
            self._add(operation)
        for name, method, route, query in FORMER_ROUTES if service.name == "sesv2" else ():
            self._add(replace(service.operations[name], method=method, route=route, query=query))

    def _add(self, operation: OperationModel) -> None:
        branch, labels = self._root, []
        for segment in operation.route.strip("/").split("/"):
            if segment.startswith("{"):
                labels.append(segment[1:-1])
                branch.label = branch.label or _Branch()
                branch = branch.label
            else:
                branch = branch.literals.setdefault(segment, _Branch())
        branch.ends[operation.method] = (operation, tuple(labels))

    def match(self, method: str, raw_path: str) -> Match | None:
        """Find the operation of a path; None when no route fits. One final slash more or less is the same."""
        segments = raw_path.removeprefix("/").removesuffix("/").split("/")
        found = _descend(self._root, segments, 0, method, [])
        if found is None:
            return None
        (operation, names), values = found
        return Match(operation, {name: unquote(value) for name, value in zip(names, values, strict=True)})


def _descend(
    branch: _Branch, segments: list[str], index: int, method: str, values: list[str]
) -> tuple[tuple[OperationModel, tuple[str, ...]], list[str]] | None:
    if index == len(segments):
        end = branch.ends.get(method)
        return None if end is None else (end, values)
    segment = segments[index]
    literal = branch.literals.get(segment)
    if literal is not None:
        found = _descend(literal, segments, index + 1, method, values)
        if found is not None:
            return found
    if branch.label is None or not segment:
        return None
    return _descend(branch.label, segments, index + 1, method, [*values, segment])
