"""Which resources carry tags, and how an ARN names one.

The rooms that have such resources use this room's rules, so this room cannot
import them: each offers a `TaggedKind`, and the composition root gathers them
as the service `TaggedKinds`.

Refs: surface.md §4.6, appendix F; probed in 2026 (Floci, MiniStack): the
partition and the service of an ARN are not looked at, the order of the checks
is form, account, existence in the region of the call, region of the ARN.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hatobin.capabilities.tags.model import TagPair, decode, encode
from hatobin.ports import Session
from hatobin.protocols.aws.arn import Arn, parse_arn
from hatobin.words.errors import CallerError

Change = Callable[[tuple[TagPair, ...]], tuple[TagPair, ...]]

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TaggedKind:
    """One type of resource: its table with a column `tags`, and what is said of a name that is not there.

    `column` holds the name, as `key` writes it. Where names are not `plain`,
    they may hold a slash or a colon, and the account is checked for its form.
    Tags are shown in the order in which they came, or `by_key`.
    """

    resource_type: str
    table: str
    missing: Callable[[str], CallerError]
    column: str = "name"
    key: Callable[[str], str] = str
    plain: bool = True
    by_key: bool = False

    def read(self, session: Session, account_id: str, region: str, name: str) -> tuple[TagPair, ...] | None:
        """Give the tags of a resource; None where there is none of this name."""
        row = session.one(f"SELECT tags FROM {self.table} WHERE {self._where}", self._place(account_id, region, name))  # noqa: S608
        return None if row is None else decode(row[0])

    def change(self, session: Session, account_id: str, region: str, name: str, change: Change) -> None:
        """Change the tags of a resource that exists."""
        tags = self._hold(session, account_id, region, name)
        if tags is not None:
            put = f"UPDATE {self.table} SET tags = :tags WHERE {self._where}"  # noqa: S608 - only names
            place = self._place(account_id, region, name)
            session.execute(put, {**place, "tags": encode(change(decode(tags)))})

    def hold(self, session: Session, account_id: str, region: str, name: str) -> bool:
        """Keep other nodes from changing or removing a resource until the commit; False where there is none."""
        return self._hold(session, account_id, region, name) is not None

    def _hold(self, session: Session, account_id: str, region: str, name: str) -> str | None:
        # An UPDATE, so that another node's change waits for this one's commit.
        lock = f"UPDATE {self.table} SET tags = tags WHERE {self._where} RETURNING tags"  # noqa: S608 - only names
        row = session.one(lock, self._place(account_id, region, name))
        return None if row is None else row[0]

    @property
    def _where(self) -> str:
        return f"account_id = :account_id AND region = :region AND {self.column} = :name"

    def _place(self, account_id: str, region: str, name: str) -> dict[str, str | int | float | bytes | None]:
        return {"account_id": account_id, "region": region, "name": self.key(name)}


@dataclass(frozen=True, slots=True)
class TaggedKinds:
    """All types of resources that carry tags, by the word that stands in their ARNs."""

    by_type: Mapping[str, TaggedKind]

    def read(self, session: Session, arn: Arn) -> tuple[TagPair, ...]:
        """Give the tags of the resource with this ARN; none for what has none or is not there."""
        kind = self.by_type.get(arn.resource.partition("/")[0])
        if kind is None:
            return ()
        return kind.read(session, arn.account_id, arn.region, arn.resource.partition("/")[2]) or ()


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as an ARN names it; it need not exist. `region` is the ARN's own."""

    kind: TaggedKind
    name: str
    region: str


def no_such(shape: str, name: str) -> CallerError:
    """Word a resource that is not there (probed)."""
    return CallerError("NotFoundException", f"No {shape} present with name: {name}", status=404)


def not_a_resource() -> CallerError:
    """Word an identity's ARN that cannot be one (probed)."""
    return CallerError("BadRequestException", "Provided resource identifier is not an SES resource")


def read_resource_arn(text: str, kinds: TaggedKinds, account_id: str) -> Resource:
    """Read the ARN of a resource of the caller's account.

    Raises `CallerError` for what has not the form of one, and for another account.
    """
    arn = parse_arn(text)
    kind = None if arn is None else kinds.by_type.get(arn.resource.partition("/")[0])
    if arn is None or kind is None:
        raise _malformed()
    name = arn.resource.partition("/")[2]
    if kind.plain:
        _check_plain(arn, name)
    else:
        _check_identity(arn, kind, name)
    if arn.account_id != account_id:
        raise CallerError(
            "BadRequestException", "Operations on a resource created in a different account is not allowed"
        )
    return Resource(kind, name, arn.region)


def _check_plain(arn: Arn, name: str) -> None:
    if not arn.account_id or not name.strip() or "/" in name or ":" in name:
        raise _malformed()


def _check_identity(arn: Arn, kind: TaggedKind, name: str) -> None:
    """The account's form and the name's are looked at before the account itself (probed)."""
    if not _ACCOUNT.fullmatch(arn.account_id):
        raise not_a_resource()
    refusal = kind.missing(name)
    if refusal.code != "NotFoundException":
        raise refusal


def _malformed() -> CallerError:
    return CallerError("BadRequestException", "ResourceArn is not the expected format")
