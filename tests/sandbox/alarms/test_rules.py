# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of composite alarms are understood as CloudWatch documents them."""

from __future__ import annotations

import pytest

from sandbox.alarms.rule import BadRule, parse

STATES = {"on": "ALARM", "off": "OK", "new": "INSUFFICIENT_DATA", "two words": "ALARM"}


def holds(text: str) -> bool:
    return parse(text).holds(lambda name, state: STATES[name] == state)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALARM(on)", True),
        ('ALARM("off")', False),
        ('OK( "off" )', True),
        ("INSUFFICIENT_DATA(new)", True),
        ("TRUE", True),
        ("FALSE", False),
        ("ALARM(on) AND NOT ALARM(off)", True),
        ("NOT ALARM(on) OR ALARM(on)", True),
        ("NOT (ALARM(on) OR ALARM(on))", False),
        ("ALARM(on) OR ALARM(on) AND ALARM(off)", True),
        ("(ALARM(on) OR ALARM(on)) AND ALARM(off)", False),
        ("NOT NOT TRUE", True),
        ('ALARM("two words")', True),
        ("ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:on)", True),
        ('ALARM("arn:aws:cloudwatch:us-east-1:123456789012:alarm:two words")', True),
        ("\n  ALARM(on)\n  AND OK(off)\n", True),
    ],
)
def test_a_rule_holds_or_not(text: str, expected: bool) -> None:
    assert holds(text) is expected


def test_the_alarms_of_a_rule_are_named_once_each() -> None:
    assert parse("ALARM(a) AND (OK(b) OR ALARM(a))").names == ("a", "b")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ALARM",
        "ALARM()",
        "ALARM(a",
        "ALARM(a) ALARM(b)",
        "AND ALARM(a)",
        "ALARM(a) AND",
        "(ALARM(a)",
        "ALARM(a))",
        "BROKEN(a)",
        "ALARM(a) XOR ALARM(b)",
        " OR ".join(f"ALARM(a{number})" for number in range(101)),
        " OR ".join(["ALARM(a)"] * 251),
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        parse(text)
