# SPDX-License-Identifier: GPL-3.0-or-later
"""A runbook can be followed by hand: values are filled in, and what lacks one is seen."""

from __future__ import annotations

from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.reports.runbook import (
    missing,
    runbook,
)

STEPS: list[dict[str, Any]] = [
    {
        "name": "look",
        "title": "Look at {home}",
        "why": "A database that takes writes must not be left behind.",
        "by_hand": ["Open the console of {home}, and look at `{database}`."],
        "reversible": True,
        "if_it_fails": "",
    },
    {
        "name": "promote",
        "title": "Promote the replica",
        "why": "",
        "by_hand": [
            "Ask for it:",
            "$ aws rds promote-read-replica --region {recovery} \\",
            "$     --db-instance-identifier {database}",
            "Wait until it is a primary.",
            '$ echo "${status}" {"a": 1}',
        ],
        "reversible": False,
        "if_it_fails": "Look at the events of {database}, then ask again.",
    },
]
VALUES = {"home": "us-east-1", "recovery": "us-west-2"}


def test_a_runbook_fills_in_values_and_leaves_to_be_seen_what_has_none() -> None:
    assert runbook("Failover of production", STEPS, VALUES) == (
        """\
# Failover of production by hand

The steps of the playbook, in its order, for a day on which it cannot be run. Begin no step before \
the one above it is done. **No way back** stands where a step cannot be undone: read on before you \
do it.

Look these up first: `<database>`.

## 1. Look at `us-east-1`

A database that takes writes must not be left behind.

Open the console of `us-east-1`, and look at `<database>`.

## 2. Promote the replica

**No way back.**

Ask for it:

```sh
aws rds promote-read-replica --region us-west-2 \\
    --db-instance-identifier <database>
```

Wait until it is a primary.

```sh
echo "${status}" {"a": 1}
```

*If it fails:* Look at the events of `<database>`, then ask again.
"""
    )


def test_without_values_every_placeholder_is_listed_once() -> None:
    assert missing(STEPS, {}) == ["home", "database", "recovery"]
    assert "Look these up first: `<home>`, `<database>`, `<recovery>`." in runbook("It", STEPS)


def test_an_empty_value_is_none() -> None:
    assert missing(STEPS, {**VALUES, "database": ""}) == ["database"]


def test_with_all_values_nothing_has_to_be_looked_up() -> None:
    told = runbook("It", STEPS, {**VALUES, "database": "production-recovery-database"})
    assert "Look these up" not in told and "<" not in told
