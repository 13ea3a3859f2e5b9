"""The outbound flow of one worker, put together over any ports: the real ones, or simulated ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hatobin.app.report_links import report_links
from hatobin.app.resource_facts import resource_facts
from hatobin.app.store import open_objects
from hatobin.app.tagged import tagged_kinds
from hatobin.capabilities import configuration_sets, contacts, identities, queue, tenants, tracking
from hatobin.capabilities.delivery import Sites
from hatobin.capabilities.jobs import ExportLinks, ReportLinks
from hatobin.capabilities.suppression import TenantLists
from hatobin.capabilities.tags import TaggedKinds
from hatobin.companions import iam, lambda_, outward, s3, sns, sqs
from hatobin.companions.kms import Vault
from hatobin.flow.engagement import Engagements
from hatobin.flow.exports import Exports
from hatobin.flow.imports import Imports
from hatobin.flow.outbound import Acceptor, Dispatcher, OutboundFigures, Settler, Signals, Signer
from hatobin.flow.publish import Publisher
from hatobin.flow.subscription import Subscriptions
from hatobin.flow.topic_mail import TopicMails
from hatobin.gateway import ResourceFacts, Services
from hatobin.ports import Ports
from hatobin.ports.processes import Processes
from hatobin.words.settings import Settings


@dataclass(frozen=True, slots=True)
class Outbound:
    """Accept, dispatch and publish of one worker, and the services that operations use."""

    acceptor: Acceptor
    dispatcher: Dispatcher
    publisher: Publisher
    imports: Imports
    exports: Exports
    sns_deliveries: sns.SnsDeliveries
    queue_counts: sns.QueueCounts
    calls: outward.OutwardCalls
    topic_mails: TopicMails
    subscriptions: Subscriptions
    engagements: Engagements
    services: Services
    ready: queue.ReadyQueue
    figures: OutboundFigures

    @property
    def fleet(self) -> lambda_.Fleet:
        """The functions that run in this worker."""
        return self.services.get(lambda_.Fleet)

    @property
    def invocations(self) -> lambda_.EventInvocations:
        """What runs those that nobody waits for."""
        return self.services.get(lambda_.EventInvocations)


def assemble_outbound(
    ports: Ports,
    settings: Settings,
    *,
    lease: queue.Lease,
    attempts: queue.AttemptLog,
    vault: Vault,
    keys: iam.AccessKeys,
    sns_signer: sns.SnsSigner,
    processes: Processes,
    settled: Callable[[], None],
) -> Outbound:
    """Connect the stages; nothing runs yet. `settled` is called after each commit of outcomes."""
    ready = queue.ReadyQueue(max_messages=settings.delivery.ready_messages, max_bytes=settings.delivery.ready_bytes)
    sites = Sites(settings.delivery, ports.dns, ports.entropy)
    waiters = sqs.SqsWaiters(ports.clock)
    counts = sns.QueueCounts(ports)
    # The stages call each other through signals, so the later ones are looked up when called.
    signals = Signals(
        ready=lambda site, message: dispatcher.offer(site, message),
        due=lambda: dispatcher.wake_claims(),
        published=lambda: publisher.wake(),
        at_once=_after_commit(waiters, counts),
        settled=settled,
        kept=lambda count: settler.kept(count),
    )
    figures = OutboundFigures()
    settler = Settler(ports, settings, lease, ready, attempts, signals, figures)
    dispatcher = Dispatcher(ports, settings, lease, ready, sites, settler, Signer(ports, settings, vault), attempts)
    links = contacts.SubscriptionLinks(vault, settings)
    tracked = tracking.TrackingLinks(ports, vault, settings)
    acceptor = Acceptor(ports, settings, lease, ready, sites, signals, links, tracked, figures)
    deliveries, calls = sns.SnsDeliveries(ports, settings, sns_signer, waiters), outward.OutwardCalls(ports, settings)
    letters = sns.LetterTopics(ports.entropy, sns_signer, lambda published: sns.announce(services, published))
    services = Services(
        _of_other_rooms(ports, settings, keys, vault)
        | _functions(ports, lambda_.Fleet(ports, settings, processes, vault), waiters, letters)
        | {
            Acceptor: acceptor,
            outward.OutwardCalls: calls,
            sns.SnsDeliveries: deliveries,
            sns.SnsSigner: sns_signer,
            sqs.SqsWaiters: waiters,
        }
    )
    publisher = Publisher(ports, services)
    return Outbound(
        acceptor,
        dispatcher,
        publisher,
        Imports(ports, settings, services, lease),
        Exports(ports, lease),
        deliveries,
        counts,
        calls,
        TopicMails(ports, settings, sns_signer, signals.due),
        Subscriptions(ports, links, signals),
        Engagements(ports, settings, tracked, signals),
        services,
        ready,
        figures,
    )


def _after_commit(waiters: sqs.SqsWaiters, counts: sns.QueueCounts) -> Callable[[sns.DoneAtOnce], None]:
    """Give what follows when queues got events with a transaction."""

    def follow(done: sns.DoneAtOnce) -> None:
        waiters.notify_all(done.queues)
        counts.add(done.delivered)

    return follow


def _functions(
    ports: Ports, fleet: lambda_.Fleet, waiters: sqs.SqsWaiters, letters: lambda_.Topics
) -> dict[type, object]:
    """Give what runs functions."""
    return {
        lambda_.Fleet: fleet,
        lambda_.EventInvocations: lambda_.EventInvocations(ports, fleet, waiters, letters),
    }


def _of_other_rooms(ports: Ports, settings: Settings, keys: iam.AccessKeys, vault: Vault) -> dict[type, object]:
    """Give what one room may ask of another without knowing it."""
    return {
        ExportLinks: ExportLinks(vault, settings),
        ReportLinks: report_links(settings, keys),
        Vault: vault,
        TaggedKinds: tagged_kinds(),
        iam.AccessKeys: keys,
        ResourceFacts: resource_facts(),
        TenantLists: TenantLists(tenants.find_id),
        configuration_sets.DomainOwnership: configuration_sets.DomainOwnership(identities.is_verified_domain),
        s3.Buckets: s3.Buckets(open_objects(settings, ports)),
        s3.Authorization: s3.Authorization(s3.by_policies),
    }
