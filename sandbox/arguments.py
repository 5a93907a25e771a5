# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ordered from outside, held against the function that is to do it.

What a function wants is read from its parameters: their names, types and defaults.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

Function = Callable[..., object]

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_REGIONS = frozenset({"region", "one", "other"})
_HOME = "us-east-1"
# The least and the most that a number may be, where that is the same wherever it is wanted.
_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "probability": (0.0, 1.0),
        "seconds": (0.0, math.inf),
        "times": (0.0, math.inf),
        "value": (0.0, math.inf),
    }
)
_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "code": "L-1216C47A",
        "enforced": "true",
        "instance": "i-0123456789abcdef0",
        "name": "production-home-database",
        "one": _HOME,
        "other": "us-west-2",
        "region": _HOME,
        "seconds": "5",
        "service": "ec2",
        "speed": "60",
        "value": "8",
        "zone": "us-east-1a",
    }
)


class Unusable(ValueError):
    """An order that cannot be meant so; the text says what is wrong."""


def bound(function: Function, given: Any, regions: Set[str]) -> dict[str, Any]:
    """The arguments for a function, numbers and switches made of texts. Raises Unusable.

    regions: those that there are.
    """
    if not isinstance(given, Mapping):
        raise Unusable(f"what is wanted is a JSON object, not {given!r}")
    wanted = inspect.signature(function).parameters
    for name in given:
        if name not in wanted:
            raise Unusable(f"{name!r} is not known")
    for name, parameter in wanted.items():
        if parameter.default is parameter.empty and name not in given:
            raise Unusable(f"{name} is missing")
    values = {name: _value(wanted[name], value) for name, value in given.items()}
    for name in _REGIONS & set(values):
        # "" is each, where a function takes it.
        if values[name] != wanted[name].default:
            check_region(values[name], regions)
    return values


def check_region(region: str, regions: Set[str]) -> None:
    """Raises Unusable for a region that is not among those."""
    if region not in regions:
        one = _HOME if _HOME in regions else min(regions)
        raise Unusable(f"there is no region {region!r}; one is {one}")


def usage(name: str, function: Function) -> str:
    """A name with its arguments, e.g. "zone-dies zone=…"; what may be left out is in brackets."""
    words = [name]
    for parameter in inspect.signature(function).parameters.values():
        word = f"{parameter.name}=…"
        words.append(word if parameter.default is parameter.empty else f"[{word}]")
    return " ".join(words)


def example(name: str, function: Function) -> str:
    """An order with all that it needs, e.g. "zone-dies zone=us-east-1a"."""
    needed = [
        f"{parameter.name}={_EXAMPLES[parameter.name]}"
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
    ]
    return " ".join([name, *needed])


def described(known: Mapping[str, Function]) -> Iterator[dict[str, str]]:
    """Each by name, how it is ordered, an example, and what it does."""
    for name, function in sorted(known.items()):
        what = (inspect.getdoc(function) or "").partition("\n")[0]
        yield {
            "name": name,
            "usage": usage(name, function),
            "example": example(name, function),
            "what": what,
        }


@contextmanager
def explaining(name: str, function: Function) -> Iterator[None]:
    """Have a mistake in an order end with how it is ordered. Raises Unusable."""
    try:
        yield
    except ValueError as problem:
        how = f"it is ordered as: {usage(name, function)}, e.g. {example(name, function)}"
        raise Unusable(f"{name}: {problem}; {how}") from None


def _value(parameter: inspect.Parameter, value: Any) -> Any:
    name, kind = parameter.name, str(parameter.annotation)
    if value is None and kind.endswith("| None"):
        return None
    match kind.removesuffix(" | None"):
        case "int":
            return _number(name, value, whole=True)
        case "float":
            return _number(name, value)
        case "bool":
            return _switch(name, value)
    if not isinstance(value, str):
        raise Unusable(f"{name} must be a text, not {value!r}")
    return value


def _switch(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in (*_TRUE, *_FALSE):
        return value.lower() in _TRUE
    raise Unusable(f"{name} must be true or false, not {value!r}")


def _number(name: str, value: Any, whole: bool = False) -> float:
    try:
        number = float("nan" if isinstance(value, bool) else value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Unusable(f"{name} must be a number, not {value!r}")
    if whole and not number.is_integer():
        raise Unusable(f"{name} must be a whole number, not {value!r}")
    least, most = _LIMITS.get(name, (-math.inf, math.inf))
    if number < least:
        raise Unusable(f"{name} must be at least {least:g}, not {number:g}")
    if number > most:
        raise Unusable(f"{name} must be at most {most:g}, not {number:g}")
    return int(number) if whole else number
