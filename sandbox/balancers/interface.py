# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rest of the sandbox knows of its load balancers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.balancers.wanted import Balancer, Check

if TYPE_CHECKING:
    from sandbox.ground.authority import Authority
    from sandbox.world import World


class Balancers(Protocol):
    """The proxies behind the load balancers of the API. Calls are made under the world's lock."""

    # Signs what ACM issues; None where certificates are for show.
    authority: Authority | None

    def provision(
        self,
        arn: str,
        seconds: float,
        label: str,
        ready: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        """Call `ready` when a new load balancer takes requests and `seconds` have passed too.

        `failed` is called instead with what went wrong. Both are called under the world's lock.
        """
        ...

    def health(self, group_arn: str, target: str) -> tuple[str, ...] | None:
        """State, reason and description that checks have found for a registered target.

        A healthy one has no reason. None: nobody checks targets.
        """
        ...

    def proof(self, check: Check) -> float:
        """Real seconds after which a target that answers has been found healthy; 0: no checks."""
        ...

    def drain(self, seconds: float, label: str, drained: Callable[[], None]) -> None:
        """Call `drained` under the world's lock when targets that were deregistered have drained.

        The real `seconds` of that begin when nothing new is sent to them, as at AWS, however long
        it takes here until it is so.
        """
        ...

    def status(self) -> list[dict[str, Any]]:
        """Every load balancer: name, region, DNS name, nodes, listeners, doors and targets."""
        ...


class Source(Protocol):
    """The API's side of the load balancers. Calls are made under the world's lock."""

    def wanted(self) -> Sequence[Balancer]:
        """All load balancers that are to be there by now."""
        ...

    def store(self, balancer: Balancer, key: str, content: bytes) -> None:
        """Put an object into the bucket for the access logs of a load balancer."""
        ...


class NoBalancers:
    """Load balancers are there in the API only."""

    authority: Authority | None = None

    def __init__(self, world: World) -> None:
        self._world = world

    def provision(
        self,
        arn: str,
        seconds: float,
        label: str,
        ready: Callable[[], object],
        failed: Callable[[Exception], object],
    ) -> None:
        self._world.later(seconds, ready, label)

    def health(self, group_arn: str, target: str) -> tuple[str, ...] | None:
        return None

    def proof(self, check: Check) -> float:
        return 0.0

    def drain(self, seconds: float, label: str, drained: Callable[[], None]) -> None:
        self._world.later(seconds, drained, label)

    def status(self) -> list[dict[str, Any]]:
        return []
