# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with a way out install Debian's packages, and reach nothing else of the outside."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.real
INDEX = "http://deb.debian.org/debian/dists/bookworm/InRelease"
CODE = "curl -s -m 8 -o /dev/null -w '%{http_code}'"
QUIET = "DEBIAN_FRONTEND=noninteractive apt-get -qq --no-install-recommends"


def code(site: Any, number: str, words: str) -> str:
    """The status that curl got in a host, 000 for none."""
    return str(site.shell(number, f"{CODE} {words} || :"))


@pytest.mark.sample
def test_a_host_in_a_public_subnet_installs_packages_and_runs_them(site: Any) -> None:
    site.gateway()
    number = site.public(site.group("builder"))
    site.up(number)
    site.shell(number, f"{QUIET} update 2>&1")
    site.shell(number, f"{QUIET} install --yes nginx-light python3-venv 2>&1")
    assert site.shell(number, "systemctl is-active nginx") == "active"
    assert "Welcome to nginx" in site.shell(number, "curl -s http://127.0.0.1/")
    site.shell(number, "python3 -m venv /opt/venv")
    assert site.shell(number, "/opt/venv/bin/pip --version").startswith("pip ")
    for host, path in (
        ("deb.debian.org", "/"),
        ("deb.debian.org", "/ubuntu/dists/noble/InRelease"),
        ("example.org", "/debian/dists/bookworm/InRelease"),
        ("deb.debian.org", "/debian/%2e%2e/x"),
    ):
        forbidden = f"--path-as-is -H 'Host: {host}' http://deb.debian.org{path}"
        assert code(site, number, forbidden) == "403"
    assert code(site, number, "http://deb.debian.org/debian/dists/none/InRelease") == "404"
    assert code(site, number, "-I http://security.debian.org/debian-security/dists/none/x") == "404"
    assert code(site, number, f"-x http://deb.debian.org:80 {INDEX}") == "403"
    assert code(site, number, "https://deb.debian.org/debian/dists/bookworm/InRelease") == "000"
    assert code(site, number, "http://example.org/") == "000"


def test_a_host_has_packages_as_long_as_its_route_and_its_group_let_it_out(site: Any) -> None:
    ec2 = site.client("ec2")
    site.gateway()
    group = site.group("builder")
    number = site.public(group)
    site.up(number)
    hidden = site.run(SecurityGroupIds=[group])  # with the same route, without a public address
    site.up(hidden)
    assert code(site, number, INDEX) == "200"
    assert code(site, hidden, INDEX) == "000"

    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    to = {"FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", **to}])
    site.cloud.settle()
    assert code(site, number, INDEX) == "000"
    to |= {"FromPort": 80, "ToPort": 80}
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[{"IpProtocol": "tcp", **to}])
    site.cloud.settle()
    assert code(site, number, INDEX) == "200"

    table = site.main_table()
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    site.cloud.settle()
    assert code(site, number, INDEX) == "000"


def test_a_private_host_has_packages_through_a_nat_gateway(site: Any) -> None:
    ec2 = site.client("ec2")
    site.gateway()
    private = site.subnets["us-east-1"][1]
    table = ec2.create_route_table(VpcId=site.vpcs["us-east-1"])["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=private)
    number = site.run(SubnetId=private)
    site.up(number)
    assert code(site, number, INDEX) == "000"
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=site.subnets["us-east-1"][0], AllocationId=address)
    gateway = made["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    site.cloud.settle()
    assert code(site, number, INDEX) == "200"


def test_packages_are_there_again_after_everything_was_forgotten(site: Any) -> None:
    site.cloud.reset()
    again = type(site)(site.cloud, site.identity.folder)
    again.gateway()
    number = again.public(again.group("builder"))
    again.up(number)
    assert code(again, number, INDEX) == "200"
