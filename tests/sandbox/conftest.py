# SPDX-License-Identifier: GPL-3.0-or-later
"""One sandbox for a module's tests, empty before each, and clients for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.ground import able
from sandbox.ground.identity import Identity
from sandbox.ground.podman import Podman
from sandbox.ground.sweep import left, sweep
from sandbox.running import CHECKOUT, Handle, running

Clients = Callable[..., Any]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is only sampled is left out, with the reason, where this machine has no real servers."""
    if item.get_closest_marker("sample") and (hindrance := able.hindrance()):
        pytest.skip(f"nothing can be real on this machine: {hindrance}")


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Handle]:
    with running() as cloud:
        yield cloud


@pytest.fixture
def cloud(shared_cloud: Handle) -> Handle:
    """A sandbox in which there is nothing, nothing is to go wrong and all happens at once."""
    shared_cloud.reset()
    shared_cloud.speed(0)
    return shared_cloud


@pytest.fixture
def client(cloud: Handle) -> Clients:
    """Makes clients: `client("ec2")`, `client("rds", "us-west-2", retries=3)`."""

    def make(service: str, region: str = "us-east-1", retries: int = 0) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=cloud.endpoint,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=Config(
                retries={"total_max_attempts": retries + 1, "mode": "standard"},
                read_timeout=20,
                s3={"addressing_style": "path"},
            ),
        )

    return make


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """Of the sandbox with real parts; when all tests have run, nothing of it may be left."""
    made = Path(tempfile.mkdtemp(prefix="real-"))
    made.chmod(0o700)
    yield made
    identity = Identity(made)
    sweep(identity, Podman(identity))
    assert left(identity) == []
    shutil.rmtree(made)


@pytest.fixture
def session(real_cloud: Handle, folder: Path) -> Iterator[Callable[..., str]]:
    """What `python -m sandbox psql` or `shell` prints whose input comes by a pipe and ends."""
    record = folder / "pid"
    record.write_text(f"{real_cloud.process.pid} {real_cloud.endpoint}\n", encoding="ascii")

    def enter(*words: str, told: str) -> str:
        command = [sys.executable, "-m", "sandbox", "--dir", str(folder), *words]
        # A session that does not end with its input fails the test after this time.
        done = subprocess.run(
            command,
            input=told,
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield enter
    record.unlink()


@pytest.fixture(scope="session")
def real_cloud(folder: Path) -> Iterator[Handle]:
    with running(real=folder) as cloud:
        yield cloud
