# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a first build waits on AWS, worked out on the real graph with a clock of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import TIERS
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.intake import declared
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.task import RULES
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.apply import Event, apply
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.model import (
    Action,
    Have,
    Step,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.engine.plan import plan
from environment import DECLARED

from sandbox.times import STEPS

POLL = 15.0


def typical(name: str) -> float:
    return STEPS[name].typical


class Anything(dict[str, Any]):
    """Facts of an object whose facts do not matter."""

    def get(self, key: str, default: Any = None) -> Any:
        return f"{key}-1"


@dataclass
class Clockwork:
    """A world of AWS's typical times. arrivals: of the other site's objects, in seconds."""

    arrivals: Mapping[str, float]
    replica: bool
    clock: float = 0.0
    deadline: float = 1e9
    made: dict[str, float] = field(default_factory=dict)
    settled: dict[str, float] = field(default_factory=dict)

    def seconds(self, step: Step) -> float:
        database = "db_replica_cross_region" if self.replica else "db_multi_az"
        names = {
            "vpc": "vpc",
            "nat_gateway": "nat_gateway",
            "load_balancer": "alb",
            "db_instance": database,
            "certificate_validation": "acm_dns_validation",
            "autoscaling_group": "asg_in_service",
        }
        return typical(names[step.kind]) if step.kind in names else 0.0

    def have(self, step: Step) -> Have:
        begun = self.made.get(step.address, self.arrivals.get(step.address, 0.0))
        ready = begun + (0.0 if step.action is Action.READ else self.seconds(step))
        settled = self.clock >= ready
        return Have(step.kind, step.id, {}, Anything(), settled, "working")

    def act(self, step: Step, haves: Mapping[str, Have]) -> Have:
        self.made[step.address] = self.clock
        return self.have(step)

    def look(self, steps: Iterable[Step]) -> Mapping[str, Have]:
        return {step.address: self.have(step) for step in steps}

    def unfinished(self, step: Step) -> bool:
        return False

    def finish(self, step: Step, have: Have) -> Have:
        return have

    def now(self) -> float:
        return self.clock

    def pause(self, round: int) -> None:
        self.clock += POLL

    def tell(self, event: Event) -> None:
        if event.state == "settled":
            self.settled[event.address] = event.seconds


def build(site: str, arrivals: Mapping[str, float]) -> dict[str, float]:
    """When each object of a first build is usable, in seconds."""
    task = declared({**DECLARED, "site": site}, TIERS)
    world = Clockwork(arrivals, replica=site == "recovery")
    with ThreadPoolExecutor(16) as pool:
        outcome = apply(plan(task.wants, {}, RULES), {}, world, pool, wait=True)
    assert not outcome.errors and not outcome.waiting
    return world.settled


def test_production_serves_within_a_tenth_of_its_critical_path() -> None:
    critical = typical("vpc") + typical("db_multi_az")
    settled = build("home", {})
    assert settled["serving/main"] <= 1.10 * critical


def test_the_whole_build_ends_within_a_tenth_of_its_critical_path() -> None:
    home = build("home", {})
    database = home["db_instance/main"]
    recovery = build("recovery", {"home:db_instance/main": database})
    critical = typical("vpc") + typical("db_multi_az") + typical("db_replica_cross_region")
    assert max(recovery.values()) <= 1.10 * critical


def test_nothing_but_the_database_and_what_serves_from_it_waits_for_the_database() -> None:
    settled = build("home", {})
    before = settled["db_instance/main"]
    late = {name for name, seconds in settled.items() if seconds >= before}
    allowed = (
        "db_instance/main",
        "ssm_parameter/database",
        "scaling_processes/web",
        "serving/main",
    )
    assert {name for name in late if not name.startswith(allowed)} == set()
