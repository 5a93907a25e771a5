# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: one process that reads the whole environment, and does nothing else.

Every attribute that the declaration names, of everything that carries the environment's owner tag
(where a list cannot be asked for a tag: its name), in both regions, from one session with 16
threads. A client's calls start as soon as it is made. What depends on an answer is asked the moment
the answer is there; no chain is longer than three calls.

Prints one JSON object: calls and objects read, seconds of the phases, errors by code.
"""

from __future__ import annotations

import time

_BEGIN = time.perf_counter()

# pylint: disable=wrong-import-position
import argparse  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections import Counter  # noqa: E402
from collections.abc import Callable, Iterable, Iterator, Mapping  # noqa: E402
from concurrent.futures import Future, ThreadPoolExecutor  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from queue import SimpleQueue  # noqa: E402
from typing import Any  # noqa: E402

import botocore.session  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

_IMPORTED = time.perf_counter()

Answer = Mapping[str, Any]
OWNER = "phoenix:environment"
# An attribute that is not set is answered by one of these.
UNSET = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One describe call; `then` names the calls that its answer makes possible."""

    service: str
    region: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    then: Callable[[Answer], Iterable[Call]] | None = None


def ec2(region: str, environment: str) -> Iterator[Call]:
    """VPCs and all in them, in one call for each kind."""
    mine = {"Filters": [{"Name": f"tag:{OWNER}", "Values": [environment]}]}

    def of_vpcs(answer: Answer) -> Iterator[Call]:
        ids = [vpc["VpcId"] for vpc in answer["Vpcs"]]
        for vpc in ids:
            for attribute in ("enableDnsSupport", "enableDnsHostnames"):
                asked = {"VpcId": vpc, "Attribute": attribute}
                yield Call("ec2", region, "describe_vpc_attribute", asked)
        if ids:  # the default group and the main table are part of the VPC, tagged or not
            inside = {"Filters": [{"Name": "vpc-id", "Values": ids}]}
            yield Call("ec2", region, "describe_security_groups", inside, of_groups)
            yield Call("ec2", region, "describe_route_tables", inside)

    def of_groups(answer: Answer) -> Iterator[Call]:
        ids = [group["GroupId"] for group in answer["SecurityGroups"]]
        filters = {"Filters": [{"Name": "group-id", "Values": ids}]}
        yield Call("ec2", region, "describe_security_group_rules", filters)

    def of_templates(answer: Answer) -> Iterator[Call]:
        for template in answer["LaunchTemplates"]:
            asked = {
                "LaunchTemplateId": template["LaunchTemplateId"],
                "Versions": ["$Latest", "$Default"],
            }
            yield Call("ec2", region, "describe_launch_template_versions", asked)

    yield Call("ec2", region, "describe_vpcs", mine, of_vpcs)
    for kind in ("subnets", "internet_gateways", "nat_gateways", "addresses", "vpc_endpoints"):
        yield Call("ec2", region, f"describe_{kind}", mine)
    yield Call("ec2", region, "describe_flow_logs", {"Filter": mine["Filters"]})
    yield Call("ec2", region, "describe_launch_templates", mine, of_templates)


def kms(region: str, environment: str) -> Iterator[Call]:
    """The site's customer key, found by its alias."""

    def of_aliases(answer: Answer) -> Iterator[Call]:
        for alias in answer["Aliases"]:
            if not alias["AliasName"].startswith(f"alias/phoenix-{environment}-"):
                continue
            key = {"KeyId": alias["TargetKeyId"]}
            yield Call("kms", region, "describe_key", key)
            yield Call("kms", region, "get_key_rotation_status", key)
            yield Call("kms", region, "get_key_policy", {**key, "PolicyName": "default"})

    yield Call("kms", region, "list_aliases", {}, of_aliases)


def secretsmanager(region: str, environment: str) -> Iterator[Call]:
    """Secrets with their replication; never their values."""

    def of_secrets(answer: Answer) -> Iterator[Call]:
        for secret in answer["SecretList"]:
            asked = {"SecretId": secret["ARN"]}
            yield Call("secretsmanager", region, "describe_secret", asked)

    filters = [
        {"Key": "tag-key", "Values": [OWNER]},
        {"Key": "tag-value", "Values": [environment]},
    ]
    yield Call("secretsmanager", region, "list_secrets", {"Filters": filters}, of_secrets)


def ssm(region: str, environment: str) -> Iterator[Call]:
    """Parameters and their values, ten at a time."""

    def of_parameters(answer: Answer) -> Iterator[Call]:
        names = [parameter["Name"] for parameter in answer["Parameters"]]
        for at in range(0, len(names), 10):
            yield Call("ssm", region, "get_parameters", {"Names": names[at : at + 10]})

    filters = [{"Key": f"tag:{OWNER}", "Option": "Equals", "Values": [environment]}]
    asked = {"ParameterFilters": filters}
    yield Call("ssm", region, "describe_parameters", asked, of_parameters)


