# SPDX-License-Identifier: GPL-3.0-or-later
"""Which records of one name and type answer, by their routing policy and their health.

After https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html and
health-checks-how-route-53-chooses-records.html there: a record without a health check is healthy,
and where none is healthy all are considered to be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from sandbox.names.records import Record

Healthy = Callable[[Record], bool]
MOST_VALUES = 8  # of a multivalue answer


def choose(
    group: Sequence[Record], healthy: Healthy, region: str, dice: Random
) -> tuple[Record, ...]:
    """The records of a group that answer somebody in `region`; one, but for multivalue answers."""
    first = group[0]
    if first.failover:
        return _failover(group, healthy)
    if first.weight is not None:
        return _weighted(group, healthy, dice)
    if first.region:
        return _first(sorted(group, key=lambda one: _distance(one.region, region)), healthy)
    if first.country:
        # Nobody here has a place on a map, so all get the default.
        return _first([one for one in group if one.country == "*"], healthy)
    if first.multivalue:
        sound = [one for one in group if healthy(one)] or list(group)
        return tuple(dice.sample(sound, min(MOST_VALUES, len(sound))))
    return (first,)


def _first(group: Sequence[Record], healthy: Healthy) -> tuple[Record, ...]:
    return tuple([one for one in group if healthy(one)][:1] or group[:1])


def _failover(group: Sequence[Record], healthy: Healthy) -> tuple[Record, ...]:
    primary = [one for one in group if one.failover == "PRIMARY"]
    return _first([*primary, *(one for one in group if one not in primary)], healthy)


def _weighted(group: Sequence[Record], healthy: Healthy, dice: Random) -> tuple[Record, ...]:
    weighty = [one for one in group if one.weight]
    weightless = [one for one in group if not one.weight]
    candidates = [one for one in weighty if healthy(one)]
    candidates = candidates or [one for one in weightless if healthy(one)] or weighty or weightless
    weights = [one.weight or 0 for one in candidates]
    return tuple(dice.choices(candidates, weights if any(weights) else None))


def _distance(there: str, here: str) -> tuple[int, str]:
    """How far one region is from another: the same, on the same continent, or elsewhere.

    AWS measures latencies, of which nothing is known here.
    """
    if there == here:
        return (0, there)
    return (1 if there.partition("-")[0] == here.partition("-")[0] else 2, there)
