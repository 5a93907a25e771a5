# SPDX-License-Identifier: GPL-3.0-or-later
"""A sandbox in the background: who starts it, what it is told by, and what `down` leaves."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.client import Client, Refused
from sandbox.running import CHECKOUT


def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", "--dir", str(folder), *words],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def begin(folder: Path) -> subprocess.Popen[str]:
    """A start that nobody waits for yet."""
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--dir", str(folder), "up"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_speed_of_the_environment_is_that_of_what_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    monkeypatch.setenv("SANDBOX_SPEED", "a lot")
    refused = command(folder, "up")
    assert refused.returncode != 0
    assert "SANDBOX_SPEED=60" in refused.stderr
    monkeypatch.setenv("SANDBOX_SPEED", "60")
    try:
        assert command(folder, "up", "--port", str(free_port())).returncode == 0
        assert "speed 60" in command(folder, "status").stdout
        assert command(folder, "up", "--speed", "30").returncode == 0
        assert "speed 30" in command(folder, "status").stdout
    finally:
        command(folder, "down")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_up_is_idempotent_status_tells_and_down_leaves_nothing(tmp_path: Path) -> None:
    folder, port = tmp_path / "state", str(free_port())
    assert command(folder, "status").returncode != 0
    try:
        first = command(folder, "up", "--port", port)
        assert first.stdout.strip() == f"http://127.0.0.1:{port}", first.stderr
        number = (folder / "pid").read_text()
        assert command(folder, "up", "--port", port, "--speed", "60").stdout == first.stdout
        assert (folder / "pid").read_text() == number
        assert "speed 60" in command(folder, "status").stdout
        assert command(folder, "faults", '{"effect": "throttle"}').returncode == 0
        assert "throttle" in command(folder, "faults").stdout
        assert command(folder, "reset").returncode == 0
        assert (folder / "requests.jsonl").exists()
        other = command(tmp_path / "other", "up", "--port", port)
        assert other.returncode != 0
        assert "another sandbox" in other.stderr
    finally:
        down = command(folder, "down")
    assert down.returncode == 0
    assert not folder.exists()
    assert command(folder, "down").returncode == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(port))) != 0


def ended(number: int) -> bool:
    """Whether a process is no more, or has only not been collected yet by its parent."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except FileNotFoundError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def test_down_ends_a_sandbox_whose_number_was_not_written_down(tmp_path: Path) -> None:
    folder, port = tmp_path / "state", free_port()
    try:
        command(folder, "up", "--port", str(port))
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) == 0
        # As if `up` had been killed right after it started the server.
        (folder / "pid").rename(tmp_path / "pid")
        number = int((tmp_path / "pid").read_text().split()[0])
        assert command(folder, "down").returncode == 0
        # Not its port: that may be another one's by now.
        assert ended(number)
        assert not folder.exists()
    finally:
        if (tmp_path / "pid").exists():
            folder.mkdir(exist_ok=True)
            (tmp_path / "pid").rename(folder / "pid")
        command(folder, "down")


