# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the results of a whole run on one page and in one JSON file, on the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.aws.session import connection
from ..module_utils.converge.catalog import ALL
from ..module_utils.reports import summary
from ..module_utils.reports.run import report_run
from ..module_utils.runner import CONNECTION, dry_run
from ..plugin_utils import waits

display = Display()
NOTHING_RUN = (
    "nothing was run before this report, so there is nothing to report: no site was looked at, and "
    "nothing was changed; run the whole playbook, without --start-at-task"
)
TASKS = (*(tier.TIER for tier in ALL), "image_site", "site")


def _ran(result: Mapping[str, Any] | None) -> bool:
    """Whether a task was run. In results of ours `skipped` has addresses."""
    return result is not None and result.get("skipped") is not True


def _refused(variables: Mapping[str, Any], sites: Iterable[str]) -> dict[str, str]:
    """Site -> message of each whose plan, as role plan registers it, has failed."""
    plans = {site: variables[site].get("plan_result") or {} for site in sites}
    return {site: str(plan["msg"]) for site, plan in plans.items() if plan.get("failed")}


def _told(found: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The results of a host's tasks. A failure that role site has kept, and none of them tells, is
    one of its last task.
    """
    if not variables.get("site_fault") or summary.failed(found):
        return found
    return {**found, "site": {**found.get("site", {}), "failed": True}}


class ActionModule(ActionBase):
    """Reads what the roles registered: <tier>_result and site_result of every site."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset({"folder", "prices", "next_steps", *CONNECTION})

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        hosts = task_vars["hostvars"]
        results = {
            host: {
                task: hosts[host][f"{task}_result"]
                for task in TASKS
                if _ran(hosts[host].get(f"{task}_result"))
            }
            for host in task_vars["ansible_play_hosts_all"]
        }
        results = {host: _told(found, hosts[host]) for host, found in results.items()}
        if not any(results.values()):
            refused = _refused(hosts, results)
            return result | {"failed": True, "msg": summary.refused(refused) or NOTHING_RUN}
        folder = Path(str(self._task.args.get("folder") or "."))
        reported = report_run(
            results,
            self._declared(task_vars),
            folder,
            dry=dry_run(self._task),
            prices=str(self._task.args.get("prices") or "auto"),
            next_steps=list(self._task.args.get("next_steps") or []),
            connection=connection(self._task.args),
        )
        waited = {host: found.get("site", {}).get("waited", {}) for host, found in results.items()}
        waits.keep(folder, self._declared(task_vars)["environment"], waited)
        display.display("\n" + reported.pop("text"))
        return result | reported

    def _declared(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        names = ("environment", "account_id", "sites")
        return {name: self._templar.template(task_vars[f"phoenix_{name}"]) for name in names}
