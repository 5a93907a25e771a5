# SPDX-License-Identifier: GPL-3.0-or-later
"""An image of a host is a new machine each time that it is launched."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.ground.commands import CommandFailed

HOME, AWAY = "us-east-1", "us-west-2"
pytestmark = pytest.mark.real
FACTS = "cat /etc/machine-id /etc/hostname /etc/ssh/ssh_host_ed25519_key.pub"
BOOT = "cat /proc/sys/kernel/random/boot_id"


def taken(site: Any, number: str, **more: Any) -> str:
    """An image of a host, once it is available."""
    ec2 = site.client("ec2")
    image = str(ec2.create_image(InstanceId=number, **more)["ImageId"])
    site.until(lambda: ec2.describe_images(ImageIds=[image])["Images"][0]["State"] == "available")
    return image


def text(site: Any, number: str, command: str) -> str:
    """What a command prints, "" while the host is not there."""
    try:
        return str(site.shell(number, command))
    except CommandFailed:
        return ""


def test_only_without_no_reboot_a_host_is_rebooted_for_its_image(site: Any) -> None:
    number = site.run()
    site.up(number)
    site.shell(number, "echo kept > /root/kept")
    before = text(site, number, BOOT)
    taken(site, number, Name="running", NoReboot=True)
    assert text(site, number, BOOT) == before
    taken(site, number, Name="rebooted", NoReboot=False)
    site.until(lambda: text(site, number, BOOT) not in ("", before))
    site.up(number)
    assert text(site, number, "cat /root/kept") == "kept"


def test_what_is_launched_of_an_image_is_a_machine_of_its_own_with_user_data_of_its_own(
    site: Any,
) -> None:
    data = "#!/bin/sh\necho {} >> /root/times\n"
    number = site.run(UserData=data.format("first"))
    site.up(number)
    times = "cat /root/times 2>/dev/null || :"
    site.until(lambda: site.shell(number, times) == "first")
    image = taken(site, number, Name="golden", NoReboot=True)
    site.client("ec2").terminate_instances(InstanceIds=[number])
    launched = [site.run(ImageId=image, UserData=data.format(name)) for name in ("one", "other")]
    for host, name in zip(launched, ("one", "other"), strict=True):
        site.up(host)
        site.until(lambda host=host, name=name: site.shell(host, times).split() == ["first", name])
        assert site.shell(host, "systemctl is-system-running --wait || :") == "running"
    facts = [site.shell(host, FACTS).splitlines() for host in launched]
    assert all(len(found) == 3 for found in facts)
    assert all(one != other for one, other in zip(*facts, strict=True))


def test_a_copy_whose_source_went_before_it_came_over_fails_and_is_nothing_else(site: Any) -> None:
    number = site.run()
    site.up(number)
    home, away = site.client("ec2"), site.client("ec2", AWAY)
    image = taken(site, number, Name="short-lived", NoReboot=True)
    site.cloud.strike("regions-cut", one=HOME, other=AWAY)
    copy = away.copy_image(Name="too-late", SourceImageId=image, SourceRegion=HOME)["ImageId"]
    home.deregister_image(ImageId=image)
    kept = f"localhost/{site.identity.prefix}-{image}:latest"
    site.until(lambda: not site.podman("images", "--quiet", kept).strip())
    site.cloud.strike("regions-cut", one=HOME, other=AWAY, cut=False)

    def described() -> Any:
        return away.describe_images(ImageIds=[copy])["Images"][0]

    site.until(lambda: described()["State"] != "pending")
    assert described()["State"] == "failed"
    assert described()["StateReason"]["Code"] == "Client.InternalError"
    assert kept in described()["StateReason"]["Message"]


def test_a_host_whose_image_lost_its_content_does_not_come_up_as_another(site: Any) -> None:
    number = site.run()
    site.up(number)
    image = taken(site, number, Name="lost", NoReboot=True)
    kept = f"localhost/{site.identity.prefix}-{image}:latest"
    site.podman("untag", kept, kept)
    launched = site.run(ImageId=image)
    ec2 = site.client("ec2")

    def described() -> Any:
        found = ec2.describe_instances(InstanceIds=[launched])
        return found["Reservations"][0]["Instances"][0]

    site.until(lambda: described()["State"]["Name"] != "pending")
    assert described()["State"]["Name"] == "terminated"
    assert described()["StateReason"]["Code"] == "Server.InternalError"
