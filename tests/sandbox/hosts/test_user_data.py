# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host makes of its user data."""

from __future__ import annotations

import json
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.ground import namespaces
from sandbox.ground.commands import run

pytestmark = pytest.mark.real
PLACE = "/etc/ssh/ssh_host_*"
LOG = "/var/log/cloud-init-output.log"


def pair(folder: Path, kind: str) -> tuple[str, str]:
    """A private and a public key."""
    place = folder / kind
    run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "made", "-f", str(place))
    return place.read_text(encoding="ascii"), place.with_suffix(".pub").read_text(encoding="ascii")


def told(site: Any, number: str, address: str) -> set[str]:
    """The host keys that a client in a host's own network is told."""
    found = run(
        *("ip", "netns", "exec", site.identity.name(number), "ssh-keyscan", "-T", "20", address)
    )
    return {" ".join(line.split()[1:3]) for line in found.splitlines()}


@pytest.mark.sample
def test_a_host_has_the_ssh_keys_of_its_user_data_and_no_others(site: Any, tmp_path: Path) -> None:
    ed25519, rsa = pair(tmp_path, "ed25519"), pair(tmp_path, "rsa")
    keys = {
        "ed25519_private": ed25519[0],
        "ed25519_public": ed25519[1],
        "rsa_private": rsa[0],  # its public half follows from it
        "sausage_private": "x",
    }
    data = f"#cloud-config\n{yaml.safe_dump({'ssh_keys': keys})}"
    number = site.run(UserData=data)
    # Also whoever comes as early as can be is told these.
    name, address = site.identity.name(number), site.one(number)["PrivateIpAddress"]
    site.until(lambda: namespaces.exists(name) and answers(name, address))
    wanted = {" ".join(public.split()[:2]) for _, public in (ed25519, rsa)}
    assert told(site, number, address) == wanted
    site.up(number)
    names = "ssh_host_ed25519_key ssh_host_ed25519_key.pub ssh_host_rsa_key ssh_host_rsa_key.pub"
    assert site.shell(number, f"ls {PLACE} | xargs -n1 basename | xargs") == names
    assert site.shell(number, "stat -c %a /etc/ssh/ssh_host_rsa_key") == "600"
    assert "ssh_keys.sausage_private is not supported" in site.shell(number, f"cat {LOG}")
    site.client("ec2").reboot_instances(InstanceIds=[number])
    site.until(lambda: site.checks(number) != "ok")
    site.up(number)
    assert told(site, number, address) == wanted


def answers(namespace: str, address: str) -> bool:
    try:
        with namespaces.connect(namespace, address, 22, 10.0) as line:
            return line.recv(8).startswith(b"SSH-2.0-")
    except OSError:
        return False


def test_what_comes_before_the_login_is_within_the_early_boot_as_cloud_init_has_it(
    site: Any,
) -> None:
    told = "systemctl is-active sysinit.target > /var/lib/early || :"
    number = site.run(UserData=f"#cloud-config\n{json.dumps({'bootcmd': [told]})}")
    site.up(number)
    assert site.shell(number, "cat /var/lib/early") == "inactive"
    # So what comes after the early boot and before the network is told of, as on AWS.
    verify = "systemd-analyze verify multi-user.target 2>&1 || :"
    assert "cycle" not in site.shell(number, verify)
    unit = "[Unit]\nBefore=network-pre.target\nWants=network-pre.target\n"
    unit += "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    site.shell(number, f"echo '{unit}' > /etc/systemd/system/late.service")
    site.shell(number, "systemctl enable late.service")
    assert "cycle" in site.shell(number, verify)


def test_json_is_left_to_whoever_asks_for_it(site: Any) -> None:
    data = json.dumps({"phoenix": {"path": "/production/home", "region": "us-east-1"}}, indent=2)
    number = site.run(UserData=f"\n{data}", MetadataOptions={"HttpTokens": "optional"})
    site.up(number)
    site.until(lambda: site.shell(number, "systemctl is-active ec2-boot || :") == "active")
    assert site.shell(number, f"cat {LOG}") == ""
    url = "http://169.254.169.254/latest/user-data"
    assert json.loads(site.shell(number, f"curl -s {url}")) == json.loads(data)
    assert len(site.shell(number, f"ls {PLACE}").split()) == 2  # a key of its own


def test_a_message_has_parts_of_every_kind(site: Any, tmp_path: Path) -> None:
    private, public = pair(tmp_path, "ed25519")
    keys = {"ssh_keys": {"ed25519_private": private, "ed25519_public": public}}
    config = {**keys, "runcmd": ["echo command >> /root/order"]}
    message = MIMEMultipart()
    for text, kind in (
        (f"#cloud-config\n{yaml.safe_dump(config)}", "cloud-config"),
        ('{"phoenix": {}}', "json"),
        ("#!/bin/sh\necho script >> /root/order\n", "x-shellscript"),
    ):
        message.attach(MIMEText(text, kind))
    number = site.run(UserData=message.as_string())
    site.up(number)
    lines = "cat /root/order 2>/dev/null || :"
    site.until(lambda: site.shell(number, lines).split() == ["command", "script"])
    assert site.shell(number, "cat /etc/ssh/ssh_host_ed25519_key.pub") == public.strip()
    assert "not understood" not in site.shell(number, f"cat {LOG}")


def test_what_is_no_user_data_is_said_and_stops_nothing(site: Any) -> None:
    number = site.run(UserData="{half of it")
    site.up(number)
    site.until(lambda: "not understood" in site.shell(number, f"cat {LOG}"))
