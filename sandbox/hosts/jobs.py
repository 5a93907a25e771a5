# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to hosts, and how."""

from __future__ import annotations

from sandbox.ground.commands import CommandFailed
from sandbox.hosts import orders
from sandbox.hosts.host import Ground, Host
from sandbox.hosts.orders import Order


class Unknown(RuntimeError):
    """An order about a host that is not there."""


class Jobs:
    """All hosts of a sandbox."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.hosts: dict[str, Host] = {}

    def carry_out(self, order: Order) -> None:
        """Do what is ordered. Raises Unknown or CommandFailed."""
        match order:
            case orders.Launch():
                self._launch(order)
            case orders.Stop():
                self._host(order.id).stop()
            case orders.Start():
                self._host(order.id).start()
            case orders.Reboot():
                self._host(order.id).reboot()
            case orders.Terminate():
                self._terminate(order)
            case orders.Die():
                self._host(order.id).kill()
            case orders.Fill():
                self._host(order.id).fill()
            case _:
                self._images(order)

    def _host(self, number: str) -> Host:
        found = self.hosts.get(number)
        if found is None:
            raise Unknown(f"there is no host {number}")
        return found

    def _launch(self, order: orders.Launch) -> None:
        host = Host(self.ground, order.machine)
        self.hosts[order.machine.id] = host
        try:
            host.launch()
        except CommandFailed:
            del self.hosts[order.machine.id]
            raise

    def _terminate(self, order: orders.Terminate) -> None:
        host = self.hosts.get(order.id)
        if host:
            host.remove()
            # Only now: what could not be removed is still known, and removed by a reset.
            self.hosts.pop(order.id, None)

    def _images(self, order: Order) -> None:
        podman, ground = self.ground.podman, self.ground
        match order:
            case orders.TakeImage():
                host = self._host(order.id)
                again = order.reboot and host.alive
                if again:
                    host.stop()
                try:
                    host.commit(order.image)
                finally:
                    if again:
                        host.start()
            case orders.CopyImage():
                source = ground.source(order.source, own=order.own)
                podman("tag", source, ground.image(order.image))
            case orders.DropImage():
                # Hosts may still run on it; podman keeps its layers as long as they do.
                name = ground.image(order.image)
                if podman("images", "--quiet", name).strip():
                    podman("untag", name, name)
                    podman("image", "prune", "--force")
