# SPDX-License-Identifier: GPL-3.0-or-later
"""How options are read, converted, filled up and refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.declaration.fields import (
    REQUIRED,
    Field,
    Problem,
    argument_spec,
    near,
    read,
)

SIZE = Field("size", "int", "a number from 1 to 9", 3, 2, lambda v: 1 <= v <= 9)
NAME = Field("name", "str", "a short name", "shop", REQUIRED, lambda v: len(v) < 8)
COLOUR = Field("colour", "str", "red or green", "red", "red", choices=("red", "green"))
ZONES = Field("zones", "list", "zones", ["a"], ("a", "b"), elements="str")
OWNER = Field("owner", "dict", "an owner", {"name": "x"}, {"name": "me"}, fields=(NAME, SIZE))
PARTS = Field("parts", "dict", "parts", {"one": {"name": "x"}}, {}, each=(NAME, SIZE))
LABELS = Field(
    "labels",
    "dict",
    "labels",
    {"team": "shop"},
    {},
    key=Field("name", "str", "a lower-case name", "team", check=str.islower),
    entry=Field("value", "str", "a short text", "shop", check=lambda v: len(v) < 8),
)


def paths(problems: list[Problem]) -> list[str]:
    return [problem.path for problem in problems]


def test_what_is_not_given_has_its_default() -> None:
    fields = (SIZE, COLOUR, ZONES, OWNER, LABELS)
    assert read(fields, {}) == (
        {
            "size": 2,
            "colour": "red",
            "zones": ["a", "b"],
            "owner": {"name": "me", "size": 2},
            "labels": {},
        },
        [],
    )


def test_nothing_is_as_good_as_not_given() -> None:
    assert read((SIZE,), {"size": None}) == ({"size": 2}, [])
    _found, [problem] = read((NAME,), {"name": None})
    assert (problem.path, problem.value, problem.rule) == (
        "name",
        None,
        "is required: a short name",
    )


def test_a_default_is_not_shared_by_those_who_read_it() -> None:
    read((LABELS,), {})[0]["labels"]["spoilt"] = "yes"
    read((ZONES,), {})[0]["zones"].append("spoilt")
    assert read((LABELS, ZONES), {})[0] == {"labels": {}, "zones": ["a", "b"]}


@pytest.mark.parametrize(
    ("type", "given", "read_as"),
    [
        ("int", "5", 5),
        ("int", " 5 ", 5),
        ("float", "0.5", 0.5),
        ("float", 2, 2),
        ("bool", "yes", True),
        ("bool", "False", False),
        ("str", 16, "16"),
        ("list", ("a",), ("a",)),
    ],
)
def test_text_that_a_template_left_behind_becomes_what_it_means(
    type: str, given: Any, read_as: Any
) -> None:
    assert read((Field("x", type, "right", None),), {"x": given}) == ({"x": read_as}, [])


@pytest.mark.parametrize(
    ("type", "given"),
    [
        ("int", True),
        ("int", "5.5"),
        ("int", 5.0),
        ("int", ""),
        ("int", [5]),
        ("bool", "maybe"),
        ("bool", 1),
        ("str", True),
        ("str", 16.10),
        ("str", ["a"]),
        ("str", b"a"),
        ("list", "a,b"),
        ("list", {"a": 1}),
        ("dict", [("a", 1)]),
        ("dict", "a=1"),
    ],
)
def test_a_value_of_another_type_is_refused(type: str, given: Any) -> None:
    _found, [problem] = read((Field("x", type, "right", "so"),), {"x": given})
    assert (problem.path, problem.rule, problem.example) == ("x", "must be right", "so")


def test_the_items_of_a_list_are_converted_and_checked() -> None:
    numbers = Field("n", "list", "numbers", [1], check=lambda v: sum(v) < 9, elements="int")
    assert read((numbers,), {"n": ["1", 2]})[0] == {"n": [1, 2]}
    assert paths(read((numbers,), {"n": [1, "two"]})[1]) == ["n"]
    assert paths(read((numbers,), {"n": [4, "5"]})[1]) == ["n"]


def test_a_check_that_cannot_judge_a_value_refuses_it() -> None:
    strict = Field("x", "str", "a number in words", "1", check=lambda v: int(v) > 0)
    assert paths(read((strict,), {"x": "one"})[1]) == ["x"]


def test_an_unknown_option_is_a_mistake_and_a_near_one_is_named() -> None:
    _found, [far, close] = read((NAME, SIZE), {"name": "x", "weight": 1, "siz": 4})
    assert far.rule == "is not an option here; known are name, size"
    assert close.rule == "is not an option here; did you mean size?"
    assert close.example == "size: 3"


def test_other_options_are_passed_over_where_the_reader_does_not_own_them_all() -> None:
    assert read((SIZE,), {"weight": 1}, only=False) == ({"size": 2}, [])


def test_paths_lead_into_dictionaries() -> None:
    given = {"owner": {"name": "too long a name"}, "parts": {"one": {"size": 0}, "two": 5}}
    _found, problems = read((OWNER, PARTS), given, "shop")
    assert paths(problems) == [
        "shop.owner.name",
        "shop.parts.one.name",
        "shop.parts.one.size",
        "shop.parts.two",
    ]


def test_entries_are_judged_one_by_one_by_their_names_and_values() -> None:
    _found, problems = read((LABELS,), {"labels": {"Team": "shop", "a": 5, "b": "x" * 9}})
    assert paths(problems) == ["labels.Team", "labels.b"]
    assert [problem.rule for problem in problems] == [
        "must be named by a lower-case name",
        "must be a short text",
    ]
    assert read((LABELS,), {"labels": {"a": 5}})[0] == {"labels": {"a": "5"}}


def test_what_is_right_in_a_dictionary_is_there_for_further_checks() -> None:
    given = {"parts": {"one": {"name": "x", "size": 0}, "two": {"name": "y"}}}
    found, problems = read((PARTS,), given)
    assert problems
    assert found == {"parts": {"one": {"name": "x"}, "two": {"name": "y", "size": 2}}}


def test_a_near_miss_among_the_choices_is_asked_after_and_is_the_example() -> None:
    _found, [problem] = read((COLOUR,), {"colour": "gren"})
    assert (problem.rule, problem.example) == ("must be red or green; did you mean green?", "green")
    _found, [problem] = read((COLOUR,), {"colour": "blue"})
    assert (problem.rule, problem.example) == ("must be red or green", "red")


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("us-est-1", "us-east-1"),
        ("US-West-1", "us-west-1"),
        ("mars", ""),
        ("u" * 10**6, ""),
        (5, ""),
    ],
)
def test_the_nearest_word_is_found_and_of_equals_the_first(word: Any, found: str) -> None:
    assert near(word, ["us-east-1", "us-west-1"]) == found


def test_what_is_no_dictionary_at_all_is_told() -> None:
    _found, [problem] = read((NAME,), ["name"], "shop")  # type: ignore[arg-type]
    assert (problem.path, problem.example) == ("shop", {"name": "shop"})


def test_a_message_is_one_line_however_long_and_strange_the_input_is() -> None:
    _found, problems = read((NAME,), {"name": "x\n" * 10**6, "a\nb" * 10**6: "y" * 10**6})
    assert len(problems) == 2
    for problem in problems:
        assert "\n" not in str(problem)
        assert len(str(problem)) < 800


def test_a_secret_is_shown_neither_by_its_option_nor_under_a_name_nobody_knows() -> None:
    key = Field("access", "int", "a number", 1, secret=True)
    _found, problems = read((key,), {"access": "hunter2", "db_pasword": 1, "password": "hunter2"})
    assert len(problems) == 3
    assert not [problem for problem in problems if "hunter2" in str(problem)]


def test_an_argument_spec_says_what_ansible_can_check() -> None:
    hidden = Field("key", "str", "a key", "x", secret=True)
    assert argument_spec((NAME, SIZE, COLOUR, ZONES, OWNER, LABELS, hidden)) == {
        "name": {"type": "str", "required": True},
        "size": {"type": "int", "default": 2},
        "colour": {"type": "str", "default": "red", "choices": ["red", "green"]},
        "zones": {"type": "list", "default": ["a", "b"], "elements": "str"},
        "owner": {
            "type": "dict",
            "default": {"name": "me"},
            "options": {
                "name": {"type": "str", "required": True},
                "size": {"type": "int", "default": 2},
            },
        },
        "labels": {"type": "dict", "default": {}},
        "key": {"type": "str", "no_log": True},
    }
