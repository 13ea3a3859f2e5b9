"""Write docs/coverage.md: which operations of which service have a function, from the registry itself.

`python -m tools.generate_coverage`, or `make coverage-doc`. A test compares the
committed page with `coverage_page()`, so the page cannot promise more than there is.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from hatobin.companions import s3
from hatobin.gateway import Handlers, registered_operations
from hatobin.gateway.models import SERVICES, service_model
from tools.coverage_groups import GROUPS

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "coverage.md"

# The services that hatobin stands in for; of the others only what SES users need beside them.
WHOLE = {"sesv2": "SES API v2", "ses": "SES API v1", "mailmanager": "SES Mail Manager"}
LAYERS = ("capabilities", "companions", "flow")


def served_operations() -> Handlers:
    """Import every module that registers operations, and give what the product serves."""
    for layer in LAYERS:
        package = import_module(f"hatobin.{layer}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.rpartition(".")[2].startswith("api"):
                import_module(found.name)
    return {
        key: handler for key, handler in registered_operations().items() if handler.__module__.startswith("hatobin.")
    }


def grouped(service: str) -> dict[str, list[str]]:
    """Give every operation of a service by group; what the table does not know yet is its own group."""
    groups = {group: names.split() for group, names in GROUPS[service].items()}
    known = {name for names in groups.values() for name in names}
    unknown = known - set(service_model(service).operations)
    if unknown:
        raise LookupError(f"{service} has no operations {sorted(unknown)}: see tools/coverage_groups.py")
    new = sorted(set(service_model(service).operations) - known)
    return groups | ({"not grouped yet": new} if new else {})


def _totals(served: Handlers) -> Iterator[str]:
    yield "| service | served | of |"
    yield "|---|---|---|"
    counts = {service: sum(named == service for named, _ in served) for service in SERVICES}
    models = {service: service_model(service) for service in SERVICES}
    sizes = {service: model.whole or len(model.operations) for service, model in models.items()}
    for service, title in WHOLE.items():
        yield f"| {title} | {counts[service]} | {sizes[service]} |"
    yield f"| **SES together** | **{sum(counts[s] for s in WHOLE)}** | **{sum(sizes[s] for s in WHOLE)}** |"
    for service in SERVICES:
        if service not in WHOLE:
            yield f"| {service.upper()} (beside SES) | {counts[service]} | {sizes[service]} |"
    yield f"| S3 (beside SES, [by hand](s3.md)) | {len(s3.served_operations())} | – |"
    yield ""


def _room(served: Handlers, service: str, name: str) -> str:
    handler = served.get((service, name))
    if handler is None:
        return "not yet"
    return f"`{handler.__module__.removeprefix('hatobin.').replace('.', '/')}`"


def _whole_service(service: str, title: str, served: Handlers) -> Iterator[str]:
    """The section of a service that hatobin stands in for: every operation, by group."""
    yield f"## {title}"
    yield ""
    for group, names in grouped(service).items():
        done = sum((service, name) in served for name in names)
        yield f"### {group[0].upper()}{group[1:]}: {done} of {len(names)}"
        yield ""
        yield "| operation | served by |"
        yield "|---|---|"
        for name in names:
            yield f"| {name} | {_room(served, service, name)} |"
        yield ""


def _companion(service: str, served: Handlers) -> Iterator[str]:
    """The section of a service beside SES: only what is served."""
    names = sorted(name for named, name in served if named == service)
    yield f"## {service.upper()}"
    yield ""
    if not names:
        yield "Nothing yet."
    else:
        yield "| operation | served by |"
        yield "|---|---|"
        for name in names:
            yield f"| {name} | {_room(served, service, name)} |"
    yield ""


def _s3() -> Iterator[str]:
    """The section of S3, whose protocol is made by hand: there is no model to count."""
    yield "## S3"
    yield ""
    yield "| operation | served by |"
    yield "|---|---|"
    for name, operation in sorted(s3.served_operations().items()):
        yield f"| {name} | `{operation.__module__.removeprefix('hatobin.').replace('.', '/')}` |"
    yield ""


def coverage_page() -> str:
    """Give the whole page."""
    served = served_operations()
    lines = [
        "# Coverage",
        "",
        "Written by `make coverage-doc` from the registry of operations; do not edit.",
        "An operation that is not served yet answers HTTP 501 with `NotImplementedException`.",
        "Of the services beside SES only the operations that are served are listed.",
        "",
        *_totals(served),
    ]
    for service, title in WHOLE.items():
        lines += _whole_service(service, title, served)
    for service in SERVICES:
        if service not in WHOLE:
            lines += _companion(service, served)
    lines += _s3()
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(coverage_page(), encoding="utf-8")
