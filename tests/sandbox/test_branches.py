# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox that goes on in many: each begins with what was there, and has the rest to itself."""

from __future__ import annotations

import time
from typing import Any

import boto3
import dns.message
import dns.query
import pytest

from sandbox.client import Refused
from sandbox.running import Handle, running

DATABASE = {
    "DBInstanceIdentifier": "one",
    "DBInstanceClass": "db.t4g.micro",
    "Engine": "postgres",
    "AllocatedStorage": 20,
    "MasterUsername": "owner",
    "MasterUserPassword": "not-a-secret",
}


def ask(handle: Handle, service: str) -> Any:
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=handle.endpoint,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="not-a-secret",
    )


def named(handle: Handle) -> set[str]:
    found = ask(handle, "sns").list_topics()["Topics"]
    return {str(one["TopicArn"]).rpartition(":")[2] for one in found}


def ends(handle: Handle) -> bool:
    """Whether nobody answers there any more, after some patience."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            handle.mark()
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_branch_has_what_was_there_and_what_is_made_in_it_is_nowhere_else(cloud: Handle) -> None:
    ask(cloud, "sns").create_topic(Name="before")
    with cloud.branch() as one, cloud.branch() as other:
        ask(one, "sns").create_topic(Name="one")
        ask(other, "sns").create_topic(Name="other")
        ask(cloud, "sns").create_topic(Name="after")
        assert named(one) == {"before", "one"}
        assert named(other) == {"before", "other"}
        assert named(cloud) == {"before", "after"}
        one.reset()
        assert named(one) == set()
    assert named(cloud) == {"before", "after"}


def test_a_branch_has_branches_too(cloud: Handle) -> None:
    ask(cloud, "sns").create_topic(Name="before")
    with cloud.branch() as branch:
        ask(branch, "sns").create_topic(Name="then")
        with branch.branch() as twig:
            assert named(twig) == {"before", "then"}
        assert ends(twig)
        with branch.branch() as twig:
            assert named(twig) == {"before", "then"}


def test_what_threads_do_goes_on_in_a_branch(cloud: Handle) -> None:
    """Names are answered, at a port of its own, and what takes time is there after it."""
    with cloud.branch() as branch:
        assert branch.resolver() != cloud.resolver()
        address, port = branch.resolver()
        query = dns.message.make_query("sns.us-east-1.amazonaws.com", "A")
        assert dns.query.udp(query, address, timeout=10, port=port).answer
        branch.speed(1000)
        rds = ask(branch, "rds")
        rds.create_db_instance(**DATABASE)
        rds.get_waiter("db_instance_available").wait(
            DBInstanceIdentifier="one", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )


def test_an_alarm_is_evaluated_in_a_branch_as_it_was_before(cloud: Handle) -> None:
    client = ask(cloud, "cloudwatch")
    client.put_metric_alarm(
        AlarmName="high",
        Namespace="Shop",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="breaching",
    )
    with cloud.branch() as branch:
        there = ask(branch, "cloudwatch")
        there.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Errors", "Value": 5.0}])
        end = time.monotonic() + 60
        while there.describe_alarms()["MetricAlarms"][0]["StateValue"] != "ALARM":
            assert time.monotonic() < end
            time.sleep(0.1)


def test_it_ends_with_its_block_and_with_the_sandbox_that_it_is_from() -> None:
    with running() as cloud:
        with cloud.branch() as one:
            pass
        assert ends(one)
        left = cloud.branch()
        other = left.__enter__()
        assert named(other) == set()
    assert ends(other)


def test_while_something_is_still_to_happen_there_is_none(cloud: Handle) -> None:
    cloud.speed(1)
    ask(cloud, "rds").create_db_instance(**DATABASE)
    with pytest.raises(Refused, match="still to happen"), cloud.branch():
        pass
