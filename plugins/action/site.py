# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs module site in the controller's process where the connection is local."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..module_utils.aws.session import warm
from ..module_utils.converge.catalog import TIERS
from ..module_utils.runner import site_arguments
from ..plugin_utils import waits
from ..plugin_utils.whole import Whole

warm()


def _peer_failed(task_vars: Mapping[str, Any]) -> bool:
    """Whether a task of a tier, or what follows them, has failed on another host of the play."""
    hosts = task_vars.get("hostvars") or {}
    return any(
        hosts[host].get(f"{tier.TIER}_result", {}).get("failed") or hosts[host].get("site_fault")
        for host in task_vars.get("ansible_play_hosts_all") or ()
        if host != task_vars.get("inventory_hostname")
        for tier in TIERS
    )


class ActionModule(Whole):
    what = "site"

    def parameters(self, given: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        given = super().parameters(given, task_vars)
        given.setdefault("peer_failed", _peer_failed(task_vars))
        return given

    def expected(self, task_vars: Mapping[str, Any]) -> Mapping[str, float]:
        """What role site has kept of earlier runs."""
        folder = self._templar.template(task_vars.get("site_report_folder"))
        if not folder:
            return {}
        kept = waits.read(Path(str(folder)), str(self._params["environment"]))
        return kept.get(str(self._params["site"]), {})

    def arguments(self) -> Mapping[str, Any]:
        return site_arguments()
