# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancers change without losing a request, drain, and end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from contextlib import closing
from typing import Any

import pytest

from sandbox.ground import namespaces

pytestmark = pytest.mark.real
REQUESTS = 400  # in all, in the test of changes under load


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


class Client(threading.Thread):
    """Asks one request after another until there have been enough and the changes are done."""

    def __init__(self, estate: Any, balancer: str, done: threading.Event, keep: bool) -> None:
        super().__init__(daemon=True)
        self._estate, self._balancer, self._done, self._keep = estate, balancer, done, keep
        self.asked = 0
        self.trouble: list[str] = []

    def run(self) -> None:
        connection = self._connect()
        while self.asked < REQUESTS // 4 or not self._done.is_set():
            try:
                connection.request("GET", "/", headers={"Host": "www.example.org"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.trouble.append(f"status {answer.status}")
                if answer.will_close or not self._keep:
                    connection.close()
                    connection = self._connect()
            except (OSError, http.client.HTTPException) as problem:
                self.trouble.append(repr(problem))
                connection.close()
                connection = self._connect()
            self.asked += 1
            self._done.wait(0.02)
        connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("unused")
        connection.sock = self._estate.line(self._balancer)
        return connection


def test_no_request_is_lost_while_rules_and_targets_change(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, _ = served
    estate.cloud.speed(100)  # at once is what drains at speed 0, with all that is under way
    elb = estate.client("elbv2")
    listener = elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    done = threading.Event()
    clients = [Client(estate, balancer, done, keep) for keep in (True, True, False, False)]
    for client in clients:
        client.start()
    workers = _processes(estate, balancer)
    others = [estate.host() for _ in range(3)]
    for number, other in enumerate(others):
        elb.create_rule(
            ListenerArn=listener,
            Priority=number + 1,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{number}/*"]}],
            Actions=[forward(group)],
        )
        estate.register(group, other)
        estate.await_state(group, other, "healthy")
        workers |= _processes(estate, balancer)
    for other in others[:2]:
        estate.deregister(group, other)
        estate.cloud.settle()
        workers |= _processes(estate, balancer)
    done.set()
    for client in clients:
        client.join(60.0)
    assert [trouble for client in clients for trouble in client.trouble] == []
    assert len(workers) >= 6, "the proxy took new settings again and again"
    assert sum(client.asked for client in clients) >= REQUESTS


def _processes(estate: Any, balancer: str) -> set[int]:
    """The processes of a node: one that stays, and one for each time that it changed."""
    namespace = estate.status(balancer)["nodes"][0]["namespace"]
    return set(namespaces.processes(namespace))


def test_a_target_that_leaves_finishes_what_it_began_and_gets_nothing_new(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    other = estate.host()
    estate.register(group, other)
    estate.await_state(group, other, "healthy")
    estate.cloud.speed(10)
    elb = estate.client("elbv2")
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "300"}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    results: list[Any] = []

    def ask() -> None:
        results.append(estate.get(balancer, "/slow/6"))

    # Each target gets one of two requests in a row.
    begun = [threading.Thread(target=ask) for _ in range(2)]
    for thread in begun:
        thread.start()
    estate.until(lambda: _under_way(host) and _under_way(other))
    estate.deregister(group, host)
    assert estate.health(group)[host.id] == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    estate.until(
        lambda: {json.loads(estate.get(balancer)[2])["name"] for _ in range(6)} == {other.id}
    )
    assert results == [], "the slow requests are still under way"
    for thread in begun:
        thread.join(60.0)
    assert [status for status, _, _ in results] == [200, 200]
    assert {json.loads(body)["name"] for _, _, body in results} == {host.id, other.id}


def test_a_target_drains_from_when_its_proxies_send_it_nothing_new(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    """The host of one that has drained is ended: a proxy that is told late would still ask it."""
    balancer, group, host = served
    estate.cloud.speed(1000)
    proxies = _processes(estate, balancer)
    for one in proxies:
        os.kill(one, signal.SIGSTOP)
    try:
        estate.deregister(group, host)
        time.sleep(2)  # many times the deregistration delay of 0.3 s
        assert estate.health(group)[host.id]["State"] == "draining"
    finally:
        for one in proxies:
            os.kill(one, signal.SIGCONT)
    estate.until(lambda: host.id not in estate.health(group))


def test_a_target_that_is_ordered_to_fail_gets_no_request_until_it_recovers(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    other = estate.host()
    estate.register(group, other)
    estate.await_state(group, other, "healthy")
    estate.cloud.strike("target-fails", region="eu-west-1", instance=host.id)
    told = estate.await_state(group, host, "unhealthy")
    assert told["Reason"] == "Target.FailedHealthChecks"
    # Each node finds it by checks of its own.
    estate.until(lambda: _served_by(estate, balancer) == {other.id})
    shown = {one["id"]: one["health"] for one in estate.status(balancer)["targets"]}
    assert shown == {host.id: "unhealthy", other.id: "healthy"}
    estate.cloud.strike("target-recovers", region="eu-west-1", instance=host.id)
    estate.await_state(group, host, "healthy")
    assert _served_by(estate, balancer) == {host.id, other.id}


def _served_by(estate: Any, balancer: str) -> set[str]:
    """Who answers, by both nodes."""
    answers = (estate.get(balancer, node=number % 2) for number in range(12))
    return {json.loads(body)["name"] for _, _, body in answers}


def _under_way(host: Any) -> bool:
    return bool(json.loads(host.ask("/busy"))["busy"])


def test_after_the_deregistration_delay_what_is_open_is_closed(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    estate.cloud.speed(300)  # the delay of 300 s is over in a second
    with closing(estate.line(balancer)) as line:
        line.settimeout(60.0)
        line.sendall(b"GET /slow/50 HTTP/1.1\r\nHost: a\r\n\r\n")
        estate.until(lambda: _under_way(host))
        estate.deregister(group, host)
        assert line.recv(1000).startswith(b"HTTP/1.1 502 "), "it was cut off"


def test_a_deleted_load_balancer_is_gone_with_its_network(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, _ = served
    ec2, elb = estate.client("ec2"), estate.client("elbv2")
    found = ec2.describe_network_interfaces()["NetworkInterfaces"]
    cards = [card for card in found if card["Description"].startswith("ELB app/main")]
    nodes = estate.status(balancer)["nodes"]
    assert {card["PrivateIpAddress"] for card in cards} == {node["address"] for node in nodes}
    elb.delete_load_balancer(LoadBalancerArn=balancer)
    estate.until(lambda: not any(namespaces.exists(node["namespace"]) for node in nodes))
    assert estate.cloud.balancers() == []
    left = ec2.describe_network_interfaces()["NetworkInterfaces"]
    assert not [card for card in left if card["Description"].startswith("ELB")]
    assert {health["State"] for health in estate.health(group).values()} == {"unused"}


def test_a_proxy_that_dies_is_started_again(estate: Any, served: tuple[str, str, Any]) -> None:
    balancer, _, _ = served
    namespace = estate.status(balancer)["nodes"][0]["namespace"]
    before = set(namespaces.processes(namespace))
    namespaces.end(namespace)
    estate.until(lambda: set(namespaces.processes(namespace)) - before)
    estate.until(lambda: estate.status(balancer)["nodes"][0]["health"] == "running")
    assert estate.get(balancer)[0] == 200


def test_a_load_balancer_follows_its_subnets(estate: Any, served: tuple[str, str, Any]) -> None:
    balancer, _, _ = served
    added = estate.client("ec2").create_subnet(
        VpcId=estate.vpc, CidrBlock="10.10.9.0/24", AvailabilityZone="eu-west-1c"
    )["Subnet"]["SubnetId"]
    wanted = [estate.subnets[0], added]
    estate.client("elbv2").set_subnets(LoadBalancerArn=balancer, Subnets=wanted)
    estate.until(
        lambda: (
            sorted(
                node["zone"]
                for node in estate.status(balancer)["nodes"]
                if node["health"] == "running"
            )
            == ["eu-west-1a", "eu-west-1c"]
        )
    )
    assert estate.get(balancer, node=1)[0] == 200
