# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wait took is known to the next run."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils import waits


def test_what_was_waited_for_is_known_to_the_next_run(tmp_path: Path) -> None:
    waits.keep(tmp_path / "reports", "production", {"home": {"db_instance/main": 912.4}})
    assert waits.read(tmp_path / "reports", "production") == {"home": {"db_instance/main": 912.4}}
    assert waits.read(tmp_path / "reports", "staging") == {}


def test_a_run_that_waits_for_less_forgets_nothing(tmp_path: Path) -> None:
    waits.keep(tmp_path, "production", {"home": {"db_instance/main": 912.4, "vpc/main": 3.0}})
    waits.keep(tmp_path, "production", {"home": {"vpc/main": 4.0}, "recovery": {}})
    known = waits.read(tmp_path, "production")
    assert known["home"] == {"db_instance/main": 912.4, "vpc/main": 4.0}


def test_a_run_that_waits_for_nothing_writes_nothing(tmp_path: Path) -> None:
    waits.keep(tmp_path, "production", {"home": {}})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", '{"home": 3}', '{"home": {"vpc/main": "long"}}'])
def test_a_file_that_is_not_ours_stops_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / "production-waits.json").write_text(content)
    assert waits.read(tmp_path, "production") == {}
