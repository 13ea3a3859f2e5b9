"""Why a draft is not accepted: facts about the caller's request, told by each door in its own words."""

from __future__ import annotations

from collections.abc import Sequence


class Refusal(Exception):
    """The draft was not accepted and left no trace. `text` is SES's own sentence."""

    def __init__(self, text: str, *, hint: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint


class AccessDenied(Refusal):
    """A policy does not allow the caller to send this."""

    def __init__(self, caller: str, action: str, resource: str) -> None:
        # SES's own quoting (surface.md §3, item 56).
        super().__init__(f"User `{caller}' is not authorized to perform `{action}' on resource `{resource}'")


class NotVerified(Refusal):
    """Identities that must be verified are not: senders always, recipients in the sandbox."""

    def __init__(self, identities: Sequence[str], region: str, *, hint: str | None = None) -> None:
        super().__init__(
            "Email address is not verified. The following identities failed the check in region "
            f"{region.upper()}: {', '.join(identities)}",
            hint=hint,
        )


class MailFromNotVerified(Refusal):
    """The custom MAIL FROM domain is not right in the DNS, and its owner wants nothing sent then."""

    def __init__(self, domain: str) -> None:
        super().__init__(
            f"The MX record required to use the MAIL FROM domain <{domain}> could not be read.",
            hint="hatobin dns DOMAIN prints the records; BehaviorOnMxFailure USE_DEFAULT_VALUE sends without them",
        )


class NoSuchConfigurationSet(Refusal):
    """The named configuration set does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Configuration set <{name}> does not exist.")


class NoSuchContactList(Refusal):
    """The named contact list does not exist."""

    def __init__(self, name: str) -> None:
        super().__init__(f"List with name: {name} doesn't exist.")


class NoSuchTopic(Refusal):
    """The contact list has no such topic."""

    def __init__(self, topic: str, contact_list: str) -> None:
        super().__init__(f"List: {contact_list} doesn't contain Topic: {topic}")


class RateExceeded(Refusal):
    """Too many recipients per second."""

    def __init__(self) -> None:
        super().__init__("Maximum sending rate exceeded.")


class DailyQuotaExceeded(Refusal):
    """Too many recipients in 24 hours."""

    def __init__(self) -> None:
        super().__init__("Daily message quota exceeded.")


class AccountPaused(Refusal):
    """Sending is switched off for the whole account."""

    def __init__(self) -> None:
        super().__init__("Account sending is disabled.")


class ConfigurationSetPaused(Refusal):
    """Sending is switched off for the configuration set."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Sending is paused for configuration set {name}")


class NoSuchTenant(Refusal):
    """The named tenant does not exist."""

    def __init__(self, name: str, account_id: str) -> None:
        super().__init__(f"Tenant {name} for AwsAccountId {account_id} not found.")


class NotAssociated(Refusal):
    """The tenant was not given what it wants to send with: its identity, configuration set or template."""

    def __init__(self, arns: Sequence[str]) -> None:
        super().__init__(
            f"Tenant not associated with resources [{', '.join(arns)}].",
            hint="aws sesv2 create-tenant-resource-association gives them to it",
        )


class TenantPaused(Refusal):
    """Sending is switched off for the tenant."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Sending is paused for tenant {name}")


class NoSuchEndpoint(Refusal):
    """The account has no multi-region endpoint of this id."""

    def __init__(self, endpoint_id: str) -> None:
        super().__init__(f"Multi-region endpoint with id <{endpoint_id}> does not exist.")


class TooManyRecipients(Refusal):
    """More than 50 recipients in To, Cc and Bcc together."""

    def __init__(self) -> None:
        super().__init__("Recipient count exceeds 50.")


class BadContent(Refusal):
    """The message itself is malformed: a duplicate header, no From, a line that cannot be sent."""


class Unavailable(Refusal):
    """We cannot record the message now. The caller may try again; nothing was kept."""
