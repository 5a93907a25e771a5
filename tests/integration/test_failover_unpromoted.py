# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook dr_failover, where the promotion fails or is none: traffic stays where it is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import failing_over as over
import pytest
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge import active
from answering_hosts import Hosts, hosts
from denying import denied
from environment import Environment

from playbooks import Playbooks

__all__ = ["hosts"]
LEFT_OUT = "rds:PromoteReadReplica"


@pytest.fixture
def environment(built: Environment) -> Iterator[Environment]:
    yield built
    built.handle.enforce_permissions(False)


def failed_over(
    environment: Environment, folder: Path, **given: Any
) -> subprocess.CompletedProcess[str]:
    """What becomes of the playbook, whose host is reached and fetches nothing."""
    authorities = folder / "authorities.pem"
    authorities.write_text("")
    values = {
        "dr_confirm": "production",
        "image_controller": "198.51.100.7/32",
        "web_host_database_authorities": str(authorities),
        **given,
    }
    return Playbooks(environment.handle, folder).run("dr_failover", "-e", json.dumps(values))


def unmoved(environment: Environment, ran: subprocess.CompletedProcess[str]) -> str:
    """What was said, in one line, of a run that has failed and moved no traffic."""
    assert ran.returncode != 0
    assert not over.switched(environment)
    # What counts, and what a run of site.yml would act on: home, from which it moves.
    record = active.read(environment.aws("recovery"))
    assert (record.site, record.moving) == ("home", True)
    assert "switch begun" not in over.told(environment)
    return " ".join(ran.stdout.split())


def test_a_promotion_that_aws_refuses_moves_no_traffic_and_the_way_on_is_told(
    environment: Environment, hosts: Hosts, tmp_path: Path
) -> None:
    place = {"endpoint_url": environment.handle.endpoint, **denied(environment, LEFT_OUT)}
    said = unmoved(environment, failed_over(environment, tmp_path, phoenix_aws=place))
    assert over.told(environment)[-2:] == ["promote failed", "close failed"]
    assert over.is_replica(environment)
    assert "AWS refuses to promote production-recovery-database" in said
    assert "no traffic was moved" in said and "aws rds describe-events" in said
    assert "then run the same playbook again: it goes on here" in said


def test_a_database_that_is_said_to_be_promoted_and_recovers_still_gets_no_traffic(
    environment: Environment, hosts: Hosts, tmp_path: Path
) -> None:
    hosts.tell(proof={"in_recovery": True})
    said = unmoved(environment, failed_over(environment, tmp_path))
    assert over.told(environment)[-2:] == ["proof failed", "close failed"]
    assert over.database(environment)["DBInstanceStatus"] == "available"
    assert not over.is_replica(environment)
    assert "proof: the database says that it is a replica still" in said
    assert "it goes no further; run the same playbook again" in said
