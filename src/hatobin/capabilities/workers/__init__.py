"""Workers: what each of them counts, told to the others through the store."""

from __future__ import annotations

from hatobin.capabilities.workers.store import FIGURES_KEPT_S, put_figures, shared_figures

__all__ = ["FIGURES_KEPT_S", "put_figures", "shared_figures"]