def test_up_removes_what_a_killed_sandbox_left_and_leaves_who_only_uses_it(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state"
    place = str(folder.resolve())
    sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
    words = ({"SANDBOX_FOLDER": place, "SANDBOX_SERVER": place}, {"SANDBOX_FOLDER": place})
    left, user = (subprocess.Popen(sleeper, env={**os.environ, **word}) for word in words)
    try:
        command(folder, "up")
        os.kill(int((folder / "pid").read_text().split()[0]), signal.SIGKILL)
        data = folder / "databases/us-east-1/instances/db/data"
        data.mkdir(parents=True)
        again = command(folder, "up")
        assert again.returncode == 0, again.stderr
        assert left.wait(60) == -signal.SIGKILL
        assert user.poll() is None
        assert not data.exists()
        assert "requests" in command(folder, "status").stdout
    finally:
        command(folder, "down")
        for process in (left, user):
            process.kill()
            process.wait()


def test_who_starts_it_while_it_is_being_started_waits_and_gets_the_same_one(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "state"
    try:
        starts = [begin(folder) for _ in range(2)]
        told = [start.communicate(timeout=300) for start in starts]
        assert [start.returncode for start in starts] == [0, 0], told
        assert told[0][0] == told[1][0]
        assert sorted(bool(errors) for _, errors in told) == [False, True]
        assert "starting already" in "".join(errors for _, errors in told)
        assert (folder / "server.log").read_text().count("http://") == 1
    finally:
        command(folder, "down")


def test_a_start_whose_command_was_killed_is_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    try:
        begun = begin(folder)
        while not (folder / "pid").exists():
            assert begun.poll() is None
        assert command(folder, "status").stdout == "starting\n"
        begun.kill()
        begun.communicate()
        record = (folder / "pid").read_text()
        assert command(folder, "up").returncode == 0
        assert (folder / "pid").read_text() == record
    finally:
        command(folder, "down")


def test_what_runs_api_only_is_not_taken_for_more_nor_for_other_regions(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    try:
        command(folder, "up", "--regions", "us-east-1,us-west-2")
        endpoint = json.loads((folder / "connection.json").read_text())["endpoint_url"]
        assert "API only" in command(folder, "status").stdout
        for words in (("--real", "yes"), ("--regions", "us-east-1"), ("--regions", "eu-west-1")):
            refused = command(folder, "up", "--speed", "60", *words)
            assert refused.returncode != 0
            assert "sandbox down" in refused.stderr
        assert "speed 0" in command(folder, "status").stdout
        same = command(folder, "up", "--real", "auto", "--regions", "us-west-2,us-east-1")
        assert same.returncode == 0, same.stderr
        assert "API only" in same.stdout
        assert same.stdout.splitlines()[-1] == endpoint
        for words in (("psql", "home"), ("shell", "i-0"), ("connect", "100.64.0.64", "22")):
            refused = command(folder, *words)
            assert refused.returncode != 0
            assert "API only" in refused.stderr
    finally:
        command(folder, "down")


def test_a_start_that_was_killed_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    try:
        begun = begin(folder)
        while not (text := (folder / "pid").read_text() if (folder / "pid").exists() else ""):
            assert begun.poll() is None
        os.kill(int(text.split()[0]), signal.SIGKILL)
        told = begun.communicate(timeout=300)[1]
        assert begun.returncode != 0
        assert "did not start: its process was killed by signal 9" in told
    finally:
        command(folder, "down")


@pytest.mark.sweep
def test_each_start_has_other_keys(tmp_path: Path) -> None:
    folder, seen = tmp_path / "state", []
    for _ in range(2):
        try:
            command(folder, "up")
            told = json.loads((folder / "connection.json").read_text())
            seen += [told["access_key"], told["secret_key"]]
        finally:
            command(folder, "down")
    assert len(set(seen)) == 4


@pytest.mark.sweep
def test_two_checkouts_have_sandboxes_side_by_side_each_with_keys_of_its_own(
    tmp_path: Path,
) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    try:
        ends = [command(folder, "up").stdout.strip() for folder in folders]
        told = [json.loads((folder / "connection.json").read_text()) for folder in folders]
        assert [found["endpoint_url"] for found in told] == ends
        assert len(set(ends)) == 2
        assert (folders[0] / "connection.json").stat().st_mode & 0o077 == 0
        ec2 = boto3.client("ec2", **own(told[0]), region_name="us-east-1")
        ec2.create_vpc(CidrBlock="10.9.0.0/16")
        for service, code in REFUSED.items():
            foreign = {**own(told[0]), **keys(told[1])}
            client = boto3.client(service, **foreign, region_name="us-east-1")
            with pytest.raises(ClientError) as refused:
                ASKED[service](client)
            assert refused.value.response["Error"]["Code"] == code
        nobody = urllib.request.Request(f"{ends[0]}/", b"Action=DescribeVpcs&Version=2016-11-15")
        nobody.add_header("Host", "ec2.us-east-1.amazonaws.com")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(nobody)
        with pytest.raises(Refused, match="X-Sandbox-Key"):
            Client(ends[0]).call("POST", "reset")
        assert len(ec2.describe_vpcs()["Vpcs"]) == 2
    finally:
        for folder in folders:
            command(folder, "down")


def test_keys_that_the_account_gave_out_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    try:
        command(folder, "up")
        told = json.loads((folder / "connection.json").read_text())
        iam = boto3.client("iam", **own(told), region_name="us-east-1")
        iam.create_user(UserName="deploy")
        key = iam.create_access_key(UserName="deploy")["AccessKey"]
        given = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
        sts = boto3.client("sts", **own({**told, **given}), region_name="us-east-1")
        assert sts.get_caller_identity()["Arn"].endswith("user/deploy")
    finally:
        command(folder, "down")


def keys(told: dict[str, str]) -> dict[str, str]:
    return {
        "aws_access_key_id": told["access_key"],
        "aws_secret_access_key": told["secret_key"],
    }


def own(told: dict[str, str]) -> dict[str, str]:
    return {"endpoint_url": told["endpoint_url"], **keys(told)}


REFUSED = {
    "ec2": "AuthFailure",
    "rds": "InvalidClientTokenId",
    "s3": "InvalidAccessKeyId",
    "secretsmanager": "UnrecognizedClientException",
}
ASKED: dict[str, Callable[[Any], object]] = {
    "ec2": lambda client: client.describe_vpcs(),
    "rds": lambda client: client.describe_db_instances(),
    "s3": lambda client: client.list_buckets(),
    "secretsmanager": lambda client: client.list_secrets(),
}


@pytest.mark.sweep
def test_a_port_that_is_taken_is_named_and_leaves_no_process(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        refused = command(tmp_path / "state", "up", "--port", str(holder.getsockname()[1]))
    assert refused.returncode != 0
    assert "did not start" in refused.stderr
    command(tmp_path / "state", "down")
