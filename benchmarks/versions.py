# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of everything that took part."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path

_ASK = """
import importlib.metadata as m, json, platform, sys
found = {"python": platform.python_version()}
for name in sys.argv[1:]:
    try:
        found[name] = m.version(name)
    except m.PackageNotFoundError:
        pass
print(json.dumps(found))
"""
PACKAGES = ("ansible", "ansible-core", "boto3", "botocore", "moto", "werkzeug")


def of_environment(python: Path) -> dict[str, str]:
    """Versions of Python and of the packages that count, of one virtual environment."""
    if not python.exists():
        return {}
    asked = subprocess.run(
        [python, "-c", _ASK, *PACKAGES], check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found


def of_collections(environment: Path) -> dict[str, str]:
    """Versions of the peer's collections."""
    found = {}
    for name in ("amazon", "community"):
        pattern = f"lib/python3*/site-packages/ansible_collections/{name}/aws/MANIFEST.json"
        for manifest in environment.glob(pattern):
            content = json.loads(manifest.read_text(encoding="utf-8"))
            found[f"{name}.aws"] = str(content["collection_info"]["version"])
    return found


def machine() -> dict[str, str]:
    """What it ran on; the names of machine and user are left out."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "processors": str(processors()),
    }


def processors() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def commit(checkout: Path) -> str:
    """The commit of the checkout, with a + if files differ from it; empty if it is no checkout."""
    head = _git(checkout, "rev-parse", "HEAD")
    return head + ("+" if head and _git(checkout, "status", "--porcelain") else "")


def _git(checkout: Path, *words: str) -> str:
    try:
        ran = subprocess.run(["git", *words], cwd=checkout, capture_output=True, text=True)  # noqa: PLW1510
    except OSError:
        return ""
    return ran.stdout.strip() if ran.returncode == 0 else ""
