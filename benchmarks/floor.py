# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: one process that reads the whole environment, and does nothing else.

Every attribute that the declaration names, of everything that it names, by the names that follow
from it, in both regions, from one session with 16 threads: no request that only finds things out,
none for what others may have added. A client's calls start as soon as it is made; what needs an id
is asked the moment the id is there. Tags that an object's own answer lacks come from the tagging
API, one call a region. Values of secrets are never read.

Prints one JSON object: calls, objects read, seconds, and what was not there. Exit code 1 if
anything was not.
"""

from __future__ import annotations

import time

_BEGIN = time.perf_counter()

# pylint: disable=wrong-import-position
import argparse  # noqa: E402
import gc  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable, Iterable, Iterator, Mapping  # noqa: E402
from concurrent.futures import Future, ThreadPoolExecutor  # noqa: E402
from dataclasses import dataclass, field  # noqa: E402
from queue import SimpleQueue  # noqa: E402
from typing import Any  # noqa: E402

import botocore.session  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

_IMPORTED = time.perf_counter()
# A process this short ends before collecting would pay. Who only imports this goes on.
if __name__ == "__main__":
    gc.disable()

Answer = Mapping[str, Any]
BUCKETS = ("releases", "backups", "logs")
REPLICATED = ("releases", "backups")
# Types whose own answers come without tags.
TAGGED = (
    *("acm:certificate", "cloudwatch:alarm", "elasticloadbalancing", "kms:key", "logs:log-group"),
    *("rds:pg", "rds:subgrp", "route53:healthcheck", "route53:hostedzone", "s3", "sns"),
    "ssm:parameter",
)


@dataclass(frozen=True, slots=True)
class Site:
    """What the names of a site's objects are made of. `home`: whether it is the home site."""

    environment: str
    name: str
    region: str
    account: str
    home: bool

    @property
    def prefix(self) -> str:
        return f"{self.environment}-{self.name}"

    def call(
        self,
        service: str,
        name: str,
        arguments: Answer | None = None,
        then: Callable[[Answer], Iterable[Call]] | None = None,
    ) -> Call:
        return Call(service, self.region, name, arguments or {}, then)

    def owned(self, key: str = "Filters") -> dict[str, Any]:
        """A filter for what bears the site's owner tags."""
        marks = {"phoenix:environment": self.environment, "phoenix:site": self.name}
        return {key: [{"Name": f"tag:{tag}", "Values": [value]} for tag, value in marks.items()]}


@dataclass(frozen=True, slots=True)
class Call:
    """One describe call; `then` names the calls that its answer makes possible."""

    service: str
    region: str
    name: str
    arguments: Answer = field(default_factory=dict)
    then: Callable[[Answer], Iterable[Call]] | None = None


def s3(site: Site) -> Iterator[Call]:
    """The settings of three buckets, one call each."""
    settings = ("versioning", "encryption", "policy", "lifecycle_configuration")
    for purpose in BUCKETS:
        bucket = {"Bucket": f"{site.prefix}-{purpose}-{site.account}-{site.region}"}
        for setting in settings:
            yield site.call("s3", f"get_bucket_{setting}", bucket)
        yield site.call("s3", "get_public_access_block", bucket)
        if site.home and purpose in REPLICATED:
            yield site.call("s3", "get_bucket_replication", bucket)


def ec2(site: Site) -> Iterator[Call]:
    """VPC and all in it, in one call for each kind."""

    def of_vpcs(answer: Answer) -> Iterator[Call]:
        for vpc in answer["Vpcs"]:
            for attribute in ("enableDnsSupport", "enableDnsHostnames"):
                asked = {"VpcId": vpc["VpcId"], "Attribute": attribute}
                yield site.call("ec2", "describe_vpc_attribute", asked)

    def of_groups(answer: Answer) -> Iterator[Call]:
        ids = [group["GroupId"] for group in answer["SecurityGroups"]]
        if ids:
            asked = {"Filters": [{"Name": "group-id", "Values": ids}]}
            yield site.call("ec2", "describe_security_group_rules", asked)

    yield site.call("ec2", "describe_vpcs", site.owned(), of_vpcs)
    yield site.call("ec2", "describe_security_groups", site.owned(), of_groups)
    for kind in ("subnets", "route_tables", "internet_gateways", "addresses", "vpc_endpoints"):
        yield site.call("ec2", f"describe_{kind}", site.owned())
    yield site.call("ec2", "describe_nat_gateways", site.owned("Filter"))
    yield site.call("ec2", "describe_flow_logs", site.owned("Filter"))
    yield site.call("ec2", "describe_launch_templates", site.owned())
    asked = {"LaunchTemplateName": f"{site.prefix}-web", "Versions": ["$Latest", "$Default"]}
    yield site.call("ec2", "describe_launch_template_versions", asked)


