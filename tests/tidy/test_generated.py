"""What is generated and committed is what the generator writes today."""

from __future__ import annotations

import pytest

from tests.tidy.source import ROOT
from tools.generate_coverage import TARGET, coverage_page
from tools.generate_models import SERVICES, module_name, module_source


@pytest.mark.parametrize("service", SERVICES)
def test_models_are_what_the_generator_writes(service: str) -> None:
    committed = (ROOT / f"src/hatobin/gateway/models/{module_name(service)}.py").read_text(encoding="utf-8")
    assert committed == module_source(service), "make models"


def test_the_coverage_page_is_what_the_registry_says() -> None:
    assert TARGET.read_text(encoding="utf-8") == coverage_page(), "make coverage-doc"
