# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is declared to become of each column: the rules, read and checked by themselves.

staging_mirror_rules:
  customers:
    id: keep
    email: email
    born: {mask: date, by: id}
  public.sessions: truncate
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..declaration.fields import Problem, near, read
from .methods import KEEP, METHODS, NULL, TRUNCATE, Method

WORDS = (KEEP, NULL, *METHODS)
EXAMPLE = {"customers": {"id": KEEP, "email": "email"}, "sessions": TRUNCATE}


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of a column. name: keep, null or that of a method."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def method(self) -> Method | None:
        return METHODS.get(self.name)


# By label of a table: the rules of its columns, or None where its rows go.
Rules: TypeAlias = "Mapping[str, Mapping[str, Rule] | None]"


def label(name: str) -> str:
    """A table's whole name: one without a schema is of public."""
    return name if "." in name else f"public.{name}"


def parse(given: Any, path: str = "rules") -> tuple[Rules, list[Problem]]:
    """The rules, and all that is wrong with them in themselves."""
    if not isinstance(given, Mapping) or not given:
        return {}, [Problem(path, given, "must be rules by table", EXAMPLE)]
    rules: dict[str, Mapping[str, Rule] | None] = {}
    problems: list[Problem] = []
    for name, declared in given.items():
        where = f"{path}.{name}"
        if label(str(name)) in rules:
            problems.append(Problem(where, declared, "is declared twice", EXAMPLE))
        elif declared == TRUNCATE:
            rules[label(str(name))] = None
        elif isinstance(declared, Mapping) and declared:
            columns, found = _columns(declared, where)
            rules[label(str(name))] = columns
            problems += found
        else:
            rule = f"must be {TRUNCATE}, or what becomes of each of its columns"
            problems.append(Problem(where, declared, rule, EXAMPLE["customers"]))
    return rules, problems


def _columns(declared: Mapping[Any, Any], path: str) -> tuple[dict[str, Rule], list[Problem]]:
    columns: dict[str, Rule] = {}
    problems: list[Problem] = []
    for name, value in declared.items():
        rule, found = _rule(value, f"{path}.{name}")
        problems += found
        columns[str(name)] = rule
    return columns, problems


def _rule(value: Any, path: str) -> tuple[Rule, list[Problem]]:
    name, given = value, {}
    if isinstance(value, Mapping):
        given = {key: option for key, option in value.items() if key != "mask"}
        name = value.get("mask")
    # YAML reads the word null as nothing.
    name = NULL if name is None and not isinstance(value, Mapping) else name
    if name not in WORDS:
        close = near(name, WORDS) if isinstance(name, str) else ""
        hint = f"; did you mean {close}?" if close else ": " + ", ".join(WORDS)
        rule = f"must be keep, null or a method{hint}"
        return Rule(KEEP), [Problem(path, value, rule, close or "email")]
    method = METHODS.get(name)
    if method is None and given:
        return Rule(name), [Problem(path, value, f"has no options: it is {name}", name)]
    options, problems = read(method.options if method else (), given, path)
    problems += _beneath(options.get("paths", {}), path)
    return Rule(name, options), problems


def _beneath(paths: Mapping[str, str], where: str) -> Iterator[Problem]:
    """Of two paths one may not be above the other: which of them were meant would be a guess."""
    for one in paths:
        for other in paths:
            if other.startswith((f"{one}.", f"{one}[]")):
                rule = f"is above {other}, of which something else is said"
                yield Problem(f"{where}.paths.{one}", paths[one], rule, f"{one}.*")


def of(rules: Rules, table: str) -> Iterator[tuple[str, Rule]]:
    """The rules of the columns of a table, by its label."""
    yield from (rules.get(table) or {}).items()
