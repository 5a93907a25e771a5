# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of a region as it was at a moment."""

from __future__ import annotations

import copy
from typing import Any

from moto.backends import get_backend
from moto.core.base_backend import BackendDict, BaseBackend
from moto.ssm.models import ParameterDict

from sandbox.calls import Call


class Snapshot:
    """One service of one region as it is now, able to answer instead of the present one."""

    def __init__(self, call: Call, account: str) -> None:
        backends = get_backend(call.service)[account]  # type: ignore[call-overload]
        self._holder: dict[str, BaseBackend] = backends
        self._region = call.region if call.region in backends else "aws"
        now = backends[self._region]
        memo = {id(other): other for other in _all_backends() if other is not now}
        self._then = copy.deepcopy(now, memo)

    def __enter__(self) -> None:
        self._now = self._holder[self._region]
        self._holder[self._region] = self._then

    def __exit__(self, *_: object) -> None:
        self._holder[self._region] = self._now


def _services() -> list[Any]:
    return list(vars(BackendDict)["_instances"])


def _all_backends() -> list[BaseBackend]:
    return [
        backend
        for service in _services()
        for account in service.values()
        for backend in account.values()
    ]


def _copy_parameters(self: Any, memo: dict[int, Any]) -> Any:
    """Python would make the copy with a call that this class does not take."""
    new = memo[id(self)] = ParameterDict(self.account_id, self.region_name)
    new.__dict__.update(self.__dict__)
    for name, versions in dict.items(self):
        dict.__setitem__(new, name, copy.deepcopy(versions, memo))
    return new


ParameterDict.__deepcopy__ = _copy_parameters  # type: ignore[attr-defined]
