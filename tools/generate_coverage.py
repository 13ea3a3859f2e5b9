"""Write docs/coverage.md: which operations of which service have a function, from the registry itself.

`python -m tools.generate_coverage`, or `make coverage-doc`. A test compares the
committed page with `coverage_page()`, so the page cannot promise more than there is.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from hatobin.gateway import Handlers, registered_operations
from hatobin.gateway.models import SERVICES, service_model

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "coverage.md"

# The services that hatobin stands in for; of the others only what SES users need beside them.
WHOLE = {"sesv2": "SES API v2", "ses": "SES API v1", "mailmanager": "SES Mail Manager"}
LAYERS = ("capabilities", "companions", "flow")


def _operations() -> Handlers:
    """Import every module that registers operations, and give what the product registers."""
    for layer in LAYERS:
        package = import_module(f"hatobin.{layer}")
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if found.name.rpartition(".")[2].startswith("api"):
                import_module(found.name)
    return {
        key: handler for key, handler in registered_operations().items() if handler.__module__.startswith("hatobin.")
    }


def _service_lines(service: str, title: str, served: Handlers) -> Iterator[str]:
    """The section of one service: every operation, or for a companion only those with a function."""
    names = sorted(service_model(service).operations)
    done = [name for name in names if (service, name) in served]
    shown = names if service in WHOLE else done
    yield f"## {title}"
    yield ""
    yield f"{len(done)} of {len(names)} operations."
    yield ""
    yield "| operation | served by |"
    yield "|---|---|"
    for name in shown:
        handler = served.get((service, name))
        room = handler.__module__.removeprefix("hatobin.").replace(".", "/") if handler else ""
        yield f"| {name} | {f'`{room}`' if room else 'not yet'} |"
    yield ""


def coverage_page() -> str:
    """Give the whole page."""
    served = _operations()
    lines = [
        "# Coverage",
        "",
        "Written by `make coverage-doc` from the registry of operations; do not edit.",
        "An operation that is not served yet answers with an error of its service's model.",
        "Of companion services only the operations that are served are listed.",
        "",
        "| service | served | of |",
        "|---|---|---|",
    ]
    titles = WHOLE | {name: name.upper() for name in SERVICES if name not in WHOLE}
    for service, title in titles.items():
        count = sum(named == service for named, _ in served)
        lines.append(f"| {title} | {count} | {len(service_model(service).operations)} |")
    lines.append("")
    for service, title in titles.items():
        lines += _service_lines(service, title, served)
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(coverage_page(), encoding="utf-8")
