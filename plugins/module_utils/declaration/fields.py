# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The declaration as data: fields with a type, a rule in words, a check and an example.

From one table of fields come the module's argument spec, the role's defaults (held equal by a test)
and every message about bad input.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .secrets import HIDDEN, LARGEST_BITS, LONGEST_TEXT, NO_SECRET, SECRETIVE, brief, presentable

REQUIRED: Any = object()
TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (Mapping,),
    "float": (int, float),
    "scalar": (str, int, float),
}
LONGEST_LINE = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a declaration: where, what is there, which rule, an example that is right."""

    path: str
    value: Any
    rule: str
    example: Any

    @property
    def shown(self) -> Any:
        """The value as it may be shown: without secrets, and cut short."""
        return presentable(self.value, self.path.rpartition(".")[2])

    def __str__(self) -> str:
        return (
            f"{self.path}: {_short(self.shown)} - {self.rule}, for example {_short(self.example)}"
        )


@dataclass(frozen=True, slots=True)
class Field:
    """One option.

    type: "str", "int", "bool", "list", "dict" or "float"; of entries also "scalar", which is any
    text, number or truth value. rule: what it must be, in words, as it
    appears after the value in a message. check: True where a value of the right type is right.
    default: REQUIRED where there is none. elements: type of a list's items. choices: the only
    values; a near miss is asked after. secret: never shown.
    Of a dict: fields, those that it has. Or, where the user chooses the keys: key, what each key
    must be; each, the fields of each entry; entry, what each entry must be.
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
    key: Field | None = None
    entry: Field | None = None

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


def read(
    fields: Iterable[Field], given: Mapping[str, Any], path: str = "", only: bool = True
) -> tuple[dict[str, Any], list[Problem]]:
    """The complete, converted declaration, and all problems found in it.

    only: other keys than those of the fields are problems. Where there are problems, what is right
    is in the declaration and the rest is missing, enough to look for further problems only.
    """
    table = {item.name: item for item in fields}
    result: dict[str, Any] = {}
    problems: list[Problem] = []
    if not isinstance(given, Mapping):
        example = {item.name: item.example for item in list(table.values())[:1]}
        return {}, [Problem(path, given, "must be a dictionary of options", example)]
    if only:
        problems += strangers(table, given, path)
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
        if not found or item.each:
            result[item.name] = converted
    return result, problems


def _default(item: Field) -> Any:
    if item.fields and item.default is not None:
        return read(item.fields, item.default)[0]
    return list(item.default) if isinstance(item.default, tuple) else copy.copy(item.default)


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


def strangers(
    table: Mapping[str, Field | None], given: Iterable[Any], path: str = ""
) -> Iterator[Problem]:
    """Names that are not in the table, each a problem. given: a dict, or names without values."""
    for name in given:
        if name in table:
            continue
        close = near(name, table)
        where = f"{path}.{brief(name)}" if path else brief(name)
        if SECRETIVE.search(str(name)[-LONGEST_TEXT:]):
            yield Problem(where, HIDDEN, NO_SECRET, f"leave out {brief(name)}")
            continue
        hint = f"did you mean {close}?" if close else "known are " + ", ".join(sorted(table))
        field = table.get(close or next(iter(table), ""))
        example = f"{field.name}: {field.example}" if field else close or next(iter(table), "")
        value = given[name] if isinstance(given, Mapping) else name
        yield Problem(where, value, f"is not an option here; {hint}", example)


def near(word: Any, words: Iterable[Any], cutoff: float = 0.6) -> str:
    """The one of the words that was probably meant, or "". Nobody means a long one."""
    text = str(word).lower()
    if len(text) > LONGEST_TEXT:
        return ""
    # Of equals the first: get_close_matches would answer the last.
    matcher = difflib.SequenceMatcher(b=text)
    best, found = cutoff, ""
    for item in words:
        matcher.set_seq1(str(item))
        if matcher.ratio() > best:
            best, found = matcher.ratio(), str(item)
    return found


def _value(item: Field, value: Any, path: str) -> tuple[Any, list[Problem]]:
    shown = HIDDEN if item.secret else value
    wrong = [Problem(path, shown, f"must be {item.rule}", item.example)]
    value, right = _convert(item.type, value)
    if not right:
        return None, wrong
    if item.fields:
        return read(item.fields, value, path)
    if item.elements:
        converted = [_convert(item.elements, entry) for entry in value]
        if not all(right for _entry, right in converted):
            return None, wrong
        value = [entry for entry, _right in converted]
    if item.choices and value not in item.choices:
        close = near(value, item.choices)
        hint = f"; did you mean {close}?" if close else ""
        return None, [Problem(path, shown, f"must be {item.rule}{hint}", close or item.example)]
    if item.check and not _holds(item.check, value):
        return None, wrong
    if item.key or item.entry or item.each:
        return _entries(item, value, path)
    return value, []


def _entries(item: Field, value: Mapping[Any, Any], path: str) -> tuple[Any, list[Problem]]:
    result: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, entry in value.items():
        where = f"{path}.{brief(name)}"
        if item.key and not _is(item.key, name):
            rule = f"must be named by {item.key.rule}"
            problems.append(Problem(where, entry, rule, item.key.example))
        converted, found = _entry(item, name, entry, where)
        result[str(name)] = converted
        problems += found
    return result, problems


def _entry(item: Field, name: Any, entry: Any, path: str) -> tuple[Any, list[Problem]]:
    if item.entry:
        return _value(item.entry, entry, path)
    if not item.each:
        return entry, []
    if not isinstance(entry, Mapping):
        example = item.example.get(str(name)) or next(iter(item.example.values()))
        return {}, [Problem(path, entry, "must be a dictionary of options", example)]
    return read(item.each, entry, path)


def _is(item: Field, value: Any) -> bool:
    """Whether a key is right as it stands: keys are not converted."""
    return isinstance(value, TYPES[item.type]) and (not item.check or _holds(item.check, value))


def _holds(check: Callable[[Any], bool], value: Any) -> bool:
    try:
        return check(value)
    except (ValueError, TypeError):
        return False


def _convert(type: str, value: Any) -> tuple[Any, bool]:
    """The value in its type. Text that Jinja left behind is taken for numbers and truth values.

    A whole number is taken for text, a broken one is not: of 16.10 only 16.1 gets here.
    """
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
    if type == "str" and isinstance(value, int) and not isinstance(value, bool):
        # Python writes no number of thousands of digits, and nobody means one.
        return (str(value), True) if value.bit_length() <= LARGEST_BITS else (value, False)
    return value, isinstance(value, TYPES[type])


def _short(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= LONGEST_LINE else text[: LONGEST_LINE - 3] + "..."
