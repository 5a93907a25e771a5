# SPDX-License-Identifier: GPL-3.0-or-later
"""EC2 instances: how they stop, start, reboot, die and go, and whether they are well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.autoscaling.models import autoscaling_backends
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.instances import Instance, InstanceBackend, InstanceState, StateReason

from sandbox.hosts.orders import Die, Fill, Order, Reboot, Start, Stop, Terminate
from sandbox.shims import Hook
from sandbox.shims._machines import find
from sandbox.world import World
from sandbox.wrap import wrap

MENDED = (
    "An instance is stopping, shutting-down or pending for its time, then stopped, terminated or "
    "running.",
    "What is terminated is neither stopped, started nor rebooted; what is stopped is not rebooted, "
    "and what is stopping not started.",
    "The network interface of an instance goes with it, and its address is free again.",
    "Status checks are initializing until an instance has booted, and impaired when it is dead.",
)
HOOKS: tuple[Hook, ...] = (
    (InstanceBackend, "start_instances", ("instance_ids",)),
    (InstanceBackend, "stop_instances", ("instance_ids",)),
    (InstanceBackend, "reboot_instances", ("instance_ids",)),
    (Instance, "start", ()),
    (Instance, "stop", ()),
    (Instance, "reboot", ()),
    (Instance, "terminate", ()),
    (Instance, "network_interfaces", ()),
    (Instance, "instance_status", ()),
    (Instance, "system_status", ()),
)
# States in which nothing can be done to an instance, by what is asked for.
_REFUSED = {
    "started": ("terminated", "shutting-down", "stopping"),
    "stopped": ("terminated", "shutting-down"),
    "rebooted": ("terminated", "shutting-down", "stopped", "stopping"),
}
_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64}
_CODES["stopped"] = 80
_NOTICED = 60.0  # AWS seconds until a failed status check counts: two checks, about


def install(world: World) -> None:
    """Let instances live."""
    _refusals()
    _stops(world)
    _ends(world)
    _statuses()
    world.on_health(lambda instance, health: _told(world, instance, health))
    _disasters(world)


def become(instance: Any, state: str) -> None:
    """Set the state of an instance."""
    instance._state = InstanceState(state, _CODES[state])


def follow(
    world: World,
    instance: Any,
    order: Callable[[], Order],
    step: str,
    states: tuple[str, str],
    then: Callable[[], object] | None = None,
) -> None:
    """Have the host of an instance follow, and the instance pass from one state to the other.

    step: the time that takes, of `sandbox.times`.
    """
    during, after = states
    become(instance, during)

    def done(_problem: Exception | None = None) -> None:
        if instance.state == during:
            become(instance, after)
            if then:
                then()

    label = f"{instance.id} is {after}"
    world.machines.carry_out(order, world.seconds(step), label, done, done)


def _refusals() -> None:
    for verb, method in (("start", "started"), ("stop", "stopped"), ("reboot", "rebooted")):
        _refuse(f"{verb}_instances", method)


def _refuse(name: str, participle: str) -> None:
    @wrap(InstanceBackend, name)
    def act(original: Callable[[list[str]], Any], self: Any, instance_ids: list[str]) -> Any:
        for instance in self.get_multi_instances_by_id(instance_ids):
            if instance.state in _REFUSED[participle]:
                raise EC2ClientError(
                    "IncorrectInstanceState",
                    f"The instance '{instance.id}' is not in a state from which it can be "
                    f"{participle}.",
                )
        return original(instance_ids)


def _stops(world: World) -> None:
    @wrap(Instance, "stop")
    def stop(original: Callable[[], Any], self: Any) -> Any:
        before = InstanceState(self._state.name, self._state.code)
        if before.name in ("stopped", "stopping"):
            return before
        original()
        order = Stop(self.id)
        follow(world, self, lambda: order, "instance_stopped", ("stopping", "stopped"))
        return before

    @wrap(Instance, "start")
    def start(original: Callable[[], Any], self: Any) -> Any:
        before = InstanceState(self._state.name, self._state.code)
        if before.name in ("running", "pending"):
            return before
        original()
        self.health = world.machines.booting
        order = Start(self.id)
        follow(world, self, lambda: order, "instance_running", ("pending", "running"))
        return before

    @wrap(Instance, "reboot")
    def reboot(original: Callable[[], None], self: Any) -> None:
        original()
        if self.availability_zone in world.dead_zones:
            return
        self.health = world.machines.booting
        order, label = Reboot(self.id), f"{self.id} reboots"
        world.machines.carry_out(lambda: order, 0.0, label, _nothing, _nothing)


def _ends(world: World) -> None:
    @wrap(Instance, "terminate")
    def terminate(original: Callable[[], Any], self: Any) -> Any:
        before = InstanceState(self._state.name, self._state.code)
        if before.name in ("terminated", "shutting-down"):
            return before
        original()
        order = Terminate(self.id)
        states = ("shutting-down", "terminated")
        follow(world, self, lambda: order, "instance_terminated", states, lambda: _leave(self))
        return before

    def listed(self: Any) -> list[Any]:
        return [] if self.state == "terminated" else list(self.nics.values())

    Instance.network_interfaces = property(listed)  # type: ignore[method-assign, assignment]


def _leave(instance: Any) -> None:
    """Give back the network interfaces that were made for an instance."""
    ec2 = instance.ec2_backend
    for index, card in instance.nics.items():
        if index == 0 or card.delete_on_termination:
            if ec2.enis.pop(card.id, None):
                card.subnet.del_subnet_ip(card.private_ip_address)
        else:
            card.instance, card.status = None, "available"
    # The emulator gives them back once more when it forgets the instance: to whom has them then.
    instance._private_ips.clear()


def _statuses() -> None:
    def status(self: Any) -> dict[str, Any]:
        if self.state_code != _CODES["running"]:
            return {"Status": "not-applicable"}
        health = self.__dict__.get("health", "ok")
        passed = {"ok": "passed", "impaired": "failed"}.get(health, health)
        return {"Status": health, "Details": [{"Name": "reachability", "Status": passed}]}

    Instance.instance_status = property(status)  # type: ignore[method-assign, assignment]
    Instance.system_status = property(status)  # type: ignore[method-assign, assignment]


def _told(world: World, instance_id: str, health: str) -> None:
    """A host was seen to be so; what is no instance any more is nobody's."""
    try:
        instance = find(instance_id)
    except ValueError:
        return
    if health == "halted":
        _halted(instance)
        return
    instance.health = health
    if health == "impaired":
        label = f"{instance_id} is found dead"
        world.later(world.scaled(_NOTICED), lambda: _report(instance), label)


