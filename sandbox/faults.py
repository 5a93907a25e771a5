# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on order: which request is to go wrong, and how."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from sandbox.calls import Call
from sandbox.services import USUAL, operations

EFFECTS = frozenset({"throttle", "error500", "lost", "delay", "dark", "stale", "kill"})
LONGEST = 86400.0  # seconds that an answer is late, or from the past
MODES = frozenset({"before", "after"})


class BadRule(ValueError):
    """A fault rule that cannot be meant so; the text says which field and why."""


@dataclass(slots=True)
class Rule:
    """One order for faults.

    `service`, `action`, `region` and `write` (true: only writes, false: only reads) choose the
    requests; what is absent chooses all, and `outside` leaves out those that come from within the
    region. The first `skip` chosen requests pass; of the others at most `times` are hit (None: no
    limit), each with `probability`, drawn from `seed`.

    Effects: `throttle` and `error500` answer so and do nothing else; `lost` does what was asked and
    cuts the connection; `dark` cuts it and does nothing; `delay` waits `seconds` first; `stale`
    lets reads see the world as it was `seconds` ago, or before the writes that fewer than `reads`
    reads have missed; `kill` sends SIGKILL to the process group `pgid` (or whose number is in
    `pid_file` at that moment) and cuts the connection, with `mode` "before" or "after" doing what
    was asked.
    """

    effect: str
    service: str | None = None
    action: str | None = None
    region: str | None = None
    write: bool | None = None
    outside: bool = False
    probability: float = 1.0
    times: int | None = None
    skip: int = 0
    seed: int = 0
    seconds: float = 0.0
    reads: int = 0
    mode: str = "after"
    pgid: int | None = None
    pid_file: str | None = None
    seen: int = 0
    hit: int = 0
    dice: random.Random = field(default_factory=random.Random, repr=False)

    def matches(self, call: Call, reached: frozenset[str] = frozenset(), asker: str = "") -> bool:
        """Whether a call is meant. It needs these regions beside that of its signature, and comes
        from a VPC in region `asker`, "" from none.
        """
        if self.effect == "stale" and (call.write or call.service == "s3"):
            return False
        places = {None, call.region, *(reached if self.effect == "dark" else ())}
        return (
            self.service in (None, call.service)
            and self.action in (None, call.action)
            and self.region in places
            and self.write in (None, call.write)
            and not (self.outside and asker == self.region)
        )

    def draws(self) -> bool:
        """Count one matching request; whether it is hit."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hit >= self.times):
            return False
        if self.probability < 1.0 and self.dice.random() >= self.probability:
            return False
        self.hit += 1
        return True


_NUMBERS = {"probability": float, "times": int, "skip": int, "seed": int, "seconds": float}
_NUMBERS |= {"reads": int, "pgid": int}
_TEXTS = ("service", "action", "region", "pid_file", "mode")


def rule_of(given: Mapping[str, Any]) -> Rule:
    """A rule from its JSON form; raises BadRule.

    `write_only: true` is another way to say `write: true`, and `at: k` to say that exactly the
    k-th matching request is meant (`skip: k - 1, times: 1`). A kill happens once unless `times`
    says otherwise.
    """
    known = {*_NUMBERS, *_TEXTS, "effect", "write", "write_only", "outside", "at"}
    if unknown := sorted(set(given) - known):
        raise BadRule(f"unknown field {unknown[0]!r}; known are {', '.join(sorted(known))}")
    effect = given.get("effect")
    if effect not in EFFECTS:
        raise BadRule(f"effect must be one of {', '.join(sorted(EFFECTS))}, not {effect!r}")
    values = _numbers(given) | _texts(given) | _choices(given)
    _check_operation(values.get("service"), values.get("action"))
    if given.get("at") is not None:
        if not isinstance(given["at"], int) or given["at"] < 1:
            raise BadRule(f"at must be a whole number of at least 1, not {given['at']!r}")
        values |= {"skip": given["at"] - 1, "times": 1}
    if effect == "kill":
        _check_kill(values)
        values.setdefault("times", 1)
    if effect == "stale" and not values.get("seconds") and not values.get("reads"):
        raise BadRule("a stale rule needs seconds or reads")
    return Rule(effect=effect, dice=random.Random(values.get("seed", 0)), **values)


def _numbers(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {}
    for name, kind in _NUMBERS.items():
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise BadRule(f"{name} must be a number of at least 0, not {value!r}")
        if not isfinite(value) or (kind is int and value != int(value)):
            wanted = "a whole number" if kind is int else "a number"
            raise BadRule(f"{name} must be {wanted}, not {value!r}")
        values[name] = kind(value)
    if values.get("seconds", 0.0) > LONGEST:
        raise BadRule(f"seconds must be at most {LONGEST:g}, not {values['seconds']:g}")
    if values.get("probability", 0.0) > 1.0:
        raise BadRule(f"probability must be at most 1, not {values['probability']:g}")
    return values


def _check_operation(service: str | None, action: str | None) -> None:
    """Raises BadRule for what botocore does not know by these names."""
    if service is None:
        if action is not None and not any(action in operations(usual) for usual in USUAL):
            raise BadRule(f"no service of a site has an action {action!r}; one is CreateVpc of ec2")
        return
    known = operations(service)
    if not known:
        raise BadRule(f"there is no service {service!r}; one is ec2")
    if action is not None and action not in known:
        raise BadRule(f"{service} has no action {action!r}; one is {min(known)}")


def _texts(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: given[name] for name in _TEXTS if given.get(name) is not None}
    for name, value in values.items():
        if not isinstance(value, str):
            raise BadRule(f"{name} must be a text, not {value!r}")
    return values


def _choices(given: Mapping[str, Any]) -> dict[str, bool]:
    values = {}
    if given.get("write_only"):
        values["write"] = True
    elif given.get("write") is not None:
        values["write"] = bool(given["write"])
    if given.get("outside"):
        if given.get("region") is None:
            raise BadRule("a rule with outside needs a region")
        values["outside"] = True
    return values


def _check_kill(values: Mapping[str, Any]) -> None:
    if (values.get("pgid") is None) == (values.get("pid_file") is None):
        raise BadRule("a kill rule needs either pgid or pid_file")
    if values.get("pgid") is not None and values["pgid"] < 2:
        raise BadRule("pgid must be the number of a process group of your own")
    if values.get("mode", "after") not in MODES:
        raise BadRule(f"mode must be before or after, not {values['mode']!r}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen to one request: seconds to wait first, a stale view, one fault at most."""

    delay: float = 0.0
    stale: Rule | None = None
    fault: Rule | None = None

    @property
    def name(self) -> str | None:
        names = ["delay"] if self.delay else []
        names += ["stale"] if self.stale else []
        names += [self.fault.effect] if self.fault else []
        return "+".join(names) or None


