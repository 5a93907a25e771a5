# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a request at a real load balancer."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytestmark = pytest.mark.real


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


@pytest.mark.sample
def test_a_request_reaches_a_healthy_target_and_says_where_it_came_from(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, _, host = served
    for node in (0, 1):
        status, _, body = estate.get(
            balancer, "/a?b=c", {"X-Forwarded-For": "203.0.113.7"}, node=node
        )
        told = json.loads(body)
        headers = {key.lower(): value for key, value in told["headers"].items()}
        assert (status, told["name"], told["path"]) == (200, host.id, "/a?b=c")
        assert headers["x-forwarded-for"] == f"203.0.113.7, {estate.visitor_address}"
        assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("http", "80")
        assert headers["x-amzn-trace-id"].startswith("Root=1-")


def rule(estate: Any, listener: str, priority: int, field: str, config: Any, **action: Any) -> None:
    """A rule that answers with its priority unless another action is given."""
    name = {
        "path-pattern": "PathPatternConfig",
        "host-header": "HostHeaderConfig",
        "http-header": "HttpHeaderConfig",
        "http-request-method": "HttpRequestMethodConfig",
        "query-string": "QueryStringConfig",
        "source-ip": "SourceIpConfig",
    }[field]
    fixed = {
        "Type": "fixed-response",
        "FixedResponseConfig": {
            "StatusCode": "200",
            "ContentType": "text/plain",
            "MessageBody": str(priority),
        },
    }
    estate.client("elbv2").create_rule(
        ListenerArn=listener,
        Priority=priority,
        Conditions=[{"Field": field, name: config}],
        Actions=[action or fixed],
    )


def told(estate: Any, balancer: str, *args: Any, **kwargs: Any) -> str:
    return str(estate.get(balancer, *args, **kwargs)[2].decode())


def test_the_first_rule_whose_conditions_hold_answers(estate: Any) -> None:
    balancer = estate.balancer()
    nothing = {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": "404", "ContentType": "text/plain"},
    }
    listener = estate.listen(balancer, nothing)
    rule(estate, listener, 50, "path-pattern", {"Values": ["/*"]})
    rule(estate, listener, 9, "path-pattern", {"Values": ["/img/*.p?g"]})
    rule(estate, listener, 10, "host-header", {"Values": ["*.example.net"]})
    rule(estate, listener, 11, "http-header", {"HttpHeaderName": "X-Kind", "Values": ["a*z"]})
    rule(estate, listener, 12, "http-request-method", {"Values": ["DELETE"]})
    rule(estate, listener, 13, "query-string", {"Values": [{"Key": "v", "Value": "2*"}]})
    rule(estate, listener, 14, "source-ip", {"Values": ["192.0.2.0/24"]})
    estate.cloud.settle()
    assert told(estate, balancer, "/") == "50"
    assert told(estate, balancer, "/img/a.png") == "9"
    assert told(estate, balancer, "/img/a.jpeg") == "50"
    assert told(estate, balancer, "/img/A.PNG") == "50", "paths are told apart by case"
    assert told(estate, balancer, "/", name="WWW.example.NET") == "10"
    assert told(estate, balancer, "/img/a.png", name="www.example.net") == "9"
    assert told(estate, balancer, "/", {"x-kind": "AbcZ"}) == "11"
    assert told(estate, balancer, "/", method="DELETE") == "12"
    assert told(estate, balancer, "/?u=1&v=2.1") == "13"
    assert told(estate, balancer, "/?u=2") == "50"


def test_a_redirect_keeps_what_its_template_keeps(estate: Any) -> None:
    balancer = estate.balancer()
    config = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    estate.listen(balancer, {"Type": "redirect", "RedirectConfig": config})
    estate.cloud.settle()
    for path in ("/a/b?c=d&e", "/a/b", "/"):
        status, headers, _ = estate.get(balancer, path)
        assert status == 301
        assert headers["location"] == f"https://www.example.org:443{path}"
        assert headers["server"] == "awselb/2.0"


def test_without_targets_and_with_dead_ones_it_answers_as_aws_does(estate: Any) -> None:
    balancer, group = estate.balancer(), estate.group()
    estate.listen(balancer, forward(group))
    estate.cloud.settle()
    assert estate.get(balancer)[0] == 503
    host = estate.host()
    estate.register(group, host)
    estate.await_state(group, host, "healthy")
    assert estate.get(balancer, "/cut")[0] == 502
    host.stop()
    found = estate.await_state(group, host, "unhealthy")
    assert found["Reason"] == "Target.FailedHealthChecks"
    status, headers, body = estate.get(balancer)
    assert status == 502
    assert b"502 Bad Gateway" in body
    assert headers["server"] == "awselb/2.0"


def test_with_no_healthy_target_all_of_them_get_requests(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    host.ask("/health/500")
    found = estate.await_state(group, host, "unhealthy")
    assert found == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [500]",
    }
    assert estate.get(balancer)[0] == 200
    host.ask("/health/200")
    assert estate.await_state(group, host, "healthy") == {"State": "healthy"}


def test_a_target_that_does_not_answer_its_check_is_told_so(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    _, group, host = served
    host.ask("/health/0")
    found = estate.await_state(group, host, "unhealthy")
    assert (found["Reason"], found["Description"]) == ("Target.Timeout", "Request timed out")


@pytest.mark.sample
def test_an_unhealthy_target_gets_nothing_while_another_is_healthy(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    other = estate.host(1)
    estate.register(group, other)
    estate.await_state(group, other, "healthy")

    def answering(node: int) -> set[str]:
        answers = [estate.get(balancer, node=node)[2] for _ in range(10)]
        return {json.loads(answer)["name"] for answer in answers}

    for node in (0, 1):
        assert answering(node) == {host.id, other.id}
    host.ask("/health/500")
    estate.await_state(group, host, "unhealthy")
    # Each node checks targets on its own: the API tells of the first that found it unhealthy.
    for node in (0, 1):
        estate.until(lambda node=node: answering(node) == {other.id})
    for node in (0, 1):
        assert answering(node) == {other.id}


def test_a_new_target_gets_nothing_before_a_check_has_passed(
    estate: Any, served: tuple[str, str, Any]
) -> None:
    balancer, group, host = served
    booting = estate.host()
    booting.ask("/health/503")
    estate.register(group, booting)
    estate.until(lambda: estate.health(group)[booting.id].get("Reason", "").startswith("Elb."))
    assert estate.health(group)[booting.id]["State"] == "initial"
    for _ in range(10):
        assert json.loads(estate.get(balancer)[2])["name"] == host.id
    estate.await_state(group, booting, "unhealthy")


def test_a_health_check_says_who_asks(estate: Any, served: tuple[str, str, Any]) -> None:
    _, _, host = served
    headers = {k.lower(): v for k, v in json.loads(host.ask("/checks")).items()}
    assert headers["user-agent"] == "ELB-HealthChecker/2.0"
    assert headers["host"] == f"{host.address}:8080"


def test_a_client_with_a_cookie_stays_at_its_target(estate: Any) -> None:
    balancer = estate.balancer()
    group = estate.group(attributes={"stickiness__enabled": "true"})
    estate.listen(balancer, forward(group))
    hosts = [estate.host(0), estate.host(1)]
    estate.register(group, *hosts)
    for host in hosts:
        estate.await_state(group, host, "healthy")
    _, headers, body = estate.get(balancer)
    first = json.loads(body)["name"]
    cookie = headers["set-cookie"].partition(";")[0]
    assert cookie.startswith("AWSALB")
    value = cookie.partition("=")[2]
    for _ in range(8):
        _, _, body = estate.get(balancer, headers={"Cookie": f"AWSALB={value}"})
        assert json.loads(body)["name"] == first


def test_requests_are_shared_by_the_weights_of_the_groups(estate: Any) -> None:
    balancer, one, other = estate.balancer(), estate.group("one"), estate.group("other")
    groups = [{"TargetGroupArn": one, "Weight": 1}, {"TargetGroupArn": other, "Weight": 0}]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    listener = estate.listen(balancer, action)
    first, second = estate.host(), estate.host()
    estate.register(one, first)
    estate.register(other, second)
    estate.await_state(one, first, "healthy")
    estate.await_state(other, second, "healthy")
    assert {json.loads(estate.get(balancer)[2])["name"] for _ in range(20)} == {first.id}
    groups[1]["Weight"] = 1
    estate.client("elbv2").modify_listener(ListenerArn=listener, DefaultActions=[action])
    seen: set[str] = set()
    estate.until(
        lambda: (
            seen.add(json.loads(estate.get(balancer)[2])["name"])  # type: ignore[func-returns-value]
            or seen == {first.id, second.id}
        )
    )


def test_header_fields_with_other_characters_are_dropped_where_that_is_wanted(estate: Any) -> None:
    key = "routing__http__drop_invalid_header_fields__enabled"
    balancer, group = estate.balancer(**{key: "true"}), estate.group()
    estate.listen(balancer, forward(group))
    host = estate.host()
    estate.register(group, host)
    estate.await_state(group, host, "healthy")
    _, _, body = estate.get(balancer, headers={"X_Under": "1", "X-Fine": "2"})
    names = {name.lower() for name in json.loads(body)["headers"]}
    assert "x-fine" in names
    assert "x_under" not in names


def test_a_target_that_takes_longer_than_the_idle_timeout_is_told_as_504(estate: Any) -> None:
    balancer = estate.balancer(idle_timeout__timeout_seconds="1")
    group = estate.group()
    estate.listen(balancer, forward(group))
    host = estate.host()
    estate.register(group, host)
    estate.await_state(group, host, "healthy")
    status, _, body = estate.get(balancer, "/slow/4")
    assert status == 504
    assert b"504 Gateway Time-out" in body
