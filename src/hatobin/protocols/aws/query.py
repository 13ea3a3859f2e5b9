"""The AWS Query protocol: a form in, XML out (SES v1, SNS, STS, and older SDKs' SQS).

Refs: Smithy 2.0, awsQuery protocol. Errors are in the v1 form that SES, SNS,
SQS and STS share.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hatobin.protocols.aws.forms import form_values
from hatobin.protocols.aws.model import OperationModel, ServiceModel
from hatobin.protocols.aws.nodes import struct_node
from hatobin.protocols.aws.shapes import Shape
from hatobin.protocols.aws.wire import Answer, Parcel, Refusal
from hatobin.protocols.aws.xml_answers import escape, write_content

_HEADERS = (("content-type", "text/xml"),)


class QueryWire:
    """Query in both directions."""

    def read(self, parcel: Parcel) -> Shape:
        """See `Wire.read`."""
        return msgspec.convert(self.read_untyped(parcel), parcel.operation.input)

    def read_untyped(self, parcel: Parcel) -> Any:
        """See `Wire.read_untyped`."""
        return form_values(struct_node(parcel.operation.input), parcel.form)

    def answer(self, service: ServiceModel, operation: OperationModel, output: Shape | None, request_id: str) -> Answer:
        """See `Wire.answer`; an operation with an output always has its result element."""
        name = operation.name
        out = [f'<{name}Response xmlns="{service.xml_namespace}">']
        if operation.output is not None:
            out.append(f"<{name}Result>")
            if output is not None:
                write_content(output, out)
            out.append(f"</{name}Result>")
        out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>")
        return Answer(200, _headers(request_id), "".join(out).encode())

    def refuse(self, service: ServiceModel, refusal: Refusal, request_id: str) -> Answer:
        """See `Wire.refuse`."""
        kind = "Sender" if refusal.is_sender_fault else "Receiver"
        body = (
            f'<ErrorResponse xmlns="{service.xml_namespace}"><Error><Type>{kind}</Type>'
            f"<Code>{escape(refusal.query_code)}</Code><Message>{escape(refusal.message or '')}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(refusal.status, _headers(request_id), body.encode())


def _headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (*_HEADERS, ("x-amzn-requestid", request_id))
