# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS, the way in from this machine, groups that hold, faults, and access logs."""

from __future__ import annotations

import gzip
import http.client
import json
import shlex
import ssl
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from sandbox.fabric.visitor import enter
from sandbox.ground import namespaces
from sandbox.ground.authority import Authority

pytestmark = pytest.mark.real
ACCOUNT = "123456789012"


def forward(group: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": group}


@pytest.fixture
def served(estate: Any) -> tuple[str, str, Any]:
    """A load balancer, its target group, and the healthy host in it."""
    balancer, group = estate.balancer(), estate.group()
    estate.listen(balancer, forward(group))
    host = estate.host()
    estate.register(group, host)
    estate.await_state(group, host, "healthy")
    return balancer, group, host


def imported(estate: Any, name: str) -> tuple[str, bytes]:
    """The ARN of a certificate of an authority of its own, and that authority's."""
    authority = Authority(f"authority of {name}")
    certificate, key = authority.issue(name, [name])
    found = estate.client("acm").import_certificate(
        Certificate=certificate, PrivateKey=key, CertificateChain=authority.certificate
    )
    return str(found["CertificateArn"]), authority.certificate


def issued(estate: Any, name: str) -> str:
    """The ARN of a certificate that ACM issued, its name proven in a hosted zone."""
    acm, route53 = estate.client("acm"), estate.client("route53")
    zone = route53.create_hosted_zone(Name="example.org", CallerReference=name)["HostedZone"]["Id"]
    arn = str(acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"])
    (option,) = acm.describe_certificate(CertificateArn=arn)["Certificate"][
        "DomainValidationOptions"
    ]
    record = option["ResourceRecord"]
    records = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": records}]},
    )
    estate.until(
        lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    )
    return arn


def test_a_client_gets_the_certificate_of_the_name_that_it_asks_for(estate: Any) -> None:
    balancer = estate.balancer()
    first = issued(estate, "www.example.org")
    second, authority = imported(estate, "shop.example.net")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    listener = estate.listen(
        balancer,
        fixed,
        443,
        Protocol="HTTPS",
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": first}],
    )
    estate.client("elbv2").add_listener_certificates(
        ListenerArn=listener, Certificates=[{"CertificateArn": second}]
    )
    estate.cloud.settle()
    trusting = ssl.create_default_context(cafile=str(estate.folder / "acm-ca.pem"))
    assert estate.get(balancer, port=443, tls=trusting, name="www.example.org")[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        estate.get(balancer, port=443, tls=trusting, name="other.example.org")
    trusting = ssl.create_default_context(cadata=authority.decode())
    assert estate.get(balancer, port=443, tls=trusting, name="shop.example.net")[0] == 200


def through_the_door(estate: Any, balancer: str) -> int:
    """The status of an answer over loopback. Raises OSError or HTTPException."""
    (listener,) = estate.status(balancer)["listeners"]
    place = urlsplit(listener["url"])
    assert place.hostname == "127.0.0.1"
    with closing(http.client.HTTPConnection(place.hostname, place.port, timeout=20)) as connection:
        connection.request("GET", "/")
        return int(connection.getresponse().status)


def test_this_machine_gets_in_over_loopback_as_far_as_the_groups_allow(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, _, _ = served
    for _ in range(4):
        assert through_the_door(estate, balancer) == 200
    ec2 = estate.client("ec2")
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 443,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    ec2.revoke_security_group_ingress(GroupId=estate.security_group, IpPermissions=[rule])
    estate.cloud.settle()
    with pytest.raises((OSError, http.client.HTTPException)):
        through_the_door(estate, balancer)


def test_an_internal_one_is_reached_from_within_its_vpc_only(estate: Any) -> None:
    balancer = estate.balancer(scheme="internal")
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    estate.listen(balancer, fixed)
    estate.cloud.settle()
    assert estate.get(balancer)[0] == 200
    told = estate.status(balancer)
    assert [node["public"] for node in told["nodes"]] == ["", ""]
    assert [listener["url"] for listener in told["listeners"]] == [""]
    stranger = estate.identity.name("stranger")
    enter(estate.identity, stranger, "internet", str(estate.identity.public.network_address + 33))
    try:
        for node in told["nodes"]:
            with pytest.raises(OSError, match=r"timed out|unreachable|refused"):
                namespaces.connect(stranger, node["address"], 80, 1.0)
    finally:
        namespaces.delete(stranger)


def test_its_name_stands_for_the_nodes_that_live(estate: Any, served: tuple[str, str, Any]) -> None:
    balancer, _, _ = served
    nodes = estate.status(balancer)["nodes"]
    name = estate.one(balancer)["DNSName"].lower()

    def answers() -> set[str]:
        listed = estate.cloud.names()
        return {address for one in listed if one["name"] == name for address in one["answers"]}

    estate.until(lambda: answers() == {node["public"] for node in nodes})
    estate.cloud.strike("zone-dies", zone="eu-west-1a")
    estate.until(lambda: answers() == {nodes[1]["public"]})


def test_a_region_that_goes_dark_serves_nobody_until_it_is_back(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, _, _ = served
    (listener,) = estate.status(balancer)["listeners"]
    estate.cloud.faults([{"effect": "dark", "region": "eu-west-1"}])
    with pytest.raises((OSError, http.client.HTTPException)):
        through_the_door(estate, balancer)
    estate.cloud.faults([])
    assert listener in estate.status(balancer)["listeners"]
    assert through_the_door(estate, balancer) == 200


def test_a_zone_that_dies_takes_its_node_and_the_other_goes_on(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    other = estate.host(1)
    estate.register(group, other)
    estate.await_state(group, other, "healthy")
    estate.cloud.strike("zone-dies", zone="eu-west-1a")
    estate.until(lambda: estate.status(balancer)["nodes"][0]["health"] == "down")
    estate.await_state(group, host, "unhealthy")
    assert estate.health(group)[other.id] == {"State": "healthy"}
    for _ in range(4):
        assert through_the_door(estate, balancer) == 200
    estate.cloud.strike("zone-returns", zone="eu-west-1a")
    estate.until(lambda: estate.status(balancer)["nodes"][0]["health"] == "running")
    estate.await_state(group, host, "healthy")


def test_access_logs_come_into_the_bucket(estate: Any) -> None:
    s3 = estate.client("s3")
    s3.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::logs/mine/AWSLogs/{ACCOUNT}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket="logs", Policy=json.dumps(policy))
    balancer = estate.balancer(
        access_logs__s3__enabled="true",
        access_logs__s3__bucket="logs",
        access_logs__s3__prefix="mine",
    )
    group = estate.group()
    estate.listen(balancer, forward(group))
    host = estate.host()
    estate.register(group, host)
    estate.await_state(group, host, "healthy")
    agent = 'a "quoted"\tagent'
    assert estate.get(balancer, "/a?b=c", {"User-Agent": agent})[0] == 200
    keys: list[str] = []

    def written() -> bool:
        found = s3.list_objects_v2(Bucket="logs").get("Contents", [])
        keys[:] = [one["Key"] for one in found if one["Key"].endswith(".gz")]
        return bool(keys)

    estate.until(written)
    folder = f"mine/AWSLogs/{ACCOUNT}/elasticloadbalancing/eu-west-1/"
    address = estate.status(balancer)["nodes"][0]["address"]
    assert keys[0].startswith(folder)
    assert f"_{address}_" in keys[0]
    text = gzip.decompress(s3.get_object(Bucket="logs", Key=keys[0])["Body"].read()).decode()
    (line,) = text.splitlines()
    fields = shlex.split(line.replace("\\", "\\\\"))
    assert fields[0] == "http"
    assert fields[2] == balancer.partition(":loadbalancer/")[2]
    assert fields[3].startswith(f"{estate.visitor_address}:")
    assert fields[4] == f"{host.address}:8080"
    assert fields[8:10] == ["200", "200"]
    assert fields[12] == "GET http://www.example.org:80/a?b=c HTTP/1.1"
    assert fields[13] == r"a \x22quoted\x22\x09agent"
    assert fields[16] == group
    assert fields[17].startswith("Root=1-")
    assert fields[20] == "0"
    assert fields[22] == "forward"


def test_a_balancer_reaches_only_what_lets_it_in(estate: Any, served: tuple[str, str, Any]) -> None:
    _, group, host = served
    rule = {
        "IpProtocol": "tcp",
        "FromPort": 8080,
        "ToPort": 8080,
        "UserIdGroupPairs": [{"GroupId": estate.security_group}],
    }
    estate.client("ec2").revoke_security_group_ingress(
        GroupId=estate.hosts_group, IpPermissions=[rule]
    )
    found = estate.await_state(group, host, "unhealthy")
    assert found["Reason"] == "Target.Timeout"


def test_nobody_on_this_machine_listens_but_on_loopback(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, _, _ = served
    node = estate.status(balancer)["nodes"][0]
    elsewhere = estate.identity.name("host", "elsewhere")
    assert namespaces.processes(node["namespace"])
    enter(estate.identity, elsewhere, "internet", str(estate.identity.public.network_address + 50))
    try:
        with closing(namespaces.connect(elsewhere, node["public"], 80, 10.0)) as line:
            line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert line.recv(100).startswith(b"HTTP/1.1 200")
    finally:
        namespaces.delete(elsewhere)
