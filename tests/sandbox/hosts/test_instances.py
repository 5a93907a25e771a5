# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances are real hosts, from their launch to their end."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from sandbox.ground import namespaces
from sandbox.ground.commands import CommandFailed
from sandbox.hosts.room import INSTANCES_EACH, inotify_instances

pytestmark = pytest.mark.real
HOME, AWAY = "us-east-1", "us-west-2"
SCRIPT = "#!/bin/sh\necho served by $(hostname) > /root/index.html\n"


@pytest.mark.sample
def test_an_instance_is_a_host_with_its_address_its_name_and_systemd(site: Any) -> None:
    number = site.run()
    found = site.up(number)
    assert found["State"]["Name"] == "running"
    assert site.shell(number, "systemctl is-system-running --wait || :") == "running"
    assert found["PrivateIpAddress"] in site.shell(number, "ip -o -4 address show dev eth0")
    assert site.shell(number, "sudo true 2>&1") == ""
    assert site.shell(number, "hostname") == found["PrivateDnsName"].partition(".")[0]
    host = next(host for host in site.cloud.hosts() if host["id"] == number)
    assert (host["health"], host["address"]) == ("ok", found["PrivateIpAddress"])


@pytest.mark.sample
def test_ssh_answers_whom_the_group_lets_in(site: Any) -> None:
    one, other = site.run(), site.run()
    address = site.up(other)["PrivateIpAddress"]
    site.up(one)
    with namespaces.connect(site.identity.name(one), address, 22, 10.0) as line:
        assert line.recv(8).startswith(b"SSH-2.0-")


@pytest.mark.sample
def test_user_data_is_run_once_in_the_life_of_an_instance(site: Any) -> None:
    number = site.run(UserData="#!/bin/sh\necho once >> /root/times\n")
    site.up(number)
    site.until(lambda: site.shell(number, "cat /root/times 2>/dev/null || :") == "once")
    before = site.shell(number, "cat /proc/sys/kernel/random/boot_id")
    site.client("ec2").reboot_instances(InstanceIds=[number])
    site.until(lambda: boot_id(site, number) not in ("", before))
    site.up(number)
    assert site.shell(number, "cat /root/times") == "once"


def boot_id(site: Any, number: str) -> str:
    try:
        return str(site.shell(number, "cat /proc/sys/kernel/random/boot_id"))
    except CommandFailed:
        return ""


def test_cloud_config_writes_files_and_runs_commands(site: Any) -> None:
    data = """#cloud-config
write_files:
  - path: /etc/shop/mode
    permissions: "0600"
    content: "live"
runcmd:
  - [sh, -c, "cat /etc/shop/mode > /root/seen"]
"""
    number = site.run(UserData=data)
    site.up(number)
    site.until(lambda: site.shell(number, "cat /root/seen 2>/dev/null || :") == "live")
    assert site.shell(number, "stat -c %a /etc/shop/mode") == "600"


def test_a_key_pair_lets_its_owner_in(site: Any) -> None:
    site.client("ec2").create_key_pair(KeyName="mine", KeyType="ed25519")
    number = site.run(KeyName="mine")
    site.up(number)
    place = "/home/admin/.ssh/authorized_keys"
    site.until(lambda: "ssh-" in site.shell(number, f"cat {place} 2>/dev/null || :"))


def test_metadata_wants_a_token_and_tells_an_instance_of_itself_only(site: Any) -> None:
    one, other = site.run(), site.run()
    site.up(one)
    site.up(other)
    url = "http://169.254.169.254/latest"
    code = f"curl -s -o /dev/null -w '%{{http_code}}' {url}/meta-data/instance-id"
    assert site.shell(one, code) == "401"
    token = f"curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {url}/api/token"
    ask = f'curl -s -H "X-aws-ec2-metadata-token: $({token})" {url}'
    assert site.shell(one, f"{ask}/meta-data/instance-id") == one
    assert site.shell(other, f"{ask}/meta-data/instance-id") == other
    assert site.shell(one, f"{ask}/meta-data/placement/availability-zone") == f"{HOME}a"
    stolen = site.shell(one, token)
    theirs = f"curl -s -o /dev/null -w '%{{http_code}}' -H 'X-aws-ec2-metadata-token: {stolen}'"
    assert site.shell(other, f"{theirs} {url}/meta-data/instance-id") == "401"