def rds(region: str, environment: str) -> Iterator[Call]:
    """Instances with their tags, subnet groups, and the parameters that were set."""

    def of_parameter_groups(answer: Answer) -> Iterator[Call]:
        for group in answer["DBParameterGroups"]:
            if group["DBParameterGroupName"].startswith(f"{environment}-"):
                asked = {"DBParameterGroupName": group["DBParameterGroupName"], "Source": "user"}
                yield Call("rds", region, "describe_db_parameters", asked)

    yield Call("rds", region, "describe_db_instances")
    yield Call("rds", region, "describe_db_subnet_groups")
    yield Call("rds", region, "describe_db_parameter_groups", {}, of_parameter_groups)


def elbv2(region: str, environment: str) -> Iterator[Call]:
    """Balancers, listeners and target groups."""

    def named(items: Iterable[Mapping[str, Any]], kind: str) -> list[str]:
        prefix = f"{environment}-"
        return [item[f"{kind}Arn"] for item in items if item[f"{kind}Name"].startswith(prefix)]

    def of_balancers(answer: Answer) -> Iterator[Call]:
        for arn in named(answer["LoadBalancers"], "LoadBalancer"):
            asked = {"LoadBalancerArn": arn}
            yield Call("elbv2", region, "describe_load_balancer_attributes", asked)
            yield Call("elbv2", region, "describe_listeners", asked)

    def of_target_groups(answer: Answer) -> Iterator[Call]:
        for arn in named(answer["TargetGroups"], "TargetGroup"):
            asked = {"TargetGroupArn": arn}
            yield Call("elbv2", region, "describe_target_group_attributes", asked)

    yield Call("elbv2", region, "describe_load_balancers", {}, of_balancers)
    yield Call("elbv2", region, "describe_target_groups", {}, of_target_groups)


def acm(region: str, environment: str) -> Iterator[Call]:
    """Certificates, whatever their state."""
    del environment  # a certificate has neither our name nor a filter for tags

    def of_certificates(answer: Answer) -> Iterator[Call]:
        for certificate in answer["CertificateSummaryList"]:
            asked = {"CertificateArn": certificate["CertificateArn"]}
            yield Call("acm", region, "describe_certificate", asked)

    yield Call("acm", region, "list_certificates", {}, of_certificates)


def autoscaling(region: str, environment: str) -> Iterator[Call]:
    """Groups come with their tags."""
    filters = [{"Name": f"tag:{OWNER}", "Values": [environment]}]
    yield Call("autoscaling", region, "describe_auto_scaling_groups", {"Filters": filters})
    yield Call("autoscaling", region, "describe_policies")


def cloudwatch(region: str, environment: str) -> Iterator[Call]:
    """Alarms by the beginning of their names."""
    yield Call("cloudwatch", region, "describe_alarms", {"AlarmNamePrefix": f"{environment}-"})


def logs(region: str, environment: str) -> Iterator[Call]:
    """Where flow logs go, if not to a bucket."""
    del environment
    yield Call("logs", region, "describe_log_groups")


def sns(region: str, environment: str) -> Iterator[Call]:
    """Topics and who is told."""

    def of_topics(answer: Answer) -> Iterator[Call]:
        for topic in answer["Topics"]:
            arn = topic["TopicArn"]
            if not arn.rpartition(":")[2].startswith(f"{environment}-"):
                continue
            yield Call("sns", region, "get_topic_attributes", {"TopicArn": arn})
            yield Call("sns", region, "list_subscriptions_by_topic", {"TopicArn": arn})

    yield Call("sns", region, "list_topics", {}, of_topics)


def s3(region: str, environment: str) -> Iterator[Call]:
    """Buckets of all regions, each asked in its own."""
    names = ("versioning", "encryption", "policy", "lifecycle_configuration")

    def of_buckets(answer: Answer) -> Iterator[Call]:
        for bucket in answer["Buckets"]:
            name = bucket["Name"]
            if not name.startswith(f"{environment}-"):
                continue
            own = next((r for r in REGIONS if name.endswith(f"-{r}")), region)
            for attribute in names:
                yield Call("s3", own, f"get_bucket_{attribute}", {"Bucket": name})
            yield Call("s3", own, "get_bucket_ownership_controls", {"Bucket": name})
            yield Call("s3", own, "get_public_access_block", {"Bucket": name})
            if "-logs-" not in name:
                yield Call("s3", own, "get_bucket_replication", {"Bucket": name})

    yield Call("s3", region, "list_buckets", {}, of_buckets)


def iam(region: str, environment: str) -> Iterator[Call]:
    """Roles with policies, profiles and tags in one answer, once for all regions."""

    def of_roles(answer: Answer) -> Iterator[Call]:
        for role in answer["RoleDetailList"]:
            if not role["RoleName"].startswith(f"{environment}-"):
                continue
            for profile in role["InstanceProfileList"]:
                asked = {"InstanceProfileName": profile["InstanceProfileName"]}
                yield Call("iam", region, "get_instance_profile", asked)

    yield Call("iam", region, "get_account_authorization_details", {"Filter": ["Role"]}, of_roles)


