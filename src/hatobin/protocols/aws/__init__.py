"""The protocols of AWS: bytes in, typed values out, and back; signatures, passwords, names.

`wire.Wire` is what each protocol does (`query`, `rest_json`, `json_rpc`,
`rpc_cbor`); `shapes` and `model` are what the generated service models are
made of; `claims`, `sigv4` and `sigv4a` say who sent a request.
"""