def elbv2(site: Site) -> Iterator[Call]:
    """Balancer, listeners and target group."""

    def of_balancers(answer: Answer) -> Iterator[Call]:
        for balancer in answer["LoadBalancers"]:
            asked = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
            yield site.call("elbv2", "describe_load_balancer_attributes", asked)
            yield site.call("elbv2", "describe_listeners", asked)

    def of_target_groups(answer: Answer) -> Iterator[Call]:
        for group in answer["TargetGroups"]:
            asked = {"TargetGroupArn": group["TargetGroupArn"]}
            yield site.call("elbv2", "describe_target_group_attributes", asked)

    named = {"Names": [f"{site.prefix}-main"]}
    yield site.call("elbv2", "describe_load_balancers", named, of_balancers)
    named = {"Names": [f"{site.prefix}-web-8080"]}
    yield site.call("elbv2", "describe_target_groups", named, of_target_groups)


def kms(site: Site) -> Iterator[Call]:
    """The customer key; only its description is told for an alias."""

    def of_key(answer: Answer) -> Iterator[Call]:
        key = {"KeyId": answer["KeyMetadata"]["KeyId"]}
        yield site.call("kms", "get_key_rotation_status", key)
        yield site.call("kms", "get_key_policy", {**key, "PolicyName": "default"})

    yield site.call("kms", "describe_key", {"KeyId": f"alias/phoenix-{site.prefix}"}, of_key)


def acm(site: Site) -> Iterator[Call]:
    """Certificates, which have no name to ask for."""

    def of_certificates(answer: Answer) -> Iterator[Call]:
        for certificate in answer["CertificateSummaryList"]:
            asked = {"CertificateArn": certificate["CertificateArn"]}
            yield site.call("acm", "describe_certificate", asked)

    yield site.call("acm", "list_certificates", then=of_certificates)


def rds(site: Site) -> Iterator[Call]:
    """Instance, its log groups, subnet group, parameter group, and the parameters set in it."""
    name = f"{site.prefix}-database"
    group = {"DBParameterGroupName": name}
    yield site.call("rds", "describe_db_instances", {"DBInstanceIdentifier": name})
    yield site.call("rds", "describe_db_subnet_groups", {"DBSubnetGroupName": name})
    yield site.call("rds", "describe_db_parameter_groups", group)
    yield site.call("rds", "describe_db_parameters", {**group, "Source": "user"})
    logs = {"logGroupNamePrefix": f"/aws/rds/instance/{name}/"}
    yield site.call("logs", "describe_log_groups", logs)


def autoscaling(site: Site) -> Iterator[Call]:
    """The group comes with its tags, metrics and suspended processes; hosts may be moving."""
    group = f"{site.prefix}-web"
    asked = {"AutoScalingGroupNames": [group]}

    def refreshes(answer: Any) -> Iterator[Call]:
        for item in answer["AutoScalingGroups"]:
            if item["Instances"]:
                newest = {"AutoScalingGroupName": group, "MaxRecords": 1}
                yield site.call("autoscaling", "describe_instance_refreshes", newest)

    yield site.call("autoscaling", "describe_auto_scaling_groups", asked, refreshes)
    yield site.call("autoscaling", "describe_policies", {"AutoScalingGroupName": group})


def operations(site: Site) -> Iterator[Call]:
    """Alarms, topic and subscribers, parameters, and all tags that are left."""
    topic = {"TopicArn": f"arn:aws:sns:{site.region}:{site.account}:{site.prefix}-alarms"}
    path = {"Path": f"/{site.environment}/{site.name}", "Recursive": True}
    tags = {
        "TagFilters": [{"Key": "phoenix:environment", "Values": [site.environment]}],
        "ResourceTypeFilters": list(TAGGED),
        "ResourcesPerPage": 100,
        "TagsPerPage": 500,
    }
    yield site.call("cloudwatch", "describe_alarms", {"AlarmNamePrefix": f"{site.prefix}-"})
    yield site.call("sns", "get_topic_attributes", topic)
    yield site.call("sns", "list_subscriptions_by_topic", topic)
    yield site.call("ssm", "get_parameters_by_path", path)
    yield site.call("resourcegroupstaggingapi", "get_resources", tags)


