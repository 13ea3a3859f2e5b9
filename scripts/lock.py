"""Write requirements.lock and requirements-dev.lock: the newest versions pyproject.toml allows.

pip resolves (without installing) what the project with its extra `lambda`, and its `dev` group ask for;
each lock then holds one `name==version` per line, complete, sorted, without
addresses. The development lock is resolved last and takes the other one as
given, so it always contains it. Run on the oldest supported Python, which
needs the most packages; `make lock` does.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)


def resolve(wanted: list[str]) -> list[str]:
    """Give the complete pinned set for these requirements, as pip would install it from nothing."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--report", "-"]
    report = json.loads(subprocess.run([*command, *wanted], check=True, stdout=subprocess.PIPE).stdout)
    pins = {}
    for item in report["install"]:
        # PEP 503: runs of "-", "_" and "." are one "-" in a normalized name.
        name = re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower()
        pins[name] = item["metadata"]["version"]
    return [f"{name}=={pins[name]}" for name in sorted(pins)]


def main() -> None:
    """Resolve both sets and write both files."""
    if sys.version_info[:2] != OLDEST:
        sys.exit(f"Lock on Python {OLDEST[0]}.{OLDEST[1]}; this is {sys.version.split()[0]}.")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # A checkout runs functions; whoever installs the package chooses.
    run = resolve(project["project"]["dependencies"] + project["project"]["optional-dependencies"]["lambda"])
    develop = resolve(run + project["dependency-groups"]["dev"])
    (ROOT / "requirements.lock").write_text("\n".join(run) + "\n")
    (ROOT / "requirements-dev.lock").write_text("\n".join(develop) + "\n")


if __name__ == "__main__":
    main()
