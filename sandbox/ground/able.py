# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this machine can have what is real in the sandbox, and what it lacks for it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from sandbox.ground.commands import run

# A program that is called, and Debian's package that has it.
PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "podman": "podman",
        "runc": "runc",
        "mmdebstrap": "mmdebstrap",
        "nft": "nftables",
        "ip": "iproute2",
        "tc": "iproute2",
        "sysctl": "procps",
        "haproxy": "haproxy",
        "ssh": "openssh-client",
    }
)
# Packages whose services start by themselves, once they are installed and at each boot.
_SERVICES = frozenset({"haproxy", "postgresql"})
# Ubuntu does not know Debian's keys, with which the images' packages are signed.
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg"), "debian-archive-keyring"
SYSTEMD = Path("/run/systemd/system")  # is there where systemd runs the machine
_INSTALLING = 900.0  # seconds at the most


def missing(also: Mapping[str, str] = MappingProxyType({})) -> tuple[str, ...]:
    """The packages that are to be installed, by name. also: further programs, as PROGRAMS."""
    wanted = {**PROGRAMS, **also}
    found = {package for name, package in wanted.items() if find(name) is None}
    if not KEYS[0].exists():
        found.add(KEYS[1])
    return tuple(sorted(found))


def hindrance() -> str:
    """Why nothing here can be real, as a sentence; empty where it can."""
    if not sys.platform.startswith("linux"):
        return "it takes Linux"
    if os.geteuid() != 0:
        return "it takes root, for network namespaces and containers"
    if packages := missing():
        return f"these packages are to be installed: {' '.join(packages)}"
    return ""


def can_install() -> bool:
    """Whether missing packages can be installed from here: root, on Debian or what follows it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(packages: tuple[str, ...]) -> None:
    """Install packages of the distribution, and start nothing, neither now nor at the next boot.

    Raises CommandFailed.
    """
    # At runlevel 1 a package starts no service of its own; systemd does not ask for that.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    services = sorted(_SERVICES.intersection(packages))
    held = services if SYSTEMD.is_dir() else []
    for service in held:
        run("systemctl", "mask", "--runtime", service)
    try:
        run("apt-get", "update", "-qq", timeout=_INSTALLING, environment=quiet)
        words = ("install", "-qq", "--yes", "--no-install-recommends")
        run("apt-get", *words, *packages, timeout=_INSTALLING, environment=quiet)
        for service in services:
            run("update-rc.d", service, "disable")
    finally:
        for service in held:
            run("systemctl", "unmask", "--runtime", service)


def find(name: str) -> str | None:
    """Where a program is; an ordinary user's PATH has not all folders."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
