"""Write every generated module: `python -m tools.generate_models`."""

from __future__ import annotations

from pathlib import Path

from tools.generate_models.module import SERVICES, module_source
from tools.generate_models.names import module_name

TARGET = Path(__file__).resolve().parents[2] / "src" / "hatobin" / "gateway" / "models"

if __name__ == "__main__":
    for service in SERVICES:
        (TARGET / f"{module_name(service)}.py").write_text(module_source(service), encoding="utf-8")
