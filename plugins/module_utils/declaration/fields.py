# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The declaration as data: fields with a type, a rule in words, a check and an example.

From one table of fields come the module's argument spec, the role's defaults (held equal by a test)
and every message about bad input.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REQUIRED: Any = object()
TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (Mapping,),
    "float": (int, float),
}

# Names of options, parameters and tags whose value would be a secret in clear text.
SECRETIVE = re.compile(r"(pass(word|wd|phrase)|pwd|secret|token|api[_-]?key)s?$", re.IGNORECASE)
NO_SECRET = (
    "must not be here in clear text: passwords are made by the storage tier and kept in Secrets "
    "Manager"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a declaration: where, what is there, which rule, an example that is right."""

    path: str
    value: Any
    rule: str
    example: Any

    def __str__(self) -> str:
        return (
            f"{self.path}: {_short(self.value)} - {self.rule}, for example {_short(self.example)}"
        )


@dataclass(frozen=True, slots=True)
class Field:
    """One option.

    type: "str", "int", "bool", "list", "dict" or "float". rule: what it must be, in words, as it
    appears after the value in a message. check: True where a value of the right type is right.
    default: REQUIRED where there is none. elements: type of a list's items.
    fields: those of a dict. each: a dict whose keys the user chooses, with these fields in each.
    choices: the only values. secret: never shown.
    """

    name: str
    type: str
    rule: str
    example: Any
    default: Any = None
    check: Callable[[Any], bool] | None = None
    elements: str = ""
    fields: tuple[Field, ...] = ()
    each: tuple[Field, ...] = ()
    choices: tuple[Any, ...] = ()
    secret: bool = False

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def read(
    fields: Iterable[Field], given: Mapping[str, Any], path: str = "", only: bool = True
) -> tuple[dict[str, Any], list[Problem]]:
    """The complete, converted declaration, and all problems found in it.

    only: other keys than those of the fields are problems. Where there are problems the declaration
    is not complete and must not be used.
    """
    table = {item.name: item for item in fields}
    result: dict[str, Any] = {}
    problems: list[Problem] = []
    if only:
        problems += _strangers(table, given, path)
    for item in table.values():
        where = f"{path}.{item.name}" if path else item.name
        value = given.get(item.name)
        if value is None:
            if item.required:
                problems.append(Problem(where, None, f"is required: {item.rule}", item.example))
            else:
                result[item.name] = _default(item)
            continue
        converted, found = _value(item, value, where)
        problems += found
        if not found:
            result[item.name] = converted
    return result, problems


def _default(item: Field) -> Any:
    if item.fields and item.default is not None:
        return read(item.fields, item.default)[0]
    return list(item.default) if isinstance(item.default, tuple) else item.default


def argument_spec(fields: Iterable[Field]) -> dict[str, dict[str, Any]]:
    """The same fields as Ansible's argument spec."""
    return {item.name: _argument(item) for item in fields}


def _argument(item: Field) -> dict[str, Any]:
    spec: dict[str, Any] = {"type": item.type}
    if item.required:
        spec["required"] = True
    elif item.default is not None:
        spec["default"] = list(item.default) if isinstance(item.default, tuple) else item.default
    if item.choices:
        spec["choices"] = list(item.choices)
    if item.elements:
        spec["elements"] = item.elements
    if item.secret:
        spec["no_log"] = True
    if item.fields:
        spec["options"] = argument_spec(item.fields)
    return spec


def _strangers(
    table: Mapping[str, Field], given: Mapping[str, Any], path: str
) -> Iterator[Problem]:
    for name in given:
        if name in table:
            continue
        close = difflib.get_close_matches(str(name), table, n=1)
        where = f"{path}.{name}" if path else str(name)
        if SECRETIVE.search(str(name)):
            yield Problem(where, "********", NO_SECRET, f"leave out {name}")
            continue
        hint = f"did you mean {close[0]}?" if close else "known are " + ", ".join(sorted(table))
        example = f"{close[0]}: {table[close[0]].example}" if close else next(iter(table), "")
        yield Problem(where, given[name], f"is not an option here; {hint}", example)


def _value(item: Field, value: Any, path: str) -> tuple[Any, list[Problem]]:
    shown = "********" if item.secret else value
    wrong = [Problem(path, shown, f"must be {item.rule}", item.example)]
    value, right = _convert(item.type, value)
    if not right:
        return None, wrong
    if item.each:
        return _each(item, value, path)
    if item.fields:
        return read(item.fields, value, path)
    if item.elements and not all(_convert(item.elements, entry)[1] for entry in value):
        return None, wrong
    if item.choices and value not in item.choices:
        return None, wrong
    if item.check and not _holds(item.check, value):
        return None, wrong
    return value, []


def _each(item: Field, value: Mapping[str, Any], path: str) -> tuple[Any, list[Problem]]:
    result: dict[str, Any] = {}
    problems: list[Problem] = []
    if item.check and not _holds(item.check, value):
        problems.append(Problem(path, value, f"must be {item.rule}", item.example))
    for name, entry in value.items():
        where = f"{path}.{name}"
        if not isinstance(entry, Mapping):
            problems.append(Problem(where, entry, "must be a dictionary", item.example))
            continue
        result[str(name)], found = read(item.each, entry, where)
        problems += found
    return result, problems


def _holds(check: Callable[[Any], bool], value: Any) -> bool:
    try:
        return check(value)
    except (ValueError, TypeError):
        return False


def _convert(type: str, value: Any) -> tuple[Any, bool]:
    """The value in its type. Text that Jinja left behind is taken for numbers and truth values."""
    if type in ("int", "float") and isinstance(value, str):
        try:
            return (int(value) if type == "int" else float(value)), True
        except ValueError:
            return value, False
    if type == "bool" and isinstance(value, str):
        words = {"true": True, "yes": True, "false": False, "no": False}
        return words.get(value.lower(), value), value.lower() in words
    if type in ("int", "float") and isinstance(value, bool):
        return value, False
    if type == "str" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value), True
    return value, isinstance(value, TYPES[type])


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."