def route53(region: str, environment: str) -> Iterator[Call]:
    """Zones, records and health checks."""
    del environment

    def of_zones(answer: Answer) -> Iterator[Call]:
        for zone in answer["HostedZones"]:
            asked = {"HostedZoneId": zone["Id"].rpartition("/")[2]}
            yield Call("route53", region, "list_resource_record_sets", asked)

    yield Call("route53", region, "list_hosted_zones", {}, of_zones)
    yield Call("route53", region, "list_health_checks")


def tags(region: str, environment: str) -> Iterator[Call]:
    """The tags of all kinds whose own answers come without them."""
    filters = [{"Key": OWNER, "Values": [environment]}]
    asked = {"TagFilters": filters, "ResourcesPerPage": 100}
    yield Call("resourcegroupstaggingapi", region, "get_resources", asked)


def sts(region: str, environment: str) -> Iterator[Call]:
    """Whose account it is."""
    del environment
    yield Call("sts", region, "get_caller_identity")


REGIONS = ("us-east-1", "us-west-2")
REGIONAL = (
    *(ec2, rds, elbv2, kms, autoscaling, secretsmanager),
    *(ssm, acm, cloudwatch, sns, logs, tags),
)
GLOBAL = (s3, iam, route53, sts)


@dataclass(slots=True)
class Reader:
    """Runs calls in threads, each as soon as it is known."""

    endpoint: str | None
    threads: int
    errors: Counter[str] = field(default_factory=Counter, init=False)
    made: int = field(default=0, init=False)
    client_seconds: float = field(default=0.0, init=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, init=False)
    _session: Any = field(default=None, init=False)

    def client(self, service: str, region: str) -> Any:
        """The one client of a service and region; only the main thread makes one."""
        key = (service, region)
        if key not in self._clients:
            begin = time.perf_counter()
            self._session = self._session or botocore.session.get_session()
            self._clients[key] = self._session.create_client(
                service,
                region_name=region,
                endpoint_url=self.endpoint,
                config=Config(max_pool_connections=self.threads),
            )
            self.client_seconds += time.perf_counter() - begin
        return self._clients[key]

    def read(self, calls: Iterable[Call]) -> list[tuple[Call, Answer]]:
        """Every answer, in the order of their coming; an unset attribute has none.

        Raises botocore's ClientError for any other refusal.
        """
        done: SimpleQueue[tuple[Call, Future[Answer | None]]] = SimpleQueue()
        found: list[tuple[Call, Answer]] = []
        open_calls = 0
        with ThreadPoolExecutor(self.threads) as pool:

            def ask(call: Call) -> None:
                client = self.client(call.service, call.region)
                future = pool.submit(self._ask, client, call)
                future.add_done_callback(lambda over: done.put((call, over)))

            for call in calls:
                ask(call)
                open_calls += 1
            while open_calls:
                call, future = done.get()
                open_calls -= 1
                self.made += 1
                answer = future.result()
                if answer is None:
                    continue
                found.append((call, answer))
                for following in call.then(answer) if call.then else ():
                    ask(following)
                    open_calls += 1
        return found

    def _ask(self, client: Any, call: Call) -> Answer | None:
        try:
            if client.can_paginate(call.name):
                pages = client.get_paginator(call.name).paginate(**call.arguments)
                whole: Answer = pages.build_full_result()
                return whole
            one: Answer = getattr(client, call.name)(**call.arguments)
            return one
        except ClientError as problem:
            code = problem.response.get("Error", {}).get("Code", "")
            if code not in UNSET:
                raise
            self.errors[code] += 1
            return None


def first_calls(environment: str) -> Iterator[Call]:
    """What can be asked knowing nothing but the environment's name."""
    for regional in REGIONAL:
        for region in REGIONS:
            yield from regional(region, environment)
    for once in GLOBAL:
        yield from once(REGIONS[0], environment)


def objects(found: Iterable[tuple[Call, Answer]]) -> int:
    """Items of all lists that the first calls answered with."""
    return sum(
        len(value)
        for call, answer in found
        if call.name.startswith(("describe_", "list_"))
        for value in answer.values()
        if isinstance(value, list)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="production")
    parser.add_argument("--endpoint", help="default: AWS's own, or AWS_ENDPOINT_URL")
    parser.add_argument("--threads", type=int, default=16)
    given = parser.parse_args()
    reader = Reader(given.endpoint, given.threads)
    begin = time.perf_counter()
    found = reader.read(first_calls(given.environment))
    end = time.perf_counter()
    report = {
        "calls": reader.made,
        "objects": objects(found),
        "unset": dict(sorted(reader.errors.items())),
        "seconds": {
            "import": round(_IMPORTED - _BEGIN, 3),
            "clients": round(reader.client_seconds, 3),
            "clients and calls": round(end - begin, 3),
        },
    }
    json.dump(report, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
