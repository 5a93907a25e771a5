# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine reaches a host at its public address by `python -m sandbox connect`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.balancers.real import DOORSTEP
from sandbox.ground.commands import CommandFailed, run
from sandbox.ground.identity import Identity
from sandbox.running import CHECKOUT, connection

pytestmark = pytest.mark.real


def connect(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sandbox", "--dir", str(folder), "connect", *words]
    return subprocess.run(command, cwd=CHECKOUT, input=b"", capture_output=True, check=False)


def let_in(site: Any, group: str, network: str) -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": network}]}
    site.client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    site.cloud.settle()


@pytest.mark.sample
def test_ssh_comes_from_the_controllers_address_to_whom_lets_that_in(
    site: Any, folder: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    site.client("ec2").import_key_pair(
        KeyName="builder", PublicKeyMaterial=key.with_suffix(".pub").read_bytes()
    )
    site.gateway()
    group, controller = site.group("builder"), site.cloud.facts()["controller_cidr"]
    let_in(site, group, controller)
    number = site.public(group, KeyName="builder")
    address = site.up(number)["PublicIpAddress"]
    proxy = f"{sys.executable} -m sandbox --dir {folder} connect %h %p"
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes")
    words = [word for option in (*options, f"ProxyCommand={proxy}") for word in ("-o", option)]

    def asked(*command: str) -> str:
        return run("ssh", "-F", "none", "-i", str(key), *words, f"admin@{address}", *command)

    place = "/home/admin/.ssh/authorized_keys"
    site.until(lambda: "ssh-" in site.shell(number, f"cat {place} 2>/dev/null || :"))
    assert asked("echo", "$SSH_CONNECTION").split()[0] == controller.removesuffix("/32")
    # As much as Ansible sends at once, there and back.
    assert asked("head -c 3000000 /dev/zero | wc -c").strip() == "3000000"
    assert len(asked("head -c 300000 /dev/zero | base64 --wrap=0")) == 400000
    with pytest.raises(CommandFailed) as failed:
        asked("exit 7")
    assert failed.value.code == 7


def test_a_group_that_lets_in_another_address_only_gives_no_answer(site: Any, folder: Path) -> None:
    site.gateway()
    group, controller = site.group("builder"), site.cloud.facts()["controller_cidr"]
    let_in(site, group, "198.51.100.7/32")
    number = site.public(group)
    address = site.up(number)["PublicIpAddress"]
    shut = connect(folder, "--timeout", "2", address, "22")
    assert shut.returncode != 0
    assert f"no answer from {address} port 22" in shut.stderr.decode()
    assert controller in shut.stderr.decode()
    let_in(site, group, controller)
    assert connect(folder, address, "22").stdout.startswith(b"SSH-2.0-")


def test_only_public_addresses_of_the_sandbox_are_reached(site: Any, folder: Path) -> None:
    number = site.run()
    private = site.up(number)["PrivateIpAddress"]
    for address in (private, "127.0.0.1", "169.254.169.254"):
        refused = connect(folder, address, "22")
        assert refused.returncode != 0
        assert "no address of this sandbox's internet" in refused.stderr.decode()


def test_the_connection_file_tells_the_addresses_of_controller_and_visitors(
    site: Any, tmp_path: Path
) -> None:
    told = json.loads(connection(site.cloud.endpoint, tmp_path).read_text(encoding="ascii"))
    assert told["controller_cidr"] == f"{site.identity.controller}/32"
    assert told["visitor_cidr"] == f"{site.identity.public.network_address + DOORSTEP}/32"


def test_without_an_internet_it_is_said_that_there_is_none(tmp_path: Path) -> None:
    refused = connect(tmp_path, str(Identity(tmp_path).public[70]), "22")
    assert refused.returncode != 0
    assert "has no internet" in refused.stderr.decode()