def test_the_credentials_of_its_role_are_good_for_the_api(site: Any) -> None:
    iam = site.client("iam")
    trust = {
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
            }
        ],
        "Version": "2012-10-17",
    }
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    site.gateway()
    number = site.public(
        site.groups[HOME],
        IamInstanceProfile={"Name": "web"},
        MetadataOptions={"HttpTokens": "optional"},
    )
    site.up(number)
    url = "http://169.254.169.254/latest/meta-data/iam/security-credentials"
    assert site.shell(number, f"curl -s {url}/") == "web"
    keys = json.loads(site.shell(number, f"curl -s {url}/web"))
    sign = "AWS4-HMAC-SHA256 Credential=" + keys["AccessKeyId"] + "/20300101/us-east-1/sts"
    asked = "Action=GetCallerIdentity&Version=2011-06-15"
    command = f"curl -s -H 'Authorization: {sign}/aws4_request' -d '{asked}' $AWS_ENDPOINT_URL"
    assert f":assumed-role/web/{number}" in site.shell(number, f". /etc/environment; {command}")
    sts = boto3.client(
        "sts",
        HOME,
        endpoint_url=site.cloud.endpoint,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["Token"],
    )
    assert sts.get_caller_identity()["Arn"].endswith(f":assumed-role/web/{number}")


def test_what_is_stopped_keeps_its_disk_and_its_address(site: Any) -> None:
    number = site.run()
    address = site.up(number)["PrivateIpAddress"]
    site.shell(number, "echo kept > /root/kept")
    ec2 = site.client("ec2")
    ec2.stop_instances(InstanceIds=[number])
    site.until(lambda: site.state(number) == "stopped")
    with pytest.raises(CommandFailed):
        site.shell(number, "true")
    ec2.start_instances(InstanceIds=[number])
    assert site.up(number)["PrivateIpAddress"] == address
    assert site.shell(number, "cat /root/kept") == "kept"


def test_a_terminated_instance_leaves_nothing_and_its_address_is_free(site: Any) -> None:
    number = site.run()
    card = site.up(number)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    assert len(site.leaves(number)) == 2
    ec2 = site.client("ec2")
    ec2.terminate_instances(InstanceIds=[number])
    site.until(lambda: site.state(number) == "terminated")
    assert site.leaves(number) == []
    listed = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert card not in [one["NetworkInterfaceId"] for one in listed]


def test_a_host_that_reboots_or_shuts_itself_down_is_seen_to_do_so(site: Any) -> None:
    number = site.run()
    site.up(number)
    before = boot_id(site, number)
    site.shell(number, "systemctl reboot || :")
    site.until(lambda: boot_id(site, number) not in ("", before))
    site.up(number)
    site.shell(number, "systemctl poweroff || :")
    site.until(lambda: site.state(number) == "stopped")


def test_a_host_that_dies_fails_its_status_checks_until_it_is_started_again(site: Any) -> None:
    number = site.run()
    site.up(number)
    site.cloud.strike("host-dies", region=HOME, instance=number)
    site.until(lambda: site.checks(number) == "impaired")
    assert site.state(number) == "running"
    ec2 = site.client("ec2")
    ec2.stop_instances(InstanceIds=[number])
    site.until(lambda: site.state(number) == "stopped")
    ec2.start_instances(InstanceIds=[number])
    site.up(number)


def test_a_host_whose_disk_is_full_reads_and_runs_on_until_a_boot_makes_room(site: Any) -> None:
    number = site.run()
    site.up(number)
    before = boot_id(site, number)
    site.shell(number, "echo before > /opt/kept")
    site.cloud.strike("disk-full", region=HOME, instance=number)

    def written(place: str) -> bool:
        told = site.shell(number, f"head -c 4096 /dev/zero 2>&1 >> {place} || :")
        return "No space left on device" not in told

    site.until(lambda: not written("/opt/new"))
    for place in ("/opt/kept", "/var/log/new", "/home/admin/new", "/usr/local/new"):
        assert not written(place)
    assert site.shell(number, "cat /opt/kept") == "before"
    assert site.checks(number) == "ok"
    site.client("ec2").reboot_instances(InstanceIds=[number])
    site.until(lambda: boot_id(site, number) not in ("", before))
    site.up(number)
    assert written("/opt/new")
    assert site.shell(number, "cat /opt/kept") == "before"


