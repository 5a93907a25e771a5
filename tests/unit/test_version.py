# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports name the version that is built."""

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.version import VERSION

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_that_reports_name_is_that_of_the_collection() -> None:
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))["version"] == VERSION
