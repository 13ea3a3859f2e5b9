"""What a batch of records does, in one transaction with how far its job has come."""

from __future__ import annotations

from dataclasses import dataclass

from hatobin.capabilities import contacts, suppression
from hatobin.capabilities.contacts import Contact, ContactList
from hatobin.capabilities.jobs import store
from hatobin.capabilities.jobs.hold_store import Hold
from hatobin.capabilities.jobs.model import ImportJob, ImportOrder, JobFailed, JobKey, Rejected
from hatobin.capabilities.jobs.reading import Batch
from hatobin.capabilities.jobs.report import report_parts
from hatobin.ports import Session


class JobLost(Exception):
    """The job is not ours any more, or has moved on: nothing of this transaction counts."""


@dataclass(frozen=True, slots=True)
class Step:
    """One batch to be recorded, and under which hold; `etag` is that of the object that it was read from."""

    job: ImportJob
    batch: Batch
    etag: str
    hold: Hold


def take_step(session: Session, step: Step, *, now: float) -> ImportJob:
    """Do what the records of a batch ask for, and give the job as it is then.

    Raises `JobLost`, and `JobFailed` when the contact list is gone; nothing is done then.
    """
    job, batch = step.job, step.batch
    order = job.order
    rejected = batch.rejected
    if order.target == "CONTACT_LIST":
        rejected += _contacts(session, job.key, order, batch)
    else:
        _addresses(session, job.key, order, batch, now)
    moved = store.advance(
        session,
        job,
        step.hold,
        position=batch.end,
        processed=batch.count,
        failed=len(rejected),
        etag=step.etag,
        columns=batch.columns,
    )
    if moved is None:
        raise JobLost(job.key.job_id)
    store.keep_failures(session, job.key, batch.start, list(report_parts(rejected, order.data_format)))
    return moved


def _addresses(session: Session, key: JobKey, order: ImportOrder, batch: Batch, now: float) -> None:
    # Of an address that comes twice the last record holds, as if they had come one by one; in the order of
    # addresses, so that two jobs lock the rows that they share in one order.
    entries = sorted(dict(batch.entries).items())
    if order.action == "PUT":
        suppression.add_many(session, key.account_id, key.region, entries, now)
    else:
        suppression.remove_many(session, key.account_id, key.region, [address for address, _ in entries])


def _contacts(session: Session, key: JobKey, order: ImportOrder, batch: Batch) -> tuple[Rejected, ...]:
    contact_list = contacts.hold_list(session, key.account_id, key.region, order.list_name)
    if contact_list is None:
        raise JobFailed(f"ContactList <{order.list_name}> doesn't exist")
    taken: dict[str, Contact] = {}
    rejected: list[Rejected] = []
    for record in batch.contacts:
        contact = record.contact
        if order.action == "PUT" and (reason := _fault(contact_list, contact)) is not None:
            rejected.append(Rejected(record.fields, reason))
        else:
            taken[contacts.address_key(contact.address)] = contact
    where = (session, key.account_id, key.region, order.list_name)
    if order.action == "PUT":
        contacts.put_many(*where, [taken[address] for address in sorted(taken)])
    else:
        contacts.delete_many(*where, sorted(taken))
    return tuple(rejected)


def _fault(contact_list: ContactList, contact: Contact) -> str | None:
    try:
        contacts.check_preferences(contact_list, contact.preferences)
    except contacts.InvalidContact as invalid:
        return str(invalid)
    return None
