# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbook release, where there is an API only: what it refuses, and what it says it would do."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
import validating
from ansible_collections.operatingdev.phoenix.plugins.module_utils.operations import manifest
from environment import Environment

from playbooks import Playbooks, changed
from sandbox.running import Handle

BOOK = """
- hosts: all
  gather_facts: false
  roles: [operatingdev.phoenix.preflight]
  tasks:
    - ansible.builtin.import_role: {name: operatingdev.phoenix.image, tasks_from: keep}
      when: false
    - ansible.builtin.debug: {msg: "RECIPE {{ image_recipe }}"}
"""


@pytest.fixture
def options(tmp_path: Path) -> dict[str, object]:
    """Of an application whose artifact is there; no environment comes before this one."""
    artifact = tmp_path / "shop-1.4.0.tar.gz"
    artifact.write_bytes(b"shop")
    digest = hashlib.sha256(b"shop").hexdigest()
    artifact.with_name(f"{artifact.name}.sha256").write_text(f"{digest}  {artifact.name}\n")
    return {
        "release_version": "1.4.0",
        "release_after": "",
        "image_artifact": str(artifact),
        "web_tier_application": "shop",
        "web_tier_user_data": "",
        "web_host_start": "./shop",
    }


def test_a_check_of_a_release_runs_on_an_empty_account_and_writes_nothing(
    sandbox: Handle, tmp_path: Path, options: dict[str, object]
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run("release", "--check", "-e", json.dumps(options))
    assert ran.returncode == 0, ran.stdout[-3000:]
    assert sandbox.writes_since(mark) == []


@pytest.mark.sweep
def test_a_release_that_is_limited_to_some_sites_has_not_succeeded(
    played: Environment, tmp_path: Path, options: dict[str, object]
) -> None:
    playbooks = Playbooks(played.handle, tmp_path)
    words = ("release", "--check", "-e", json.dumps(options))
    assert '"outcome": "succeeded"' in playbooks.run(*words).stdout
    limited = playbooks.run(*words, "--limit", "home").stdout
    assert '"outcome": "failed"' in limited, limited[-3000:]
    assert "recovery had no part in this run" in limited


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"release_version": "a/b"}, "for example -e release_version=1.4.0"),
        ({"web_tier_application": ""}, "an application is declared as web_tier_application"),
        ({"release_after": "staging"}, "release 1.4.0 has not passed staging"),
        ({"image_artifact": "nowhere.tar.gz"}, "there is neither"),
        ({}, "run playbook site first, with image_release=1.4.0"),
    ],
)
def test_what_cannot_be_released_is_refused_before_anything_is_touched(
    sandbox: Handle,
    tmp_path: Path,
    options: dict[str, object],
    change: dict[str, object],
    told: str,
) -> None:
    sandbox.reset()
    mark = sandbox.mark()
    ran = Playbooks(sandbox, tmp_path).run("release", "-e", json.dumps({**options, **change}))
    assert ran.returncode != 0
    assert told in " ".join(ran.stdout.split())
    assert sandbox.writes_since(mark) == []


def recipe(playbooks: Playbooks, *words: str) -> str:
    """That of which role image makes images of this application."""
    book = playbooks.folder / "book.yml"
    book.write_text(BOOK)
    command, variables = playbooks.call("release", *words)
    command[1] = str(book)
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    found = re.search(r"RECIPE ([0-9a-f]{8})", ran.stdout)
    assert found, ran.stdout[-4000:]
    return found[1]


def in_manifest(environment: Environment, site: str) -> str:
    """The image that a site's own manifest names for it."""
    found = manifest.known(manifest.load(environment.aws(site)), site)
    return str(found["image/current"]["id"])


@pytest.mark.sweep
def test_a_release_leaves_a_manifest_that_names_its_image_at_each_site(
    sandbox: Handle, tmp_path: Path, options: dict[str, object]
) -> None:
    """The images are there already: nothing has to be built for it."""
    sandbox.reset()
    playbooks, environment = Playbooks(sandbox, tmp_path), Environment(sandbox)
    words = ("-e", json.dumps({**options, "phoenix_wait_timeout": 60}))
    changed(playbooks.run("site"))
    old = {site: validating.image(environment, site, "1.3.0") for site in ("home", "recovery")}
    changed(playbooks.run("site", *words))
    assert {site: in_manifest(environment, site) for site in old} == old
    named = recipe(playbooks, *words)
    new = {site: validating.image(environment, site, "1.4.0", named) for site in old}
    changed(playbooks.run("release", *words))
    assert {site: in_manifest(environment, site) for site in new} == new