def iam(site: Site) -> Iterator[Call]:
    """The profile, and from home all roles with their policies in one answer."""
    if site.home:
        yield site.call("iam", "get_account_authorization_details", {"Filter": ["Role"]})
    profile = {"InstanceProfileName": f"{site.prefix}-web"}
    yield site.call("iam", "get_instance_profile", profile)


def once(site: Site) -> Iterator[Call]:
    """What the environment has one of: the secret, with its copy, and the zone."""
    if not site.home:
        return

    def of_zones(answer: Answer) -> Iterator[Call]:
        for zone in answer["HostedZones"]:
            asked = {"HostedZoneId": zone["Id"].rpartition("/")[2]}
            yield site.call("route53", "list_resource_record_sets", asked)

    secret = {"SecretId": f"{site.environment}/{site.name}/database"}
    yield site.call("secretsmanager", "describe_secret", secret)
    yield site.call("secretsmanager", "get_resource_policy", secret)
    yield site.call("route53", "list_hosted_zones", then=of_zones)
    yield site.call("route53", "list_health_checks")


PARTS = (s3, ec2, elbv2, kms, acm, rds, autoscaling, operations, iam, once)


def absent(code: str) -> bool:
    """Whether an error's code says that the thing, or the setting, does not exist."""
    return "NotFound" in code or code.startswith("NoSuch")


@dataclass(slots=True)
class Reader:
    """Runs calls in threads, each as soon as it is known."""

    endpoint: str | None
    threads: int
    missing: list[str] = field(default_factory=list, init=False)
    made: int = field(default=0, init=False)
    client_seconds: float = field(default=0.0, init=False)
    last_client: float = field(default=0.0, init=False)
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
            self.last_client = time.perf_counter()
            self.client_seconds += self.last_client - begin
        return self._clients[key]

    def read(self, calls: Iterable[Call]) -> list[tuple[Call, Answer]]:
        """Every answer, in the order of their coming; what is not there is noted as missing.

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
            if not absent(code):
                raise
            self.missing.append(f"{call.service} {call.region} {call.name}: {code}")
            return None


def first_calls(sites: Iterable[Site]) -> Iterator[Call]:
    """What can be asked knowing nothing but the declaration, part by part."""
    known = list(sites)
    for part in PARTS:
        for site in known:
            yield from part(site)


def objects(found: Iterable[tuple[Call, Answer]]) -> int:
    """Items of all lists that the calls answered with."""
    return sum(
        len(value)
        for call, answer in found
        if call.name.startswith(("describe_", "list_"))
        for value in answer.values()
        if isinstance(value, list)
    )


def sites(environment: str, account: str, regions: Mapping[str, str]) -> list[Site]:
    """regions: of every site by its name, home first."""
    return [
        Site(environment, name, region, account, home=number == 0)
        for number, (name, region) in enumerate(regions.items())
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", default="production")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument("--sites", default="home=us-east-1,recovery=us-west-2")
    parser.add_argument("--endpoint", help="default: AWS's own, or AWS_ENDPOINT_URL")
    parser.add_argument("--threads", type=int, default=16)
    given = parser.parse_args()
    regions = dict(pair.split("=", 1) for pair in given.sites.split(","))
    reader = Reader(given.endpoint, given.threads)
    begin = time.perf_counter()
    found = reader.read(first_calls(sites(given.environment, given.account, regions)))
    end = time.perf_counter()
    report = {
        "calls": reader.made,
        "objects": objects(found),
        "missing": sorted(reader.missing),
        "seconds": {
            "import": round(_IMPORTED - _BEGIN, 3),
            "clients": round(reader.client_seconds, 3),
            "clients and calls": round(end - begin, 3),
            "after the last client": round(end - reader.last_client, 3),
        },
    }
    json.dump(report, sys.stdout)
    print()
    return 1 if reader.missing else 0


if __name__ == "__main__":
    sys.exit(main())
