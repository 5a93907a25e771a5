# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook dr_failover, where there is an API only: what it does while there is a way back,
and what becomes of a host that it needs.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import failing_over as over
import pytest
from environment import Environment, live_from
from lost_hosts import lost

from playbooks import Playbooks

__all__ = ["lost"]
# Step scale of a site that lives from copies of backups.
SCALE = """
- hosts: all
  gather_facts: false
  roles: [operatingdev.phoenix.preflight]
- hosts: recovery
  gather_facts: false
  module_defaults:
    group/operatingdev.phoenix.aws: "{{ phoenix_aws }}"
  vars:
    phoenix_isolated: true
    dr_site_stands: recovery
  tasks:
    - operatingdev.phoenix.dr_step: {operation: failover, step: open}
      register: dr_site_opened
    - ansible.builtin.include_role:
        name: operatingdev.phoenix.dr_site
        tasks_from: tier
      vars: {dr_site_item: {name: scale, by: tier web_tier}}
"""
REACHED = {"dr_confirm": "production", "image_controller": "198.51.100.7/32"}
BUILDERS = [{"Name": "tag:phoenix:id", "Values": ["instance/builder"]}]
# Steps of the role on a host that never answers.
BOOK = """
- hosts: all
  gather_facts: false
  roles: [operatingdev.phoenix.preflight]
  tasks:
    - ansible.builtin.add_host:
        name: builder-recovery
        ansible_connection: ssh
        ansible_host: 127.0.0.1
        ansible_port: 9
        ansible_python_interpreter: /usr/bin/python3
- hosts: all
  gather_facts: false
  any_errors_fatal: true
  module_defaults:
    group/operatingdev.phoenix.aws: "{{ phoenix_aws }}"
  vars: {phoenix_isolated: true}
  tasks:
    - when: inventory_hostname == 'recovery'
      block:
        - operatingdev.phoenix.dr_step: {operation: failover, step: open}
          register: dr_site_opened
        - ansible.builtin.include_role:
            name: operatingdev.phoenix.dr_site
            tasks_from: on_host
          vars: {dr_site_item: {name: "{{ step }}", by: "host {{ program }}", at: to}}
      rescue:
        - ansible.builtin.debug: {msg: "RESCUED: {{ ansible_failed_result.msg }}"}
      always:
        - ansible.builtin.debug: {msg: CLEARED}
"""


@pytest.fixture
def playbooks(played: Environment, tmp_path: Path) -> Playbooks:
    return Playbooks(played.handle, tmp_path)


@pytest.fixture
def environment(played: Environment) -> Environment:
    return played


def failed_over(playbooks: Playbooks, **given: object) -> subprocess.CompletedProcess[str]:
    return playbooks.run("dr_failover", "-e", json.dumps({**REACHED, **given}))


