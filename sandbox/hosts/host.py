# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: a container with systemd, in a namespace of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sandbox.fabric.fabric import Fabric
from sandbox.fabric.names import RESOLVER
from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.hosts.orders import Machine

# Without SYS_ADMIN systemd drops the sandboxing of services silently; NET_ADMIN and NET_RAW stay in
# the host's own namespace, where the fabric believes no address but its own.
_CAPABILITIES = "SYS_ADMIN,NET_ADMIN,NET_RAW,AUDIT_WRITE,SYS_PTRACE,SYS_BOOT"
_PATIENCE = 20  # seconds that a host has to shut down by itself
# A container's disk is the machine's and has no limit. So over each folder that a host writes to
# lies a layer for what it writes, which is as small as can be, and full. What is open stays so.
# /etc has mounts of podman's below it.
_FILL = """mkdir /run/full
mount -t tmpfs -o size=256k full /run/full
for folder in home opt root srv usr var; do
  layer="/run/full/$folder"
  mkdir -p "$layer/upper" "$layer/work"
  mount -t overlay full -o "lowerdir=/$folder,upperdir=$layer/upper,workdir=$layer/work" "/$folder"
done
cat /dev/zero > /run/full/rest 2> /dev/null || :
"""
# Codes with which process 1 of a container ends: what the kernel makes of reboot(2) in it.
REBOOTED, HALTED = 129, (0, 130)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all hosts share. `base` is the name of the image for what is no image of ours."""

    identity: Identity
    podman: Podman
    fabric: Fabric
    base: str

    def image(self, ami: str) -> str:
        """The name under which an image of the API is kept."""
        return f"localhost/{self.identity.prefix}-{ami}:latest"

    def source(self, ami: str, *, own: bool) -> str:
        """The name of what is launched of an image; that of an `own` one may be gone."""
        return self.image(ami) if own else self.base


def domain(region: str) -> str:
    """The domain of the private names of a region."""
    return "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"


class Host:
    """A host from its launch to its end. Used by one thread at a time, but for `health`."""

    def __init__(self, ground: Ground, machine: Machine) -> None:
        self.ground = ground
        self.machine = machine
        self.name = ground.identity.name(machine.id)
        self.meant_to_run = False
        self.health = ""  # as it was told last
        self._process = 0

    @property
    def alive(self) -> bool:
        """Whether its first process is there."""
        return bool(self._process) and Path(f"/proc/{self._process}").exists()

    @property
    def reachable(self) -> bool:
        """Whether it has booted so far that one can log in."""
        return self._has("up")

    @property
    def booted(self) -> bool:
        """Whether its boot is over, with its user data and all services."""
        return self._has("booted")

    def _has(self, mark: str) -> bool:
        return self.alive and Path(f"/proc/{self._process}/root/run/ec2/{mark}").exists()

    def launch(self) -> None:
        """Make it and boot it. Raises CommandFailed; then nothing of it is left."""
        ground, machine = self.ground, self.machine
        try:
            namespaces.create(self.name)
            ground.fabric.attach(self.name, machine.vpc_id, machine.address)
            ground.podman.start(
                self.name,
                ground.source(machine.image, own=machine.own),
                self.name,
                "--systemd=always",
                "--no-hosts",
                "--shm-size=16m",
                f"--cap-add={_CAPABILITIES}",
                f"--dns={RESOLVER}",
                f"--dns-search={domain(machine.region)}",
                f"--env=EC2_INSTANCE={machine.id}",
                f"--env=EC2_HOSTNAME={machine.host_name}",
                f"--stop-timeout={_PATIENCE}",
            )
        except CommandFailed:
            self.remove()
            raise
        self._running()

    def stop(self) -> None:
        """Shut it down."""
        self.meant_to_run = False
        self.ground.podman("stop", "--ignore", self.name)
        self._process = 0

    def start(self) -> None:
        """Boot it again. Raises CommandFailed."""
        self.ground.podman("start", self.name)
        self._running()

    def reboot(self) -> None:
        """Shut it down and boot it. Raises CommandFailed."""
        self.stop()
        self.start()

    def kill(self) -> None:
        """End it as if it had lost its power."""
        if self.alive:
            self.ground.podman("kill", "--signal", "KILL", self.name)

    def fill(self) -> None:
        """Let nothing more be written to its disk until it boots again. Raises CommandFailed."""
        self.ground.podman("exec", self.name, "sh", "-e", "-c", _FILL)

    def remove(self) -> None:
        """Remove it with its disk, its namespace and its card."""
        self.meant_to_run = False
        self._process = 0
        self.ground.podman.remove([self.name])
        self.ground.fabric.detach(self.name)
        namespaces.delete(self.name)

    def commit(self, ami: str) -> None:
        """Make an image of its disk."""
        self.ground.podman("commit", "--quiet", self.name, self.ground.image(ami))

    def ended(self) -> int | None:
        """The code with which it ended; None where that is not known yet."""
        words = ("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", self.name)
        status, code = self.ground.podman(*words).split()
        return int(code) if status in ("exited", "stopped") else None

    def _running(self) -> None:
        text = self.ground.podman("inspect", "--format", "{{.State.Pid}}", self.name)
        self._process = int(text)
        self.health = ""
        self.meant_to_run = True
