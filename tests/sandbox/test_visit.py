# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server is found by the names that people use for it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.visit import (
    NobodyThere,
    balancer_lines,
    chosen,
    chosen_host,
    host_lines,
    lines,
    page,
)


def server(site: str, region: str, lag: float | None = None) -> dict[str, Any]:
    return {
        "name": f"production-{site}-database",
        "region": region,
        "zone": f"{region}a",
        "address": "10.20.64.4",
        "port": 5432,
        "health": "running",
        "lag": lag,
        "container": f"px-{site}",
    }


BOTH = (server("home", "us-east-1"), server("recovery", "us-west-2", 0.25))


@pytest.mark.parametrize("called", ["home", "us-east-1", "production-home-database"])
def test_a_server_is_found_by_site_region_and_name(called: str) -> None:
    assert chosen(BOTH, called)["container"] == "px-home"


@pytest.mark.parametrize("called", ["nowhere", "production", "", "hom"])
def test_a_name_of_none_or_of_several_is_told_with_what_there_is(called: str) -> None:
    with pytest.raises(NobodyThere, match="production-home-database, production-recovery"):
        chosen(BOTH, called)


def test_the_list_says_how_far_a_replica_is_behind() -> None:
    home, recovery = lines(BOTH)
    assert "behind" not in home
    assert recovery.endswith("running, 0.2 s behind")


def test_a_load_balancer_is_listed_with_its_nodes_listeners_and_targets() -> None:
    balancer = {
        "name": "production-home",
        "dns_name": "production-home-1.us-east-1.elb.amazonaws.com",
        "nodes": [
            {
                "zone": "us-east-1a",
                "address": "10.20.0.4",
                "public": "100.64.0.70",
                "health": "running",
            }
        ],
        "listeners": [{"port": 443, "protocol": "HTTPS", "url": "https://127.0.0.1:30123"}],
        "targets": [
            {"group": "web", "id": "i-1", "port": 8080, "health": "healthy", "reason": ""},
            {
                "group": "web",
                "id": "i-2",
                "port": 8080,
                "health": "unhealthy",
                "reason": "Request timed out",
            },
        ],
    }
    assert list(balancer_lines([balancer])) == [
        "balancer production-home  production-home-1.us-east-1.elb.amazonaws.com",
        "  node us-east-1a  10.20.0.4  100.64.0.70  running",
        "  listener HTTPS:443  from this machine https://127.0.0.1:30123",
        "  target i-1:8080  of web  healthy",
        "  target i-2:8080  of web  unhealthy  Request timed out",
    ]


HOSTS = (
    {"id": "i-1", "name": "web", "zone": "us-east-1a", "address": "10.20.1.4", "health": "ok"},
    {
        "id": "i-2",
        "name": "web",
        "zone": "us-east-1b",
        "address": "10.20.2.4",
        "health": "impaired",
    },
)


def test_a_host_is_found_by_id_and_address_and_by_a_name_that_only_it_has() -> None:
    assert chosen_host(HOSTS, "i-2")["address"] == "10.20.2.4"
    assert chosen_host(HOSTS, "10.20.1.4")["id"] == "i-1"
    with pytest.raises(NobodyThere, match=r"i-1 \(10\.20\.1\.4\), i-2"):
        chosen_host(HOSTS, "web")


def test_hosts_are_listed_with_address_and_health() -> None:
    assert list(host_lines(HOSTS)) == [
        "host i-1  web  us-east-1a  10.20.1.4  ok",
        "host i-2  web  us-east-1b  10.20.2.4  impaired",
    ]


def test_a_name_is_followed_to_where_a_browser_on_this_machine_sees_it() -> None:
    def balancer(public: str, port: int) -> dict[str, Any]:
        ways = [
            {"protocol": "HTTP", "port": 80, "url": f"http://127.0.0.1:{port}"},
            {"protocol": "HTTPS", "port": 443, "url": f"https://127.0.0.1:{port + 1}"},
        ]
        return {"nodes": [{"public": public}], "listeners": ways}

    balancers = [balancer("100.80.0.7", 30000), balancer("100.80.0.8", 31000)]
    names = [{"name": "shop.example.com", "type": "A", "answers": ["100.80.0.8"]}]
    assert page(balancers, names, "shop.example.com").startswith("https://127.0.0.1:31001/ ")
    with pytest.raises(NobodyThere, match=r"www\.example\.com leads to no load balancer"):
        page(balancers, names, "www.example.com")
