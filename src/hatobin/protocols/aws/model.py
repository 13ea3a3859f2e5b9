"""What a service is: its operations, their types, routes and errors.

The tables are generated (`gateway/models`), the types that hold them are here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from hatobin.protocols.aws.shapes import Shape


class WireProtocol(Enum):
    """How a service speaks; the values are Smithy's and botocore's names."""

    QUERY = "query"
    REST_JSON = "rest-json"
    JSON = "json"
    RPC_CBOR = "smithy-rpc-v2-cbor"


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """A modelled error: its shape's name, its code on the wire and its HTTP status.

    `query_code` is what Query clients of a service that moved to JSON still
    expect (`x-amzn-query-error`); elsewhere it equals `code`.
    """

    name: str
    code: str
    status: int
    query_code: str
    is_sender_fault: bool = True


@dataclass(frozen=True, slots=True)
class PagingModel:
    """The members that carry tokens, the page size and the items, by wire name."""

    input_token: str
    output_token: str
    result: str
    limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationModel:
    """One operation. `labels`, `query` and `headers` map names in the request to members (both wire names).

    `payload` is the member that is the whole body, `status` that of a good answer. The `answered_` ones say the same
    of the output; `answered_status` is the member that says the status.
    """

    name: str
    input: type[Shape]
    output: type[Shape] | None
    method: str = "POST"
    route: str = "/"
    labels: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    payload: str = ""
    status: int = 200
    answered_headers: tuple[tuple[str, str], ...] = ()
    answered_payload: str = ""
    answered_status: str = ""
    errors: tuple[str, ...] = ()
    paging: PagingModel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceModel:
    """One service: names, protocols (the model's order) and tables by operation and error name.

    `whole` is the number of operations that the service has where the tables hold only some of them.
    """

    name: str
    version: str
    protocols: tuple[WireProtocol, ...]
    signing_name: str
    json_version: str = ""
    target_prefix: str = ""
    xml_namespace: str = ""
    whole: int = 0
    operations: Mapping[str, OperationModel]
    errors: Mapping[str, ErrorModel]
