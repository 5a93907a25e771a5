# SPDX-License-Identifier: GPL-3.0-or-later
"""The server: gaps told from faults, regions, resets, one request at a time."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.running import CHECKOUT, Handle, running

from .conftest import Clients

HOSTNAMES = "private-dns-name-options-on-launch.hostname-type"
GAPS: list[tuple[str, str, dict[str, Any]]] = [
    ("rds", "describe_reserved_db_instances_offerings", {}),
    ("ec2", "describe_subnets", {"Filters": [{"Name": HOSTNAMES, "Values": ["ip-name"]}]}),
    ("ec2", "describe_capacity_block_offerings", {"CapacityDurationHours": 1}),
    ("iam", "generate_service_last_accessed_details", {"Arn": "arn:aws:iam::1:role/abcdefgh"}),
    (
        "pricing",
        "get_price_list_file_url",
        {"PriceListArn": "arn:aws:pricing:::x", "FileFormat": "csv"},
    ),
    ("service-quotas", "list_services", {}),
    ("route53", "get_health_check_count", {}),
]


@pytest.mark.parametrize(("service", "method", "given"), GAPS, ids=[g[1] for g in GAPS])
def test_what_is_not_emulated_is_an_aws_error_with_status_501(
    client: Clients, service: str, method: str, given: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as gap:
        getattr(client(service), method)(**given)
    assert gap.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert gap.value.response["Error"]["Code"] == "InvalidAction"
    assert "not emulated" in gap.value.response["Error"]["Message"]


def test_a_region_that_does_not_exist_is_refused_as_aws_does(client: Clients) -> None:
    codes = {}
    for service, method in (
        ("ec2", "describe_vpcs"),
        ("rds", "describe_db_instances"),
        ("kms", "list_keys"),
        ("s3", "list_buckets"),
    ):
        with pytest.raises(ClientError) as refused:
            getattr(client(service, "us-nowhere-7"), method)()
        codes[service] = refused.value.response["Error"]["Code"]
    assert codes == {
        "ec2": "AuthFailure",
        "rds": "SignatureDoesNotMatch",
        "kms": "InvalidSignatureException",
        "s3": "AuthorizationHeaderMalformed",
    }


def test_a_sandbox_of_two_regions_refuses_a_third_and_keeps_the_global_services() -> None:
    with running(regions=["us-west-2", "eu-west-1"]) as cloud:

        def api(service: str, region: str) -> Any:
            return boto3.client(
                service,
                region_name=region,
                endpoint_url=cloud.endpoint,
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )

        assert api("ec2", "eu-west-1").describe_vpcs()["Vpcs"]
        assert api("iam", "us-east-1").list_roles()["Roles"] == []
        with pytest.raises(ClientError, match="valid region"):
            api("ec2", "us-east-1").describe_vpcs()
        ec2 = api("ec2", "eu-west-1")
        told = [region["RegionName"] for region in ec2.describe_regions()["Regions"]]
        assert told == ["eu-west-1", "us-west-2"]
        states = {
            region["RegionName"]: region["OptInStatus"]
            for region in ec2.describe_regions(AllRegions=True)["Regions"]
        }
        assert states["us-east-1"] == "opt-in-not-required"
        assert states["af-south-1"] == "not-opted-in"


def test_a_reset_forgets_every_service_and_every_region(cloud: Handle, client: Clients) -> None:
    client("ec2", "us-west-2").create_vpc(CidrBlock="10.0.0.0/16")
    client("s3").create_bucket(Bucket="a-bucket")
    client("iam").create_user(UserName="u")
    cloud.reset()
    assert len(client("ec2", "us-west-2").describe_vpcs()["Vpcs"]) == 1
    assert client("s3").list_buckets()["Buckets"] == []
    assert client("iam").list_users()["Users"] == []


def test_of_twelve_who_want_one_name_exactly_one_gets_it(client: Clients) -> None:
    groups = [client("ec2") for _ in range(12)]
    vpc = groups[0].describe_vpcs()["Vpcs"][0]["VpcId"]

    def create(api: Any) -> str:
        try:
            api.create_security_group(GroupName="one", Description="d", VpcId=vpc)
        except ClientError as problem:
            return str(problem.response["Error"]["Code"])
        return "made"

    with ThreadPoolExecutor(12) as pool:
        answers = sorted(pool.map(create, groups))
    assert answers == ["InvalidGroup.Duplicate"] * 11 + ["made"]


def test_a_connection_is_kept_for_the_next_request(cloud: Handle) -> None:
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    connection = http.client.HTTPConnection(host, int(port))
    for _ in range(3):
        connection.request("GET", "/_sandbox/health")
        answer = connection.getresponse()
        assert answer.version == 11
        answer.read()
        assert connection.sock is not None


def test_it_listens_on_loopback_only(cloud: Handle) -> None:
    port = int(cloud.endpoint.rpartition(":")[2])
    found = subprocess.run(
        [sys.executable, "-c", LISTENING, str(port)], capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["0100007F"]


LISTENING = """
import sys
wanted = f"{int(sys.argv[1]):04X}"
for name in ("/proc/net/tcp", "/proc/net/tcp6"):
    try:
        lines = open(name).read().splitlines()[1:]
    except OSError:
        continue
    for line in lines:
        fields = line.split()
        address, port = fields[1].split(":")
        if port == wanted and fields[3] == "0A":
            print(address)
"""


def test_a_body_of_several_megabytes_comes_back_unchanged(client: Clients) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="a-bucket")
    body = os.urandom(3_000_000)
    s3.put_object(Bucket="a-bucket", Key="folder/a key", Body=body)
    assert s3.get_object(Bucket="a-bucket", Key="folder/a key")["Body"].read() == body
    assert s3.head_object(Bucket="a-bucket", Key="folder/a key")["ContentLength"] == len(body)


def test_the_sandbox_ends_when_the_process_that_started_it_is_killed() -> None:
    script = (
        "import sys,time\nfrom sandbox.running import running\n"
        "with running() as cloud:\n print(cloud.endpoint, cloud.process.pid, flush=True)\n"
        " time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    _, number = owner.stdout.readline().split()
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    owner.stdout.close()
    for _ in range(1000):
        try:
            os.kill(int(number), 0)
        except ProcessLookupError:
            return
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":
            return
        signal.sigtimedwait([], 0.01)
    pytest.fail("it still runs")


def test_a_sandbox_that_is_told_to_end_ends_in_order_while_its_input_is_open() -> None:
    with running() as cloud:
        cloud.process.terminate()
        assert cloud.process.wait(60) in (0, -signal.SIGTERM)
