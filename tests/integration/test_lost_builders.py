# SPDX-License-Identifier: GPL-3.0-or-later
"""A builder that is lost in the middle of its work is told, and leaves nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import lease
from environment import Environment
from keeping import OTHER, leases, takes, unseen, until
from lost_hosts import lost

from playbooks import Playbooks
from sandbox.running import Handle

__all__ = ["lost"]


def application(folder: Path) -> dict[str, object]:
    """Of an application whose artifact is there."""
    artifact = folder / "shop-1.tar.gz"
    artifact.write_bytes(b"shop")
    digest = hashlib.sha256(b"shop").hexdigest()
    artifact.with_name(f"{artifact.name}.sha256").write_text(f"{digest}  {artifact.name}\n")
    return {
        "image_release": "1",
        "image_artifact": str(artifact),
        "image_controller": "198.51.100.7/32",
        "web_tier_application": "shop",
        "web_tier_user_data": "",
        "web_host_start": "./shop",
        "phoenix_wait_timeout": 60,
    }


def told(ran: CompletedProcess[str]) -> None:
    """The run says what happened, and has not succeeded."""
    assert "UNREACHABLE" in ran.stdout
    assert ran.returncode != 0
    said = " ".join(ran.stdout.split())
    assert "was lost before it had done all of its work" in said, ran.stdout[-4000:]


NAMED = [{"Name": "tag:phoenix:id", "Values": ["instance/builder", "security_group/builder"]}]


def states(environment: Environment) -> list[str]:
    """Those of all builders there have been."""
    found = environment.aws("home").client("ec2").describe_instances(Filters=NAMED)
    return [item["State"]["Name"] for one in found["Reservations"] for item in one["Instances"]]


def nothing_is_left(environment: Environment) -> None:
    assert states(environment) == ["terminated"]
    found = environment.aws("home").client("ec2").describe_security_groups(Filters=NAMED)
    assert found["SecurityGroups"] == []


@pytest.mark.sweep
@pytest.mark.usefixtures("lost")
def test_one_that_is_lost_while_a_release_is_installed_is_told_and_removed(
    sandbox: Handle, tmp_path: Path
) -> None:
    sandbox.reset()
    playbooks, environment = Playbooks(sandbox, tmp_path), Environment(sandbox)
    ran = playbooks.run("site", "-e", json.dumps(application(tmp_path)))
    told(ran)
    assert "Failed at home" in ran.stdout
    assert playbooks.report("run")["sites"]["home"]["failed"]
    assert environment.aws("home").client("ec2").describe_images(Owners=["self"])["Images"] == []
    nothing_is_left(environment)


@pytest.mark.sweep
@pytest.mark.usefixtures("lost")
def test_one_that_is_lost_before_logins_have_new_passwords_is_told_and_removed(
    played: Environment, tmp_path: Path
) -> None:
    playbooks, environment = Playbooks(played.handle, tmp_path), played
    environment.aws("home").client("ssm").put_parameter(
        Name="/production/home/database_configuration", Value="set up", Overwrite=True
    )
    more = {"database_rotate": ["application"], "image_controller": "198.51.100.7/32"}
    told(playbooks.run("rotate", "-e", json.dumps(more)))
    nothing_is_left(environment)


@pytest.mark.usefixtures("lost")
@pytest.mark.sweep
def test_while_it_works_no_run_of_another_machine_takes_the_site(
    sandbox: Handle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.reset()
    playbooks, environment = Playbooks(sandbox, tmp_path), Environment(sandbox)
    home = environment.aws("home")
    held, log = tmp_path / "held", tmp_path / "log"
    held.touch()
    command, variables = playbooks.call("site", "-e", json.dumps(application(tmp_path)))
    with (tmp_path / "told").open("w+") as said:
        ran = subprocess.Popen(command, env=variables, stdout=said, stderr=said)
        try:
            # Its second task is at the builder, which does not answer yet.
            until(lambda: (log.exists() and log.stat().st_size > 1) or ran.poll() is not None)
            monkeypatch.setattr(lease, "LAPSE", 2 * lease.RENEW)
            unseen(monkeypatch)
            assert not takes(home, OTHER)
        finally:
            held.unlink()
        assert ran.wait() != 0
        said.seek(0)
        assert "was lost before it had done all of its work" in " ".join(said.read().split())
    nothing_is_left(environment)
    assert leases(home) == []


@pytest.mark.sweep
def test_a_limit_that_leaves_out_the_builder_is_refused_before_it_is_launched(
    played: Environment, tmp_path: Path
) -> None:
    playbooks, environment = Playbooks(played.handle, tmp_path), played
    given = json.dumps(application(tmp_path))
    ran = playbooks.run("site", "--limit", "home", "-e", given)
    assert ran.returncode != 0
    assert "run it without --limit, or with --limit home,builder-home" in " ".join(
        ran.stdout.split()
    ), ran.stdout[-4000:]
    assert states(environment) == []
