"""What IAM answers to a mistake, in its own words.

Refs: IAM API reference, "Errors" of each operation; the texts were seen in what AWS's tools print.
"""

from __future__ import annotations

from hatobin.words.errors import CallerError


def no_such(text: str) -> CallerError:
    """Say that something is not there."""
    return CallerError("NoSuchEntity", text, status=404)


def no_user(name: str) -> CallerError:
    """Say that a user is not there."""
    return no_such(f"The user with name {name} cannot be found.")


def no_role(name: str) -> CallerError:
    """Say that a role is not there."""
    return no_such(f"The role with name {name} cannot be found.")


def no_key(access_key_id: str) -> CallerError:
    """Say that an access key is not there, or not the named user's."""
    return no_such(f"The Access Key with id {access_key_id} cannot be found.")


def exists(kind: str, name: str) -> CallerError:
    """Say that a name is taken; names that differ by case alone are the same name."""
    return CallerError("EntityAlreadyExists", f"{kind} with name {name} already exists.", status=409)


def over_quota(quota: str, limit: int) -> CallerError:
    """Say that there are as many as there may be."""
    return CallerError("LimitExceeded", f"Cannot exceed quota for {quota}: {limit}", status=409)


def in_use(first: str) -> CallerError:
    """Say what has to go first."""
    return CallerError("DeleteConflict", f"Cannot delete entity, must {first} first.", status=409)


def malformed_document(text: str) -> CallerError:
    """Say that a policy is none."""
    return CallerError("MalformedPolicyDocument", text)


def invalid_input(text: str) -> CallerError:
    """Say that values do not fit together."""
    return CallerError("InvalidInput", text)


def invalid(text: str) -> CallerError:
    """Say that a value is not one of those that it may be."""
    return CallerError("ValidationError", text)


def not_served(what: str) -> CallerError:
    """Refuse a member that would change who may do what and that nothing here heeds."""
    return CallerError("NotImplementedException", f"{what} is not served here.", status=501)