NOTHING = Verdict()


class Faults:
    """The orders in force. Whoever calls holds the world's lock."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.fired: list[dict[str, Any]] = []

    def order(self, rules: list[Rule]) -> None:
        """Put these rules in force beside those that are."""
        self.rules += rules

    def clear(self) -> None:
        """Lift all orders and forget what fired."""
        self.rules.clear()
        self.fired.clear()

    def decide(self, call: Call, reached: frozenset[str] = frozenset(), asker: str = "") -> Verdict:
        """What happens to this request. The first rule that hits and ends the request wins.

        reached: the regions that it needs beside that of its signature. asker: the region of the
        VPC that it comes from, "" where it comes from none.
        """
        if not self.rules:
            return NOTHING
        delay, stale, fault = 0.0, None, None
        for number, rule in enumerate(self.rules):
            if fault and rule.effect not in {"delay", "stale"}:
                continue
            if not rule.matches(call, reached, asker):
                continue
            if not rule.draws():
                continue
            if rule.effect == "delay":
                delay += rule.seconds
            elif rule.effect == "stale":
                stale = rule
                continue
            else:
                fault = rule
            self._note(number, rule, call)
        return Verdict(delay, stale, fault)

    def note_stale(self, rule: Rule, call: Call) -> None:
        """A read was answered from the past."""
        self._note(self.rules.index(rule) if rule in self.rules else -1, rule, call)

    def _note(self, number: int, rule: Rule, call: Call) -> None:
        self.fired.append(
            {
                "rule": number,
                "effect": rule.effect,
                "service": call.service,
                "region": call.region,
                "action": call.action,
                "write": call.write,
            }
        )
