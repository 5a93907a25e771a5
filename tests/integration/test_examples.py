# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands under EXAMPLES in a module's documentation does what it says, on an empty account."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from environment import Environment

from sandbox.running import Handle

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
# Their parts of an environment are in those of `site` and `database`, too.
TIERS = {"image", "network", "storage", "traffic", "web_tier"}
MODULES = [
    pytest.param(path.stem, marks=pytest.mark.sweep) if path.stem in TIERS else path.stem
    for path in sorted((ROOT / "plugins/modules").glob("[a-z]*.py"))
    # What works in a database is shown in one: tests/masking.
    if path.stem not in {"staging_mask", "staging_proof", "staging_rules"}
]
PACKAGE = "ansible_collections.operatingdev.phoenix.plugins.modules"
VARIABLES = {
    "ansible_connection": "local",
    "phoenix_environment": "production",
    "phoenix_account_id": "123456789012",
    "phoenix_sites": {"home": {"region": "us-east-1", "stands": "home", "cidr": "10.20.0.0/16"}},
    "traffic_domain": "shop.example.com",
}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run_one_after_another_on_an_empty_account(
    name: str, tmp_path: Path, sandbox: Handle
) -> None:
    sandbox.reset()
    route53 = Environment(sandbox).aws("home").client("route53")
    route53.create_hosted_zone(Name="example.org", CallerReference="before")
    # Keys that an example reads.
    for key in ("login", "host"):
        (tmp_path / key).write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
        (tmp_path / f"{key}.pub").write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB\n")
    # An artifact that an example publishes.
    artifact = tmp_path / "dist/shop-1.4.0.tar.gz"
    artifact.parent.mkdir()
    artifact.write_bytes(b"shop")
    digest = hashlib.sha256(b"shop").hexdigest()
    artifact.with_name(f"{artifact.name}.sha256").write_text(f"{digest}  {artifact.name}\n")
    tasks = yaml.safe_load(importlib.import_module(f"{PACKAGE}.{name}").EXAMPLES)
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": tasks,
        "vars": {"phoenix_wait_timeout": 60},
    }
    (tmp_path / "play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    inventory = {"all": {"hosts": {"home": None}, "vars": VARIABLES}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
    # Examples name no way to the account: the SDK finds it in the environment.
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/tree"),
        "AWS_ENDPOINT_URL": sandbox.endpoint,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
    }
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), "-i", "hosts.yml", "play.yml"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert re.search(rf"ok={len(tasks)} .*skipped=0", done.stdout)
