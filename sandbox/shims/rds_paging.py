# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of RDS come in pages."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("Snapshots, subnet groups and parameters are listed in pages of 100, or MaxRecords.",)
LISTS = {
    "describe_db_snapshots": "DBSnapshots",
    "describe_db_subnet_groups": "DBSubnetGroups",
    "describe_db_parameters": "Parameters",
}
HOOKS: tuple[Hook, ...] = tuple((RDSResponse, name, ()) for name in LISTS)


def install(world: World) -> None:
    """Have the emulator cut these lists."""
    for name, key in LISTS.items():
        _cut(name, key)


def page(items: list[Any], marker: str, size: int) -> tuple[list[Any], str | None]:
    """The items after a marker, `size` at most, and the marker of the next page if there is one."""
    if marker and not marker.isdigit():
        raise RDSClientError("InvalidParameterValue", f"The marker {marker} is not valid.")
    start = int(marker or 0)
    end = start + size
    return items[start:end], str(end) if end < len(items) else None


def _cut(name: str, key: str) -> None:
    @wrap(RDSResponse, name)
    def listed(original: Any, self: RDSResponse) -> ActionResult:
        result: Any = original()._result
        size = int(self.params.get("MaxRecords") or 100)
        if not 20 <= size <= 100:
            raise RDSClientError(
                "InvalidParameterValue", f"Invalid value {size} for MaxRecords. Must be 20 to 100."
            )
        items, marker = page(list(result[key]), self.params.get("Marker") or "", size)
        return ActionResult({**result, key: items, **({"Marker": marker} if marker else {})})
