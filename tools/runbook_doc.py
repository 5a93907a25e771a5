# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/runbook-failover.md out of the table of steps: python tools/runbook_doc.py"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.runbook import written

DOCS = Path(__file__).parents[1] / "docs"


def main() -> None:
    (DOCS / "runbook-failover.md").write_text(written("failover"), "utf-8")


if __name__ == "__main__":
    main()
