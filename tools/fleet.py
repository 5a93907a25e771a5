# SPDX-License-Identifier: GPL-3.0-or-later
"""Launch, replace and remove a fleet of real hosts again and again, and see what is left of it.

Two Auto Scaling groups in two zones of one VPC. Each round they come, half of their instances are
terminated and replaced, and they go; then nothing may be there that was not there before the round.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sandbox.ground import namespaces
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left, sweep
from sandbox.hosts.room import INSTANCES_EACH, available_memory, inotify_instances
from sandbox.running import Handle, running

REGION = "us-east-1"
MOST_INSTANCES = 110  # inotify instances of the whole machine, beyond which no round goes
_PATIENCE = 900.0  # seconds for one step of a round


class Leak(AssertionError):
    """Something is there after a round that was not there before."""


class NoRoom(RuntimeError):
    """The machine cannot bear so many hosts beside what else runs on it."""


@dataclass(frozen=True, slots=True)
class Traces:
    """What a sandbox has on the machine, by kind; a round must leave it as it was."""

    containers: int
    namespaces: int
    cables: int
    mounts: int
    processes: int


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds until all hosts were up, were replaced, and were gone; and what they took."""

    up: float
    replaced: float
    gone: float
    memory: int  # bytes, with all hosts up
    inotify: int  # instances, with all hosts up


class Fleet:
    """Two groups in a sandbox that is empty but for their VPC."""

    def __init__(self, cloud: Handle, folder: Path, hosts: int) -> None:
        self._cloud = cloud
        self._identity = Identity(folder)
        self._podman = Podman(self._identity)
        self._each = hosts // 2
        self._names = ("one", "two")
        self.vpc = ""
        self._subnets: list[str] = []
        self._furnish()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self._cloud.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=120),
        )

    def round(self) -> Round:
        """One life of the fleet. Raises NoRoom, Leak or TimeoutError."""
        self._check_room()
        before = self.traces()
        memory, start = available_memory(), time.monotonic()
        for name in self._names:
            self._create(name)
        self._await(self._all_up, "all hosts are up")
        up = time.monotonic()
        taken, inotify = memory - available_memory(), inotify_instances()
        victims = [one for name in self._names for one in self._members(name)[: self._each // 2]]
        self.client("ec2").terminate_instances(InstanceIds=victims)
        self._await(lambda: self._all_up(but=victims), "all hosts are replaced")
        replaced = time.monotonic()
        for name in self._names:
            self.client("autoscaling").delete_auto_scaling_group(
                AutoScalingGroupName=name, ForceDelete=True
            )
        self._await(self._all_gone, "all hosts are gone")
        gone = time.monotonic()
        self._check_traces(before)
        return Round(up - start, replaced - up, gone - replaced, taken, inotify)

    def traces(self) -> Traces:
        """What there is of the sandbox now."""
        prefix = self._identity.prefix
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
        router = self._identity.name(self.vpc)
        return Traces(
            containers=len(self._podman.containers()),
            namespaces=len(namespaces.listed(prefix)),
            cables=len(_links(router)),
            mounts=sum(str(self._identity.folder) in line for line in mounts),
            processes=_processes(str(self._identity.folder)),
        )

    def _check_room(self) -> None:
        most = inotify_instances() + 2 * self._each * INSTANCES_EACH
        if most > MOST_INSTANCES:
            raise NoRoom(
                f"{2 * self._each} hosts would make {most} inotify instances of {MOST_INSTANCES} "
                "on this machine; let fewer hosts run: make fleet HOSTS=10"
            )

    def _check_traces(self, before: Traces) -> None:
        end = time.monotonic() + 30.0
        # A process that was killed is gone a moment later.
        while (after := self.traces()) != before:
            if time.monotonic() > end:
                more = [
                    f"{field.name}: {getattr(before, field.name)} before, "
                    f"{getattr(after, field.name)} after"
                    for field in fields(Traces)
                    if getattr(after, field.name) != getattr(before, field.name)
                ]
                raise Leak("; ".join(more))
            time.sleep(0.5)

    def _furnish(self) -> None:
        ec2 = self.client("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        for number, zone in enumerate("ab"):
            subnet = ec2.create_subnet(
                VpcId=self.vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
            )
            self._subnets.append(subnet["Subnet"]["SubnetId"])
        # An interface of its own, so that the VPC's router is there before the first round.
        ec2.create_network_interface(SubnetId=self._subnets[0])
        parameter = "/aws/service/debian/release/12/latest/amd64"
        image = self.client("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
        ec2.create_launch_template(
            LaunchTemplateName="fleet",
            LaunchTemplateData={"ImageId": image, "InstanceType": "t3.micro"},
        )
        self._cloud.settle()

    def _create(self, name: str) -> None:
        self.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName=name,
            LaunchTemplate={"LaunchTemplateName": "fleet", "Version": "1"},
            MinSize=self._each,
            MaxSize=self._each,
            VPCZoneIdentifier=",".join(self._subnets),
        )

    def _members(self, name: str) -> list[str]:
        found = self.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[name]
        )
        groups = found["AutoScalingGroups"]
        instances = groups[0]["Instances"] if groups else []
        return [one["InstanceId"] for one in instances if one["LifecycleState"] == "InService"]

    def _all_up(self, but: list[str] | None = None) -> bool:
        if inotify_instances() > MOST_INSTANCES:
            raise NoRoom("other programs took inotify instances meanwhile")
        healthy = {host["id"] for host in self._cloud.hosts() if host["health"] == "ok"}
        members = [self._members(name) for name in self._names]
        return (
            all(
                len(group) == self._each
                and set(group) <= healthy
                and not set(group) & set(but or ())
                for group in members
            )
            and len(healthy) == 2 * self._each
        )

    def _all_gone(self) -> bool:
        groups = self.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
        return not groups and not self._cloud.hosts()

    @staticmethod
    def _await(true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + _PATIENCE
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"after {_PATIENCE:g} s it is not so that {what}")
            time.sleep(0.5)


def _links(namespace: str) -> list[str]:
    return namespaces.links(namespace) if namespaces.exists(namespace) else []


def _processes(folder: str) -> int:
    """How many processes name the folder in their command, but the sandbox and this one."""
    count = 0
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        count += any(folder.encode() in word for word in words) and b"serve" not in words
    return count


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fleet", description=__doc__)
    parser.add_argument("--hosts", type=int, default=40, help="in both groups together")
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    try:
        with running(real=folder) as cloud:
            fleet = Fleet(cloud, folder, given.hosts)
            for number in range(1, given.rounds + 1):
                one = fleet.round()
                print(
                    f"round {number}: up {one.up:.0f} s, replaced {one.replaced:.0f} s, "
                    f"gone {one.gone:.0f} s, {one.memory / 2**20:.0f} MB, "
                    f"{one.inotify} inotify instances",
                    flush=True,
                )
    except (Leak, NoRoom, TimeoutError) as problem:
        print(f"fleet: {problem}", file=sys.stderr)
        return 1
    finally:
        identity = Identity(folder)
        sweep(identity, Podman(identity))
        shutil.rmtree(folder, ignore_errors=True)
    if remains := left(identity):
        print(f"fleet: left behind: {', '.join(remains)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
