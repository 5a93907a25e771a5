# SPDX-License-Identifier: GPL-3.0-or-later
"""What a modification of an instance means for its server."""

from __future__ import annotations

from sandbox.databases.orders import Change, Instance, Order, Reboot


def restarts(before: Instance, after: Instance) -> bool:
    """Whether AWS restarts the server for this: for another class, version, port or place."""
    return (before.size, before.version, before.port, before.place) != (
        after.size,
        after.version,
        after.port,
        after.place,
    )


def order_for(before: Instance, after: Instance) -> Order:
    """How a server becomes what it is to be."""
    return Reboot(after) if restarts(before, after) else Change(after)
