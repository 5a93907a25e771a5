# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on order, by a name: disasters of the world, and faults of its API.

A fault of the API is a function that returns the rule to be ordered, as `faults.rule_of` takes it.
What each is called, wants and does is read from the functions themselves.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.faults import BadRule

Rule = dict[str, Any]
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


def region_dark(region: str) -> Rule:
    """Let no request to a region be answered, and stop its networks."""
    return {"effect": "dark", "region": region}


def response_lost(service: str = "", action: str = "", region: str = "", times: int = 1) -> Rule:
    """Do what a request that writes asks for, and cut the connection without an answer."""
    chosen = _chosen(service, action, region)
    return {"effect": "lost", "write": True, "times": times, **chosen}


def http_500(
    service: str = "", action: str = "", region: str = "", probability: float = 1.0, times: int = 0
) -> Rule:
    """Answer with the service's own internal error, so many times; 0 for as long as it stands."""
    chosen = _chosen(service, action, region)
    return {"effect": "error500", "probability": probability, "times": times or None, **chosen}


def throttling(
    service: str = "", action: str = "", region: str = "", probability: float = 1.0, times: int = 0
) -> Rule:
    """Refuse requests for being too many, so many times; 0 for as long as it stands."""
    chosen = _chosen(service, action, region)
    return {"effect": "throttle", "probability": probability, "times": times or None, **chosen}


def slow_answers(seconds: float, service: str = "", action: str = "", region: str = "") -> Rule:
    """Let so many seconds pass before each answer."""
    return {"effect": "delay", "seconds": seconds, **_chosen(service, action, region)}


def stale_reads(seconds: float, service: str = "", action: str = "", region: str = "") -> Rule:
    """Let reads see a service as it was so many seconds ago."""
    return {"effect": "stale", "seconds": seconds, **_chosen(service, action, region)}


OF_REQUESTS: Mapping[str, Callable[..., Rule]] = MappingProxyType(
    {
        "http-500": http_500,
        "region-dark": region_dark,
        "response-lost": response_lost,
        "slow-answers": slow_answers,
        "stale-reads": stale_reads,
        "throttling": throttling,
    }
)


def bound(name: str, function: Callable[..., object], given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments for a function, numbers and switches made of texts.

    Raises BadRule, which says what it wants.
    """
    signature = inspect.signature(function)
    try:
        signature.bind(**given)
        return {key: _value(signature.parameters[key], value) for key, value in given.items()}
    except (TypeError, ValueError) as problem:
        raise BadRule(f"{name}: {problem}; it is ordered as: {usage(name, function)}") from None


def usage(name: str, function: Callable[..., object]) -> str:
    """A name with its arguments, e.g. "zone-dies zone=…"; what may be left out is in brackets."""
    words = [name]
    for parameter in inspect.signature(function).parameters.values():
        word = f"{parameter.name}=…"
        words.append(word if parameter.default is parameter.empty else f"[{word}]")
    return " ".join(words)


def described(known: Mapping[str, Callable[..., object]]) -> Iterator[dict[str, str]]:
    """Each by name, how it is ordered, and what it does."""
    for name, function in sorted(known.items()):
        what = (inspect.getdoc(function) or "").partition("\n")[0]
        yield {"name": name, "usage": usage(name, function), "what": what}


def _value(parameter: inspect.Parameter, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    match parameter.annotation:
        case "int":
            return int(value)
        case "float":
            return float(value)
        case "bool" if value.lower() in (*_TRUE, *_FALSE):
            return value.lower() in _TRUE
        case "bool":
            raise ValueError(f"{parameter.name} must be true or false, not {value!r}")
    return value


def _chosen(service: str, action: str, region: str) -> Rule:
    given = {"service": service, "action": action, "region": region}
    return {key: value for key, value in given.items() if value}
