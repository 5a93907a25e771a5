# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release this is."""

from __future__ import annotations

import json
from pathlib import Path


def version() -> str:
    """The version that the artifact was built as; "development" in a checkout."""
    try:
        said = (Path(__file__).parents[1] / "release.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return "development"
    return str(json.loads(said)["version"])
