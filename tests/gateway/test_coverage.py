"""The coverage page: every operation of SES stands in one group, and the totals are the surface's."""

from __future__ import annotations

import pytest

from hatobin.gateway.models import service_model
from tools.coverage_groups import GROUPS
from tools.generate_coverage import coverage_page, grouped


@pytest.mark.parametrize("service", GROUPS)
def test_every_operation_stands_in_exactly_one_group(service: str) -> None:
    names = [name for group in grouped(service).values() for name in group]
    assert sorted(names) == sorted(service_model(service).operations)
    assert "not grouped yet" not in grouped(service)


def test_the_totals_stand_at_the_top() -> None:
    top = coverage_page().partition("\n## ")[0]
    for line in ("| SES API v2 |", "| SES API v1 |", "| SES Mail Manager |", "| **SES together** |"):
        assert line in top
    assert "| **248** |" in top