def played_book(
    playbooks: Playbooks, text: str, **given: object
) -> subprocess.CompletedProcess[str]:
    """A playbook of a test's own, in the inventory of the others."""
    book = playbooks.folder / "book.yml"
    book.write_text(text)
    command, variables = playbooks.call("dr_failover")
    command[1] = str(book)
    return subprocess.run(
        [*command, "-e", json.dumps(given)],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def builders(environment: Environment) -> list[str]:
    """The states of all that there have been in the region that is moved to."""
    found = environment.aws("recovery").client("ec2").describe_instances(Filters=BUILDERS)
    return [item["State"]["Name"] for one in found["Reservations"] for item in one["Instances"]]


def untouched(environment: Environment) -> None:
    """Home serves as before, and the run that has ended is told to have failed."""
    assert over.is_replica(environment)
    assert over.let_in(environment)
    assert not over.switched(environment)
    told = over.told(environment)
    assert "decide done" in told and told[-1] == "close failed", told
    assert not [one for one in told if one.startswith("fence")]


def said(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode != 0
    return " ".join(ran.stdout.split())


def test_where_no_host_can_be_launched_in_the_region_nothing_is_fenced(
    playbooks: Playbooks, environment: Environment
) -> None:
    playbooks.handle.strike("no-capacity", region=over.RECOVERY)
    try:
        assert "no zone can launch it" in said(failed_over(playbooks))
    finally:
        playbooks.handle.strike("capacity-returns", region=over.RECOVERY)
    untouched(environment)


@pytest.mark.sweep
def test_where_nobody_tells_the_address_of_the_controller_nothing_is_fenced(
    playbooks: Playbooks, environment: Environment
) -> None:
    service = "http://127.0.0.1:9/"
    told = said(failed_over(playbooks, image_controller="", image_controller_service=service))
    assert f"{service} does not tell by which address" in told
    assert "Declare it, for example image_controller: 203.0.113.7/32" in told
    untouched(environment)
    assert builders(environment) == []
    # The journal is on the controller, too.
    [kept] = playbooks.folder.glob("*-failover-*.journal.jsonl")
    assert [json.loads(line) for line in kept.read_text().splitlines()] == over.entries(environment)


@pytest.mark.usefixtures("lost")
@pytest.mark.sweep
def test_a_host_that_is_lost_while_it_is_prepared_ends_the_run_before_the_fence_and_is_removed(
    playbooks: Playbooks, environment: Environment
) -> None:
    ran = failed_over(playbooks)
    assert "Make sure that the host has not been lost: timed out" in said(ran), ran.stdout[-9000:]
    untouched(environment)
    assert builders(environment) == ["terminated"]


@pytest.mark.sweep
def test_a_check_launches_no_host_and_writes_nothing(
    playbooks: Playbooks, environment: Environment
) -> None:
    mark = playbooks.handle.mark()
    ran = playbooks.run("dr_failover", "--check", "-e", json.dumps({"image_controller": ""}))
    assert ran.returncode == 0, ran.stdout[-4000:]
    assert playbooks.handle.writes_since(mark) == []
    assert builders(environment) == []


@pytest.mark.parametrize(
    ("name", "program", "before"),
    [
        ("intake", "point", "fence"),
        pytest.param("logins", "logins", "sequences", marks=pytest.mark.sweep),
    ],
)
def test_a_host_that_is_lost_in_a_step_is_told_and_the_step_is_not_done(
    playbooks: Playbooks, environment: Environment, name: str, program: str, before: str
) -> None:
    over.upto(environment, before)
    given = {"step": name, "program": program, "image_sets_up_database": True}
    ran = played_book(playbooks, BOOK, **given)
    told = " ".join(ran.stdout.split())
    assert "RESCUED: builder-recovery was lost in the middle of its work" in told, ran.stdout[
        -5000:
    ]
    assert "CLEARED" in told
    assert over.told(environment)[-1] == f"{name} begun"


def test_where_a_site_lives_from_backups_its_hosts_get_a_way_out_before_they_are_launched(
    playbooks: Playbooks, environment: Environment
) -> None:
    over.upto(environment, "grade")
    ec2 = environment.aws("recovery").client("ec2")
    [table] = ec2.describe_route_tables(
        Filters=[{"Name": "tag:Name", "Values": ["production-recovery-app-a"]}]
    )["RouteTables"]
    ec2.delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    live_from(environment, "backup_restore")
    mark = playbooks.handle.mark()
    ran = played_book(playbooks, SCALE, phoenix_sites=environment.declared["sites"])
    assert ran.returncode == 0, ran.stdout[-5000:]
    log = playbooks.handle.log(mark)
    made = ["CreateRoute", "UpdateAutoScalingGroup"]
    assert [call["action"] for call in log if call["action"] in made][:2] == made
    assert {call["region"] for call in log} == {over.RECOVERY}
    did = next(e["facts"]["did"] for e in over.entries(environment)[::-1] if "did" in e["facts"])
    assert "route/app-a" in did
