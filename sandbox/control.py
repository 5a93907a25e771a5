# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox's own endpoints, all JSON, under /_sandbox/."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

from sandbox.address import ADDRESS
from sandbox.answers import Answer
from sandbox.arguments import bound, check_region, described, explaining
from sandbox.faults import BadRule, Faults, Rule, rule_of
from sandbox.named_faults import OF_REQUESTS
from sandbox.regions import GLOBAL_REGION, all_regions
from sandbox.request_log import RequestLog
from sandbox.world import World


class Control:
    """GET health, log?since=N, databases, hosts, balancers, names, checks, faults, faults/fired;
    GET and POST clock, disasters; POST log/mark, reset, branch, settle, speed, faults, and each of
    the world's controls; DELETE faults."""

    def __init__(self, world: World, log: RequestLog, faults: Faults, key: str = "") -> None:
        """key: all but `health` wants it in the header X-Sandbox-Key; "" wants none."""
        self._world = world
        self._log = log
        self._faults = faults
        self._key = key

    def answer(self, method: str, path: str, environ: dict[str, Any], body: bytes) -> Answer:
        """Serve one control request; what is wrong with it comes back as status 400 or 404."""
        given = str(environ.get("HTTP_X_SANDBOX_KEY", ""))
        if not path.endswith("/health") and not compare_digest(
            given.encode("utf-8", "replace"), self._key.encode()
        ):
            return _json(403, {"error": "the header X-Sandbox-Key is not that of this sandbox"})
        asked = parse_qs(environ.get("QUERY_STRING", ""))
        try:
            content = json.loads(body) if body else None
            found = self._route(method, path.removeprefix("/_sandbox/").strip("/"), asked, content)
        except (BadRule, ValueError, TypeError, KeyError) as problem:
            return _json(400, {"error": str(problem)})
        if found is None:
            return _json(404, {"error": f"no such endpoint: {method} {path}"})
        return _json(200, found)

    def _route(self, method: str, name: str, asked: dict[str, list[str]], content: Any) -> Any:
        match method, name:
            case "GET", "health":
                return self._health()
            case "GET", "log":
                return self._log.since(int(asked.get("since", ["0"])[0]))
            case "POST", "log/mark":
                return {"mark": self._log.last()}
            case "GET", ("databases" | "hosts" | "balancers" | "names" | "checks"):
                return self._listed(name)
            case "POST", "reset":
                self._world.reset()
                return {"reset": True}
            case "POST", "branch":
                return self._world.branch()
            case "POST", "settle":
                return self._settled()
            case "POST", "speed":
                self._call("speed", self._set_speed, content)
                return {"speed": self._world.speed}
            case (("GET" | "POST"), "clock"):
                return self._clock(content or {})
        return self._route_faults(method, name, content)

    def _listed(self, name: str) -> list[dict[str, Any]]:
        listing = {
            "databases": self._world.databases.status,
            "hosts": self._world.machines.status,
            "balancers": self._world.balancers.status,
            "names": self._world.names.status,
            "checks": self._world.names.checks,
        }
        return listing[name]()

    def _route_faults(self, method: str, name: str, content: Any) -> Any:
        match method, name:
            case "POST", name if name in self._world.controls:
                self._call(name, self._world.controls[name], content)
                return {name: content}
            case "POST", "disasters":
                return self._strike(content)
            case "GET", "disasters":
                return list(described({**OF_REQUESTS, **self._world.disasters}))
            case "POST", "faults":
                return self._order(content)
            case "DELETE", "faults":
                with self._world.lock:
                    self._faults.clear()
                    self._tell_darkness()
                return {"rules": 0, **self._settled()}
            case "GET", "faults":
                with self._world.lock:
                    return [_shown(rule) for rule in self._faults.rules]
            case "GET", "faults/fired":
                with self._world.lock:
                    return list(self._faults.fired)
        return None

    def _settled(self) -> dict[str, bool]:
        """Whether what is real follows what was ordered, which has taken effect in any case."""
        return {"settled": self._world.settle()}

    def _health(self) -> dict[str, Any]:
        return {
            "ok": True,
            "pid": os.getpid(),
            "speed": self._world.speed,
            "requests": self._log.last(),
            "names": f"{ADDRESS}:{self._world.names.port}",
            "waiting": self._world.waiting(),
            "real": self._world.machines.real,
            "regions": sorted(self._world.regions),
            "troubles": self._world.troubles(),
            "facts": self._world.facts,
        }

    def _clock(self, steering: Any) -> dict[str, Any]:
        with self._world.lock:
            if steering:
                self._call("clock", self._world.clock.steer, steering)
            return self._world.clock.status()

    def _order(self, content: Any) -> dict[str, Any]:
        given = content if isinstance(content, list) else [content]
        if not all(isinstance(rule, dict) for rule in given):
            raise BadRule("a fault rule is a JSON object, or a list of them")
        rules = [rule_of(rule) for rule in given]
        for rule in rules:
            if rule.region is not None:
                check_region(rule.region, self._regions(GLOBAL_REGION))
        with self._world.lock:
            self._faults.order(rules)
            self._tell_darkness()
            count = len(self._faults.rules)
        return {"rules": count, **self._settled()}

    def _strike(self, content: Any) -> dict[str, Any]:
        known = {**self._world.disasters, **OF_REQUESTS}
        details = dict(content) if isinstance(content, dict) else {}
        disaster = details.pop("disaster", None)
        if disaster is None:
            raise BadRule('disaster is missing in a JSON object, e.g. {"disaster": "http-500"}')
        happen = known.get(disaster)
        if happen is None:
            raise BadRule(f"there is no {disaster!r}; there are {', '.join(sorted(known))}")
        if order := OF_REQUESTS.get(disaster):
            with explaining(disaster, order):
                told = self._order(order(**bound(order, details, self._regions(GLOBAL_REGION))))
            return {"disaster": disaster, "settled": told["settled"]}
        self._call(disaster, happen, details)
        return {"disaster": disaster, **self._settled()}

    def _call(self, name: str, function: Callable[..., object], content: Any) -> None:
        """Call what was ordered under the lock, if it can be meant so."""
        with explaining(name, function):
            values = bound(function, content, self._regions())
            with self._world.lock:
                function(**values)

    def _set_speed(self, speed: float) -> None:
        self._world.speed = speed

    def _regions(self, *more: str) -> frozenset[str]:
        return (self._world.regions or all_regions()).union(more)

    def _tell_darkness(self) -> None:
        """A region whose whole API is dark is dark altogether."""
        self._world.darken(frozenset(filter(None, map(_dark_region, self._faults.rules))))


def _dark_region(rule: Rule) -> str | None:
    partly = (rule.service, rule.action, rule.write, rule.outside) != (None, None, None, False)
    sometimes = rule.probability < 1.0 or rule.times is not None or rule.skip
    return None if rule.effect != "dark" or partly or sometimes else rule.region


def _shown(rule: Any) -> dict[str, Any]:
    fields = [name for name in rule.__slots__ if name != "dice"]
    return {name: getattr(rule, name) for name in fields if getattr(rule, name) is not None}


def _json(status: int, content: Any) -> Answer:
    return Answer(status, [("Content-Type", "application/json")], json.dumps(content).encode())
