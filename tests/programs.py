"""Programs that are not ours and that interop tests start: found, or the test is skipped with the reason.

`scripts/test-services` installs them. On CI (`CI_REQUIRE_SERVICES=1`) a missing
program is a failure, because a suite that quietly skips proves nothing.
"""

from __future__ import annotations

import os
import shutil
from glob import glob
from pathlib import Path

import pytest

# Debian keeps servers out of the PATH of ordinary users, and PostgreSQL's out of everybody's.
_ALSO = ("/usr/local/sbin", "/usr/sbin", "/sbin", *sorted(glob("/usr/lib/postgresql/*/bin"), reverse=True))


def find_program(name: str) -> Path | None:
    """Give the path of a program, or None where it is not installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_ALSO))
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def require_program(name: str) -> Path:
    """Give the path of a program, or skip (on CI: fail) the test that needs it.

    The name must stand in the table of `scripts/test-services`; `tests/tidy`
    checks that, so that a bare machine can run every test.
    """
    found = find_program(name)
    if found is not None:
        return found
    reason = f"{name} is not installed (scripts/test-services installs it)"
    if os.environ.get("CI_REQUIRE_SERVICES") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
