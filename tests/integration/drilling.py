# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill step by step, in a copy that the tiers build, with what hosts would tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.destroy import destroy
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.run import run
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import (
    perform,
    rehearsal,
)
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations.drill import DRILL
from environment import TRAFFIC, Environment
from failing_over import TOLD

Result = dict[str, Any]
# As playbook dr_drill declares them for the copy.
OF_A_COPY = {
    "network": {"flow_logs": False},
    "traffic": {
        **TRAFFIC,
        "zone_managed": False,
        "access_logs": False,
        "deletion_protection": False,
        "alarm_email": "",
    },
}


class Copy:
    """That of the recovery site, as module dr_rehearsal would have it declared."""

    def __init__(self, environment: Environment, told: Mapping[str, Any] | None = None) -> None:
        self.of = environment
        self.rehearsal = told or rehearsal.rehearsed(environment.params("recovery"))
        declares = self.rehearsal["declares"]
        names = ("environment", "sites", "copy_of")
        self.declared = {
            **environment.params(declares["site"]),
            **{name: declares[name] for name in names},
            **OF_A_COPY,
            "database": {
                "restore": declares["restore"],
                "deletion_protection": False,
                "final_snapshot": False,
            },
        }

    def build(self, **more: Any) -> Result:
        return run({**self.declared, **more}, "site", dry=False)

    def destroy(self) -> Result:
        chosen = ["backups", "logs", "releases"]
        consent = {"confirm": self.declared["environment"], "empty_buckets": chosen}
        return destroy({**self.declared, **consent}, dry=False)

    def step(self, name: str, *, dry: bool = False, **more: Any) -> Result:
        options = {"database": self.declared["database"], "wait_timeout": 60, **more}
        given = {**self.declared, "operation": "drill", "step": name, **options}
        return perform.perform(given, dry=dry)

    def open(self, **more: Any) -> Result:
        declares = self.rehearsal["declares"]
        told = {
            "owned": self.rehearsal["owned"],
            "as_of": declares["as_of"],
            "declares": declares,
        }
        return self.step("open", told=told, **more)

    def go_on(self, last: str = "lock") -> None:
        """The steps after the first, up to this one."""
        for one in DRILL[1:]:
            self.tell(one.name)
            if one.name == last:
                return

    def tell(self, name: str, **told: Any) -> Result:
        result = self.step(name)
        if result["done"] or name == "close":
            return result
        proof = {"in_recovery": False, "proof": result["id"]}
        built = {"did": ["vpc/main"]}
        known = {"build": built, "restore": built, "remove": built, "clean": {"left": []}}
        return self.step(name, told={**(known | TOLD).get(name, proof), **told})

    def end(self) -> Result:
        """Takes it down, looks, and closes the drill."""
        self.tell("remove", did=self.destroy()["done"])
        after = rehearsal.rehearsed(self.of.params("recovery"))
        self.tell("clean", left=[], owned=after["owned"])
        return self.step("close")
