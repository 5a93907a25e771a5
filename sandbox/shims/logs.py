# SPDX-License-Identifier: GPL-3.0-or-later
"""Log groups."""

from __future__ import annotations

from typing import Any

from moto.kms.models import kms_backends
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend
from moto.logs.responses import LogsResponse

from sandbox.shims import Hook
from sandbox.world import World
from sandbox.wrap import add, wrap

MENDED = (
    "PutRetentionPolicy refuses a number of days that AWS does not offer.",
    "AssociateKmsKey and DisassociateKmsKey, of log groups.",
)
HOOKS: tuple[Hook, ...] = (
    (LogsBackend, "put_retention_policy", ("log_group_name", "retention_in_days")),
    (LogsResponse, "put_retention_policy", ()),
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

    @add(LogsResponse, "associate_kms_key")
    def associate(self: Any) -> str:
        name, key = self._get_param("logGroupName"), self._get_param("kmsKeyId")
        keys = kms_backends[self.current_account][self.region].keys
        if str(key).rpartition("/")[2] not in keys:
            raise InvalidParameterException(f"The specified KMS key {key} does not exist.")
        _group(self, name).kms_key_id = key
        return ""

    @add(LogsResponse, "disassociate_kms_key")
    def disassociate(self: Any) -> str:
        _group(self, self._get_param("logGroupName")).kms_key_id = None
        return ""


def _group(response: Any, name: str) -> Any:
    found = response.logs_backend.groups.get(name)
    if found is None:
        raise ResourceNotFoundException
    return found