def _halted(instance: Any) -> None:
    """A host shut itself down: the instance stops, or goes if it was launched so."""
    ec2 = instance.ec2_backend
    if instance.instance_initiated_shutdown_behavior == "terminate":
        ec2.terminate_instances([instance.id])
    else:
        ec2.stop_instances([instance.id])
    instance.state_reason = StateReason(
        "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
        "Client.InstanceInitiatedShutdown",
    )


def _report(instance: Any) -> None:
    """Let its Auto Scaling group know that an instance fails its status checks."""
    if instance.state != "running" or instance.health != "impaired":
        return
    ec2 = instance.ec2_backend
    groups = autoscaling_backends[ec2.account_id][ec2.region_name]
    for group in groups.autoscaling_groups.values():
        if any(state.instance is instance for state in group.instance_states):
            groups.set_instance_health(instance.id, "Unhealthy")


def _disasters(world: World) -> None:
    def host_dies(region: str, instance: str) -> None:
        """End the host of an instance as if its hardware had failed."""
        order, label = Die(find(instance, region).id), f"{instance} dies"
        if not world.machines.real:
            world.tell_health(order.id, "impaired")
            return
        world.machines.carry_out(lambda: order, 0.0, label, _nothing, _nothing)

    def disk_full(region: str, instance: str) -> None:
        """Let nothing more be written to the disk of an instance's host until it boots again."""
        order, label = Fill(find(instance, region).id), f"the disk of {instance} is full"
        if not world.machines.real:
            raise ValueError("there is no disk: no host is real here")
        world.machines.carry_out(lambda: order, 0.0, label, _nothing, _raised)

    world.disasters["host-dies"] = host_dies
    world.disasters["disk-full"] = disk_full


def _raised(problem: Exception) -> None:
    """Whoever ordered it does not wait; it is told on stderr."""
    raise problem


def _nothing(_problem: Exception | None = None) -> None:
    """Nobody waits for it."""
