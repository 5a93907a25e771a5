# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong on order, by a name: disasters of the world, and faults of its API.

A fault of the API is a function that returns the rule to be ordered, as `faults.rule_of` takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Rule = dict[str, Any]


def region_dark(region: str) -> Rule:
    """Let no request to a region be answered, and stop its networks."""
    return {"effect": "dark", "region": region}


def api_dark(region: str) -> Rule:
    """Let no request to a region from outside of it be answered; what runs there goes on."""
    return {"effect": "dark", "region": region, "outside": True}


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
        "api-dark": api_dark,
        "http-500": http_500,
        "region-dark": region_dark,
        "response-lost": response_lost,
        "slow-answers": slow_answers,
        "stale-reads": stale_reads,
        "throttling": throttling,
    }
)


def _chosen(service: str, action: str, region: str) -> Rule:
    given = {"service": service, "action": action, "region": region}
    return {key: value for key, value in given.items() if value}
