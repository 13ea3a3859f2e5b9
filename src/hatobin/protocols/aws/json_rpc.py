"""AWS JSON 1.0 and 1.1: one path, the operation in `X-Amz-Target` (SQS, Mail Manager).

Refs: Smithy 2.0, awsJson1_0 and awsQueryCompatible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hatobin.protocols.aws.json_body import body_decoder, error_body, read_object, write_object
from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Answer, Parcel, Refusal


@dataclass(frozen=True, slots=True)
class JsonRpcWire:
    """AWS JSON in both directions; `has_query_errors` adds the header that former Query clients read."""

    version: str
    has_query_errors: bool = False

    def read(self, parcel: Parcel) -> Shape:
        """See `Wire.read`."""
        return body_decoder(parcel.operation.input).decode(parcel.body or b"{}")

    def read_untyped(self, parcel: Parcel) -> Any:
        """See `Wire.read_untyped`."""
        return read_object(parcel.body)

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """See `Wire.answer`."""
        return Answer(200, self._headers(request_id), write_object(output))

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """See `Wire.refuse`."""
        headers = self._headers(request_id)
        error_type = refusal.code
        if self.has_query_errors:
            fault = "Sender" if refusal.is_sender_fault else "Receiver"
            headers = (*headers, ("x-amzn-query-error", f"{refusal.query_code};{fault}"))
            error_type = f"com.amazonaws.{service.name}#{refusal.code}"
        return Answer(refusal.status, headers, error_body(refusal.message, __type=error_type))

    def _headers(self, request_id: str) -> tuple[tuple[str, str], ...]:
        return (("content-type", f"application/x-amz-json-{self.version}"), ("x-amzn-requestid", request_id))
