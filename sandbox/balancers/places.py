# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the nodes of load balancers are, and where clients from this machine come from."""

from __future__ import annotations

from typing import Protocol


class Places(Protocol):
    """The networks of the account, as far as a load balancer needs them."""

    def attach(self, namespace: str, vpc_id: str, address: str) -> None:
        """Give a namespace a card with an address of a VPC, and its default route."""
        ...

    def detach(self, namespace: str) -> None:
        """Take the card away; one that is not there is no error."""
        ...

    def join_internet(self, namespace: str, address: str) -> None:
        """Give a namespace a card with an address outside of all VPCs."""
        ...
