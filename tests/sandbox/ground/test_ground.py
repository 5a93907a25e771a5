# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands on the machine: made by name, entered, and swept away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left, sweep


@pytest.fixture
def identity(tmp_path: Path) -> Iterator[Identity]:
    made = Identity(tmp_path)
    yield made
    sweep(made, Podman(made))


def test_two_folders_share_neither_names_nor_addresses(tmp_path: Path) -> None:
    one, other = Identity(tmp_path / "a"), Identity(tmp_path / "b")
    assert one.prefix != other.prefix
    assert not one.public.overlaps(other.public)


def test_a_socket_made_within_a_namespace_is_reached_only_from_there(identity: Identity) -> None:
    name = identity.name("vpc")
    namespaces.create(name)
    with namespaces.listener(name, "127.0.0.1", 4711) as place:
        with namespaces.connect(name, "127.0.0.1", 4711, 1.0) as line:
            assert line.getpeername() == place.getsockname()
        with pytest.raises(OSError, match="refused"):
            namespaces.connect(other_namespace(identity), "127.0.0.1", 4711, 1.0)


def other_namespace(identity: Identity) -> str:
    name = identity.name("other")
    namespaces.create(name)
    return name


def test_a_sweep_removes_namespaces_with_their_processes_and_interfaces(identity: Identity) -> None:
    name = identity.name("vpc")
    namespaces.create(name)
    outside = identity.link("out")
    run("ip", "link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "netns", "exec", name, "bash", "-c", "sleep 600 >/dev/null 2>&1 & disown")
    assert namespaces.processes(name)
    assert left(identity) == [name, outside]
    sweep(identity, Podman(identity))
    assert left(identity) == []


def test_a_sweep_finishes_what_a_killed_sweep_began(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    state = Path("/run") / identity.prefix
    # The store goes first: what is elsewhere must not be forgotten with it.
    (state / "overlay").mkdir(parents=True)
    run("mount", "-t", "tmpfs", "kept", str(state / "overlay"))
    assert not (tmp_path / "podman").exists()
    sweep(identity, Podman(identity))
    assert not state.exists()


def test_a_command_that_fails_says_what_it_printed() -> None:
    with pytest.raises(CommandFailed, match="does not exist"):
        run("ip", "link", "show", "px-none")
    with pytest.raises(CommandFailed, match="No such file"):
        run("a-program-that-is-not-there")


def test_the_store_of_a_sandbox_sees_no_container_of_another(tmp_path: Path) -> None:
    podman = Podman(Identity(tmp_path))
    assert json.loads(podman("images", "--format", "json")) == []
    assert podman.containers() == []
    podman.erase()
    assert not (tmp_path / "podman").exists()
