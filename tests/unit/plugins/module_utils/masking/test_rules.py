# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as they are declared."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.methods import below
from ansible_collections.operatingdev.phoenix.plugins.module_utils.masking.rules import Rule, parse


def test_a_column_is_kept_emptied_or_masked_and_a_table_truncated() -> None:
    declared = {
        "customers": {
            "id": "keep",
            "note": None,
            "old": "null",
            "email": "email",
            "born": {"mask": "date", "by": "id"},
        },
        "logs.visits": "truncate",
    }
    rules, problems = parse(declared)
    assert problems == []
    assert rules == {
        "public.customers": {
            "id": Rule("keep"),
            "note": Rule("null"),
            "old": Rule("null"),
            "email": Rule("email"),
            "born": Rule("date", {"by": "id", "days": 30}),
        },
        "logs.visits": None,
    }


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({}, "rules: {} - must be rules by table, for example {'customers': "),
        (["customers"], "rules: ['customers'] - must be rules by table"),
        (
            {"a": "truncated"},
            "rules.a: 'truncated' - must be truncate, or what becomes of each of its columns",
        ),
        ({"a": {}}, "rules.a: {} - must be truncate, or what becomes of each of its columns"),
        (
            {"a": "truncate", "public.a": "truncate"},
            "rules.public.a: 'truncate' - is declared twice",
        ),
        (
            {"a": {"b": "e-mail"}},
            "rules.a.b: 'e-mail' - must be keep, null or a method; did you mean email?, for "
            "example 'email'",
        ),
        ({"a": {"b": 7}}, "rules.a.b: 7 - must be keep, null or a method: keep, null, email, "),
        ({"a": {"b": {"by": "id"}}}, "rules.a.b: {'by': 'id'} - must be keep, null or a method: "),
        (
            {"a": {"b": {"mask": "keep", "by": "id"}}},
            "rules.a.b: {'mask': 'keep', 'by': 'id'} - has no options: it is keep, for example",
        ),
        ({"a": {"b": "date"}}, "rules.a.b.by: nothing - is required: the column that tells whose"),
        (
            {"a": {"b": {"mask": "email", "domain": "x.org"}}},
            "rules.a.b.domain: 'x.org' - is not an option here",
        ),
        (
            {"a": {"b": {"mask": "date", "by": "id", "days": 0}}},
            "rules.a.b.days: 0 - must be 1 to 3650",
        ),
        (
            {"a": {"b": {"mask": "json", "paths": {"x": "date"}}}},
            "rules.a.b.paths.x: 'date' - must be keep, null or a method for texts",
        ),
        (
            {"a": {"b": {"mask": "json", "paths": {"x..y": "text"}}}},
            "rules.a.b.paths.x..y: 'text' - must be named by a path",
        ),
    ],
)
def test_what_is_wrong_is_told_with_what_is_right(declared: Any, told: str) -> None:
    _rules, problems = parse(declared)
    assert any(str(problem).startswith(told) for problem in problems), list(map(str, problems))


def test_paths_of_json_are_what_is_below_each_key() -> None:
    paths = {"mail": "email", "a.b": "name", "a.c[].d": "text", "[].e": "keep", "*": "null"}
    assert below(paths) == {
        "mail": "email",
        "a": {"b": "name", "c": {"[]": {"d": "text"}}},
        "[]": {"e": "keep"},
        "*": "null",
    }
