# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/runbook-*.md out of the tables of steps: python tools/runbook_doc.py"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.runbook import (
    BY_HAND,
    written,
)

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    for operation in BY_HAND:
        (DOCS / f"runbook-{operation}.md").write_text(written(operation), "utf-8")


if __name__ == "__main__":
    main()
