"""The SQL of functions."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hatobin.companions.lambda_.model import (
    Code,
    Function,
    FunctionKey,
    Policy,
    decode_configuration,
    encode_configuration,
)
from hatobin.ports import Row, Session, Value

_ONE = "account_id = :account_id AND region = :region AND function_name = :function_name"
_COLUMNS = (
    "account_id, region, function_name, function_id, configuration, code_blob, code_sha256, code_size, tags,"
    " revision_id, modified_at"
)
_encode = msgspec.json.Encoder().encode
_tags = msgspec.json.Decoder(dict[str, str]).decode
_statements = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode


def find(session: Session, key: FunctionKey) -> Function | None:
    """Give a function; None when there is none of this name."""
    row = session.one(f"SELECT {_COLUMNS} FROM lambda_function WHERE {_ONE}", _of(key))
    return None if row is None else _function(row)


def insert(session: Session, function: Function) -> bool:
    """Keep a new function; false when its name is taken."""
    rows = session.execute(
        f"""INSERT INTO lambda_function ({_COLUMNS}, policy, policy_revision)
        VALUES (:account_id, :region, :function_name, :function_id, :configuration, :code_blob, :code_sha256,
            :code_size, :tags, :revision_id, :modified_at, '[]', '')
        ON CONFLICT DO NOTHING RETURNING function_id""",
        _values(function),
    )
    return bool(rows)


def update(session: Session, function: Function) -> None:
    """Keep a changed function."""
    session.execute(
        f"""UPDATE lambda_function SET configuration = :configuration, code_blob = :code_blob,
        code_sha256 = :code_sha256, code_size = :code_size, tags = :tags, revision_id = :revision_id,
        modified_at = :modified_at WHERE {_ONE}""",
        _values(function),
    )


def delete(session: Session, key: FunctionKey) -> None:
    """Remove a function."""
    session.execute(f"DELETE FROM lambda_function WHERE {_ONE}", _of(key))


def list_functions(session: Session, account_id: str, region: str, *, after: str, limit: int) -> list[Function]:
    """Give functions by name, from behind `after`."""
    rows = session.execute(
        f"""SELECT {_COLUMNS} FROM lambda_function
        WHERE account_id = :account_id AND region = :region AND function_name > :after
        ORDER BY function_name LIMIT :limit""",
        {"account_id": account_id, "region": region, "after": after, "limit": limit},
    )
    return [_function(row) for row in rows]


def usage(session: Session, account_id: str, region: str) -> tuple[int, int]:
    """Give how many functions there are, and what their zipped code takes."""
    row = session.one(
        "SELECT COUNT(*), SUM(code_size) FROM lambda_function WHERE account_id = :account_id AND region = :region",
        {"account_id": account_id, "region": region},
    )
    return (int(row[0]), int(row[1] or 0)) if row else (0, 0)


def find_policy(session: Session, key: FunctionKey) -> Policy | None:
    """Give the policy of a function, which may be empty; None when there is no such function."""
    row = session.one(f"SELECT policy, policy_revision FROM lambda_function WHERE {_ONE}", _of(key))
    return None if row is None else Policy(_statements(row[0]), row[1])


def put_policy(session: Session, key: FunctionKey, policy: Policy) -> None:
    """Replace the policy of a function."""
    session.execute(
        f"UPDATE lambda_function SET policy = :policy, policy_revision = :revision WHERE {_ONE}",
        {**_of(key), "policy": _encode(policy.statements).decode(), "revision": policy.revision_id},
    )


def unknown_blobs(session: Session, keys: Sequence[str]) -> list[str]:
    """Give those blobs that are no function's code."""
    names = {f"key{number}": key for number, key in enumerate(keys)}
    rows = session.execute(
        f"SELECT code_blob FROM lambda_function WHERE code_blob IN ({', '.join(f':{name}' for name in names)})", names
    )
    known = {blob for (blob,) in rows}
    return [key for key in keys if key not in known]


def _of(key: FunctionKey) -> dict[str, Value]:
    return {"account_id": key.account_id, "region": key.region, "function_name": key.name}


def _values(function: Function) -> dict[str, Value]:
    return {
        **_of(function.key),
        "function_id": function.function_id,
        "configuration": encode_configuration(function.configuration).decode(),
        "code_blob": function.code.blob,
        "code_sha256": function.code.sha256,
        "code_size": function.code.size,
        "tags": _encode(function.tags).decode(),
        "revision_id": function.revision_id,
        "modified_at": function.modified_at,
    }


def _function(row: Row) -> Function:
    account_id, region, name, function_id, configuration, blob, sha256, size, tags, revision_id, modified_at = row
    return Function(
        FunctionKey(account_id, region, name),
        function_id,
        decode_configuration(configuration),
        Code(blob, sha256, size),
        _tags(tags),
        revision_id,
        modified_at,
    )
