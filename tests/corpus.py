"""Where the acceptance corpora lie, when they lie beside the checkout.

The corpora are reference material and not part of the repository. A test that
uses one asks here and is skipped, with the reason, where the folder is absent.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CORPORA = Path(os.environ.get("HATOBIN_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "corpora"))


def corpus_path(name: str) -> Path:
    """Give the path of a corpus file or folder, or skip the test that asked for it."""
    path = _CORPORA / name
    if not path.exists():
        pytest.skip(f"corpus {name} is not beside this checkout")
    return path


def reference_path(name: str) -> Path:
    """Give the path of another page of the reference material, or skip the test that asked for it."""
    path = _CORPORA.parent / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    return path
