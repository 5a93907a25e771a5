# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of a group's processes are at rest: no object of its own at AWS, but a state that lasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from ..aws.session import Aws
from ..aws.view import View
from ..engine import canon
from ..engine.model import Change, Have, Rules, Want
from . import autoscaling
from .autoscaling_group import HELD_BACK, AutoscalingGroup
from .base import Kind, have_for


class ScalingProcesses(Kind):
    """spec: group (name), suspended (names, unordered). facts: id, the group's name.

    Declared apart from the group, because a new group's processes may have to wait for others.
    """

    name: ClassVar[str] = "scaling_processes"
    rules: ClassVar[Rules] = Rules(replace=frozenset({"group"}), rank=60)
    services: ClassVar[tuple[str, ...]] = ("autoscaling",)

    def find(self, view: View, wants: Sequence[Want]) -> Iterable[Have]:
        for item in autoscaling.groups(view):
            tags = canon.tags(item["Tags"])
            if view.scope.owns(tags, AutoscalingGroup.name):
                name = item["AutoScalingGroupName"]
                suspended = [process["ProcessName"] for process in item["SuspendedProcesses"]]
                spec = {"group": name, "suspended": canon.unordered(suspended)}
                yield Have(self.name, view.scope.id_of(tags), spec, {"id": name})

    def create(self, aws: Aws, want: Want) -> Have:
        """A group that was just made has processes at rest, which nobody has looked at yet."""
        group = want.spec["group"]
        _rest(aws, group, want.spec["suspended"])
        _resume(aws, group, set(HELD_BACK) - set(want.spec["suspended"]))
        return have_for(want, {"id": group})

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        wanted, found = set(want.spec["suspended"]), set(have.spec["suspended"])
        _rest(aws, want.spec["group"], wanted - found)
        _resume(aws, want.spec["group"], found - wanted)
        return None

    def delete(self, aws: Aws, have: Have) -> None:
        """The state ends with its group; there is nothing to remove."""


def _rest(aws: Aws, group: str, processes: Iterable[str]) -> None:
    names = sorted(processes)
    if names:
        aws.client("autoscaling").suspend_processes(
            AutoScalingGroupName=group, ScalingProcesses=names
        )


def _resume(aws: Aws, group: str, processes: Iterable[str]) -> None:
    names = sorted(processes)
    if names:
        aws.client("autoscaling").resume_processes(
            AutoScalingGroupName=group, ScalingProcesses=names
        )
