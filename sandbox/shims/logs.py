# SPDX-License-Identifier: GPL-3.0-or-later
"""Log groups."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = ("PutRetentionPolicy refuses a number of days that AWS does not offer.",)
HOOKS: tuple[Hook, ...] = (
    (LogsBackend, "put_retention_policy", ("log_group_name", "retention_in_days")),
)
# fmt: off
DAYS = {
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
    3288, 3653,
}
# fmt: on


def install(world: World) -> None:
    """Change how the emulator keeps log groups."""

    @wrap(LogsBackend, "put_retention_policy")
    def put(original: Any, _self: Any, log_group_name: str, retention_in_days: Any) -> None:
        if int(retention_in_days) not in DAYS:
            raise InvalidParameterException(f"{retention_in_days} is not a valid retention.")
        original(log_group_name, retention_in_days)