def test_an_image_of_a_host_is_launched_as_a_new_machine_also_in_the_other_region(
    site: Any,
) -> None:
    ec2, away = site.client("ec2"), site.client("ec2", AWAY)
    number = site.run()
    site.up(number)
    site.shell(number, "echo baked > /etc/baked")
    keys = site.shell(number, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    image = ec2.create_image(InstanceId=number, Name="web")["ImageId"]
    site.until(lambda: available(ec2, image))
    copy = away.copy_image(SourceImageId=image, SourceRegion=HOME, Name="web")["ImageId"]
    site.until(lambda: available(away, copy))
    ec2.deregister_image(ImageId=image)
    other = site.run(AWAY, ImageId=copy, UserData="#!/bin/sh\necho new > /root/new\n")
    site.up(other, AWAY)
    assert site.shell(other, "cat /etc/baked") == "baked"
    assert site.shell(other, "cat /etc/ssh/ssh_host_ed25519_key.pub") != keys
    machines = [site.shell(one, "cat /etc/machine-id") for one in (number, other)]
    assert machines[0] != machines[1]
    site.until(lambda: site.shell(other, "cat /root/new 2>/dev/null || :") == "new")
    site.up(number)  # it was rebooted for the image


def test_a_copied_image_does_not_arrive_while_its_region_is_dark(site: Any) -> None:
    ec2, away = site.client("ec2"), site.client("ec2", AWAY)
    number = site.run()
    site.up(number)
    site.shell(number, "echo baked > /etc/baked")
    image = ec2.create_image(InstanceId=number, Name="web")["ImageId"]
    site.until(lambda: available(ec2, image))
    site.cloud.faults([{"effect": "dark", "region": HOME}])
    copy = away.copy_image(SourceImageId=image, SourceRegion=HOME, Name="web")["ImageId"]
    time.sleep(2.0)  # in which it would arrive
    assert away.describe_images(ImageIds=[copy])["Images"][0]["State"] == "pending"
    assert site.podman("images", "--quiet", f"{site.identity.prefix}-{copy}").strip() == ""
    site.cloud.faults([])
    site.until(lambda: available(away, copy))
    other = site.run(AWAY, ImageId=copy)
    site.up(other, AWAY)
    assert site.shell(other, "cat /etc/baked") == "baked"


def available(ec2: Any, image: str) -> bool:
    found = ec2.describe_images(ImageIds=[image])["Images"]
    return bool(found and found[0]["State"] == "available")


def test_names_are_answered_in_the_vpc(site: Any) -> None:
    vpc = site.vpcs[HOME]
    site.client("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    number = site.run()
    found = site.up(number)
    ask = "import socket, sys; print(socket.gethostbyname(sys.argv[1]))"
    told = site.inside(number, "python3", "-c", ask, found["PrivateDnsName"])
    assert told.strip() == found["PrivateIpAddress"]


def test_states_take_the_time_of_aws(site: Any) -> None:
    site.cloud.speed(4)
    number = site.run()
    assert site.state(number) == "pending"
    site.until(lambda: site.state(number) == "running")
    site.up(number)
    site.client("ec2").terminate_instances(InstanceIds=[number])
    assert site.state(number) == "shutting-down"
    site.until(lambda: site.state(number) == "terminated")


def test_a_zone_that_dies_takes_its_hosts(site: Any) -> None:
    one, other = site.run(), site.run(SubnetId=site.subnets[HOME][1])
    site.up(one)
    site.up(other)
    site.cloud.strike("zone-dies", zone=f"{HOME}a")
    site.until(lambda: site.checks(one) == "impaired")
    assert site.checks(other) == "ok"


def test_hosts_reach_nothing_outside_and_are_small(site: Any) -> None:
    number = site.run()
    site.up(number)
    # While it boots systemd has one more.
    assert site.shell(number, "systemctl is-system-running --wait || :") == "running"
    processes = namespaces.processes(site.identity.name(number))
    assert inotify_instances(processes) <= INSTANCES_EACH
    assert len(processes) <= 4
    api = site.cloud.endpoint.rpartition(":")[2]
    assert site.shell(number, f"curl -s -m 2 http://127.0.0.1:{api}/ || echo no") == "no"
    assert site.shell(number, "curl -s -m 2 http://198.51.100.1/ || echo no") == "no"
