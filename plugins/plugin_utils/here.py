# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs a task in the controller's process where its connection is local, as a module elsewhere.

Packing a module and starting Python again costs thirty times what the task itself costs. The
strategy imports an action plugin before it forks its workers: what is loaded there is loaded once.
So a plugin that talks to AWS warms the SDK where it is imported, and one that does not waits for
none of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.aws import sdk
from ..module_utils.aws.session import SECRETS, Aws
from ..module_utils.converge.catalog import BY_NAME
from ..module_utils.converge.holder import of_run
from ..module_utils.converge.intake import CONNECTION_FIELDS, RUN_FIELDS, Refusal, refusal
from ..module_utils.converge.keeper import Keeper
from ..module_utils.converge.lease import Lease
from ..module_utils.converge.run import run
from ..module_utils.declaration.fields import Field, Problem, strangers
from ..module_utils.declaration.site import ENVIRONMENT_FIELDS
from ..module_utils.engine.apply import Event, State
from ..module_utils.runner import CONNECTION, arguments, dry_run
from . import checkout
from .orphans import end_with_the_controller

PREFIX = "phoenix_"
SERVING = "serving/main"
CONNECTION_VARIABLE = "phoenix_aws"
display = Display()


class Here(ActionBase):
    """An action whose module has the same name; `what` is what the runner is asked to do."""

    what = ""
    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        # Asked once: where it has been killed since, that is another process.
        self._controller = os.getppid()
        end_with_the_controller(os.getpid())
        params = self.parameters(dict(self._task.args), task_vars or {})
        self._params, self._awaited = params, set[str]()
        self._waited: dict[str, float] = {}
        self._expected = self.expected(task_vars or {})
        if not self.is_here():
            result |= self._execute_module(module_args=params, task_vars=task_vars)
            return result
        try:
            self.refuse(self._strangers(task_vars or {}))
            result |= self.work(_with_environment(params))
        except Refusal as refusal:
            result |= SECRETS.clean(refusal.result)
            result |= {"failed": True, "msg": SECRETS.clean(str(refusal))}
        return result | ({"waited": self._waited} if self._waited else {})

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The task's parameters. What concerns the whole environment need not be said in each task:
        it is taken from variables of the same names with the prefix phoenix_.
        """
        for field in (*ENVIRONMENT_FIELDS, *RUN_FIELDS):
            name = PREFIX + field.name
            if field.name not in given and name in task_vars:
                given[field.name] = self._templar.template(task_vars[name])
        given.setdefault("site", task_vars.get("inventory_hostname"))
        given.setdefault("peer_absent", _peer_absent(given, task_vars))
        if given.get("commit") == "":
            # Of a host that was added there is no inventory.
            given["commit"] = checkout.commit(str(task_vars.get("inventory_dir") or "."))
        return given

    def work(self, params: Mapping[str, Any]) -> dict[str, Any]:
        return run(params, self.what, dry=dry_run(self._task), listener=self.tell, lease=self.lease)

    def lease(self, aws: Aws) -> Lease:
        """By which the tasks of this run of the playbook write at a site."""
        keeper = self.keeper(aws.scope.site)
        return Lease(aws, of_run(self._controller), display.display, lambda: keeper.lives)

    def keeper(self, site: str) -> Keeper:
        """By which this run of the playbook keeps the lease of a site between its tasks."""
        return Keeper(Path(constants.DEFAULT_LOCAL_TMP, f"phoenix-lease-{site}"))

    def expected(self, task_vars: Mapping[str, Any]) -> Mapping[str, float]:
        """Address -> seconds that its wait took last time; empty where nobody keeps that."""
        return {}

    def tell(self, event: Event) -> None:
        """A line when something has to be awaited, when its state changes, and when it is there."""
        if str(self._params.get("wait", True)).lower() == "false":
            return
        site, took = self._params.get("site"), f"{event.seconds:.1f} s"
        if event.state is State.MADE:
            last = self._expected.get(event.address)
            if last is not None and event.address not in self._awaited:
                took += f"; last time it was ready after {last:.1f} s"
            self._awaited.add(event.address)
            display.display(f"{site} waits for {event.address}: {event.status} ({took})")
        elif event.state is State.SETTLED and event.address in self._awaited:
            self._awaited.discard(event.address)
            self._waited[event.address] = round(event.seconds, 1)
            what = f"{site} {event.address} is ready"
            if event.address == SERVING:
                what = f"{self._params['environment']} serves"
            display.display(f"{what}: {took} after this task began")

    def arguments(self) -> Mapping[str, Any]:
        """The argument spec of the module of the same name."""
        return arguments(BY_NAME[self.what].FIELDS)

    def refuse(self, found: Iterable[Problem]) -> None:
        """Raises Refusal if there are problems."""
        problems = list(found)
        if problems:
            raise refusal(problems)

    def _strangers(self, task_vars: Mapping[str, Any]) -> Iterator[Problem]:
        """Arguments of the task that the module does not have. A module would refuse them itself;
        those of the connection are written in a variable.
        """
        known: dict[str, Field | None] = {}
        for name, spec in self.arguments().items():
            known |= dict.fromkeys((name, *spec.get("aliases", ())))
        known |= {field.name: field for field in CONNECTION_FIELDS}
        shared = task_vars.get(CONNECTION_VARIABLE)
        for problem in strangers(known, self._task.args):
            inside = isinstance(shared, Mapping) and problem.path in shared
            path = f"{CONNECTION_VARIABLE}.{problem.path}" if inside else problem.path
            yield replace(problem, path=path)

    def is_here(self) -> bool:
        """Local connection, nobody else's rights or environment, and the SDK in this Python."""
        plain = not self._task.become and not any(self._task.environment or ())
        return self._connection.transport == "local" and plain and not sdk.MISSING


def _peer_absent(given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> bool:
    """Whether the play, in which this host stands for its site, leaves out another site."""
    sites, playing = given.get("sites"), task_vars.get("ansible_play_hosts_all")
    if not isinstance(sites, Mapping) or not playing:
        return False
    return given["site"] in playing and not sites.keys() <= set(playing)


def _with_environment(params: dict[str, Any]) -> dict[str, Any]:
    """Connection options by their aliases; what is absent the SDK finds in the environment."""
    for name, spec in CONNECTION.items():
        for alias in spec.get("aliases", ()):
            if alias in params:
                params.setdefault(name, params.pop(alias))
    return params
