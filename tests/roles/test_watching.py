# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program on a host makes of what it has seen of a migration, as data."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest

from sandbox.running import CHECKOUT

SOURCE = CHECKOUT / "roles/database/files/watching.py"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("watching", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "watching", module)  # where a tuple's class looks itself up
    spec.loader.exec_module(module)
    return module


def held(program: ModuleType, *looks: tuple[Mapping[Any, set[str]], float]) -> dict[str, Any]:
    """What is told of tables 1, "orders", and 2, "items", after these looks and their seconds."""
    found: dict[Any, Any] = {}
    for seen, span in looks:
        locks = {program.Lock(*lock): frozenset(who) for lock, who in seen.items()}
        program.add(found, locks, span)
    told: dict[str, Any] = program.by_table(found, {1: "orders", 2: "items"})
    return told


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("select * from a where b = 'x''y' and c = 5", "select * from a where b = ? and c = ?"),
        (r"update t set a = E'a\'b, ada' where n = 1", "update t set a = ? where n = ?"),
        ("update t set a1 = -5.3, b = .5e-7, c = 0x1f", "update t set a1 = -?, b = ?-?, c = ?"),
        ("select date'2020-01-01', x'ff', U&'ada'", "select date?, ?, ?"),
        ("do $$ begin 'ada'; end $$ language x", "do ? language x"),
        ("select $a$ $$ ada $a$, $1", "select ?, $1"),
        ('copy "Ada\'s"\n\tfrom  stdin', 'copy "Ada\'s" from stdin'),
        ("/* ada */ select 1 -- ada\n from t", "select ? from t"),
    ],
)
def test_of_a_statement_its_words_are_told_and_no_value(
    program: ModuleType, statement: str, told: str
) -> None:
    assert program.without_values(statement) == told


@pytest.mark.parametrize(
    "statement",
    [
        "select 'ada",  # cut off by the server
        "select E'it\\'s ada",
        "select $$ ada",
        'select "ada',
        # By a setting of the session it ends at the first quote or not.
        r"select 'C:\', ada, '",
        r"select 'it\'s ada'",
        "select /* a /* b */ ada */",
    ],
)
def test_where_it_cannot_be_told_where_a_value_ends_nothing_more_is_told(
    program: ModuleType, statement: str
) -> None:
    assert program.without_values(statement) == "select …"


def test_only_the_first_words_of_a_long_statement_are_told(program: ModuleType) -> None:
    told = program.without_values("insert into t values " + ", ".join(["(1)"] * 100))
    assert told == "insert into t values" + " (?)," * 8 + " …"


def test_the_strongest_mode_is_told_first_and_whom_it_keeps_from_what(program: ModuleType) -> None:
    look = {(1, "SHARE"): {"a"}, (1, "ACCESS SHARE"): {"a"}, (2, "ROW EXCLUSIVE"): {"a"}}
    told = held(program, (look, 0.5))
    assert list(told) == ["items", "orders"]
    assert (told["orders"]["mode"], told["orders"]["keeps_from"]) == ("SHARE", "writes")
    assert told["orders"]["weaker"]["ACCESS SHARE"]["keeps_from"] == "nothing"
    assert told["items"]["keeps_from"] == "nothing"


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [
        ("ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"),
        ("SHARE UPDATE EXCLUSIVE", "SHARE"),
        ("SHARE", "SHARE ROW EXCLUSIVE"),
        ("SHARE ROW EXCLUSIVE", "EXCLUSIVE"),
        ("EXCLUSIVE", "ACCESS EXCLUSIVE"),
    ],
)
def test_of_two_modes_the_one_is_stronger_with_which_less_goes_together(
    program: ModuleType, weaker: str, stronger: str
) -> None:
    assert program.strongest([weaker, stronger]) == stronger
    assert program.strongest([stronger, weaker]) == stronger


def test_looks_that_follow_each_other_are_one_stretch(program: ModuleType) -> None:
    lock = (1, "ACCESS EXCLUSIVE")
    looks = [({lock: {"a"}}, 1.0), ({lock: {"a", "b"}}, 2.0), ({lock: {"b"}}, 4.0)]
    told = held(program, *looks, ({}, 8.0), ({lock: {"b"}}, 16.0))
    assert (told["orders"]["seconds"], told["orders"]["longest"]) == (23.0, 16.0)
    told = held(program, *looks, ({}, 8.0), ({lock: {"b"}}, 2.0))
    assert (told["orders"]["seconds"], told["orders"]["longest"]) == (9.0, 7.0)


def test_between_two_transactions_a_table_is_let_go(program: ModuleType) -> None:
    lock = (1, "EXCLUSIVE")
    told = held(program, ({lock: {"a"}}, 1.0), ({lock: {"b"}}, 2.0))
    assert (told["orders"]["seconds"], told["orders"]["longest"]) == (3.0, 2.0)


def test_a_table_of_the_same_rows_in_another_file_was_rewritten(program: ModuleType) -> None:
    before = {
        1: program.Relation("orders", "table", 7, 100, True),
        2: program.Relation("items", "table", 8, None, True),
        3: program.Relation("orders_pkey", "index", 9, 100, True),
        4: program.Relation("old", "view", 0, None, True),
    }
    after = {
        1: before[1]._replace(file=17),
        2: before[2],
        3: before[3]._replace(file=19, valid=False),
        5: program.Relation("new", "table", 20, None, True),
    }
    assert program.changes(before, after, {1: 8192}) == {
        "rewritten": {"orders": {"bytes": 8192, "rows": 100}},
        "made": {"new": "table"},
        "gone": ["old"],
        "invalid": ["orders_pkey"],
    }
    assert set(program.changes(before, None, {}).values()) == {None}, "not known is not nothing"
