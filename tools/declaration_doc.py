# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the tables of docs/declaration.md as the fields in the code are.

`python tools/declaration_doc.py` rewrites what stands between the marks of each table.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".cache/tree"))

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import (  # noqa: E402
    TIERS,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import (  # noqa: E402
    CONNECTION_FIELDS,
    RUN_FIELDS,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import (  # noqa: E402
    Field,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.site import (  # noqa: E402
    ENVIRONMENT_FIELDS,
    SITE_FIELDS,
)

PAGE = ROOT / "docs/declaration.md"
TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
# What the playbooks say by themselves.
SAID = {"site", "wait", "known", "planned", "peer_failed", "peer_absent"}
LONGEST = 60


def tables() -> dict[str, str]:
    """Name of a table -> its text in Markdown."""
    whole = [field for field in (*ENVIRONMENT_FIELDS, *RUN_FIELDS) if field.name not in SAID]
    return {
        "environment": table(whole, "phoenix_"),
        "site": table(SITE_FIELDS),
        "connection": table(CONNECTION_FIELDS),
        **{tier.TIER: table(tier.FIELDS, f"{tier.TIER}_") for tier in TIERS},
    }


def table(fields: Iterable[Field], prefix: str = "") -> str:
    """A row for each field, under its name as a variable."""
    return "".join(["| name | is | default |\n", "|---|---|---|\n", *_rows(fields, prefix)])


def _rows(fields: Iterable[Field], prefix: str) -> Iterator[str]:
    for field in fields:
        rule = field.rule
        if field.key:
            rule += f"; each name is {field.key.rule}"
        if field.entry:
            rule += f"; each value is {field.entry.rule}"
        if field.required:
            default = f"required, as {_json(field.example)}"
        elif field.default in (None, "", (), {}):
            default = f"none; as {_json(field.example)}"
        else:
            default = _json(field.default)
        yield f"| `{prefix}{field.name}` | {rule} | {default} |\n"


def _json(value: object) -> str:
    """A value as YAML takes it too, on one line; a table has no room for all sites."""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= LONGEST else "above"


def written(page: str) -> str:
    """The page with its tables as they should be. Raises KeyError on a table that nobody knows."""
    found = tables()
    return TABLE.sub(lambda match: f"{match[1]}\n{found[match[2]]}\n{match[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
