# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be done to hosts, as plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A host as it is launched: the ids of its instance and image, and where it is.

    own: the image was made of a host, so that its content is here or lost.
    """

    id: str
    region: str
    zone: str
    vpc_id: str
    address: str
    image: str
    host_name: str
    name: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class Launch:
    machine: Machine


@dataclass(frozen=True, slots=True)
class Stop:
    """Shut down; what is on its disk stays."""

    id: str


@dataclass(frozen=True, slots=True)
class Start:
    """Boot what was stopped or has died."""

    id: str


@dataclass(frozen=True, slots=True)
class Reboot:
    id: str


@dataclass(frozen=True, slots=True)
class Terminate:
    """Remove a host with its disk; one that is not there is no error."""

    id: str


@dataclass(frozen=True, slots=True)
class Die:
    """End a host as if its hardware had failed."""

    id: str


@dataclass(frozen=True, slots=True)
class Fill:
    """Let nothing more be written to a host's disk."""

    id: str


@dataclass(frozen=True, slots=True)
class TakeImage:
    """Make an image of a host's disk; it is shut down for it if `reboot`."""

    image: str
    id: str
    reboot: bool


@dataclass(frozen=True, slots=True)
class CopyImage:
    """own: the source was made of a host, so that its content is here or lost."""

    image: str
    source: str
    own: bool


@dataclass(frozen=True, slots=True)
class DropImage:
    image: str


Order = Launch | Stop | Start | Reboot | Terminate | Die | Fill | TakeImage | CopyImage | DropImage


def whose(order: Order) -> str:
    """The host that an order is about; orders about one host are carried out one by one."""
    match order:
        case Launch():
            return order.machine.id
        case CopyImage() | DropImage():
            return order.image
    return order.id
