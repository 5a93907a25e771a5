# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection, installed where nothing else is, builds an environment by its full name."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.running import Handle

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def galaxy(*arguments: str, home: Path) -> None:
    command = [str(BIN / "ansible-galaxy"), "collection", *arguments]
    # Without the checkout's own settings, in which the collection counts as installed.
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    home.mkdir(exist_ok=True)
    subprocess.run(command, cwd=home, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with only the installed artifact in it, and a copy of its example inventory."""
    folder = tmp_path_factory.mktemp("installed")
    galaxy("build", str(ROOT), "--output-path", str(folder / "dist"), home=folder / "home")
    (artifact,) = (folder / "dist").iterdir()
    galaxy("install", str(artifact), "-p", str(folder / "collections"), home=folder / "home")
    collection = folder / "collections/ansible_collections/operatingdev/phoenix"
    shutil.copytree(collection / "inventories/example", folder / "mine")
    return folder


def test_the_artifact_builds_the_example_by_its_full_name(installed: Path, sandbox: Handle) -> None:
    sandbox.reset()
    access = {
        "endpoint_url": sandbox.endpoint,
        "access_key": "emulated",
        "secret_key": "emulated",
    }
    values = {
        "phoenix_account_id": "123456789012",
        "phoenix_aws": access,
        # An account that is an API only has no host from which a database could be set up.
        "image_sets_up_database": False,
    }
    command = [str(BIN / "ansible-playbook"), "operatingdev.phoenix.site", "-i", "mine"]
    command += ["-e", json.dumps(values)]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(installed),
        "ANSIBLE_COLLECTIONS_PATH": str(installed / "collections"),
    }
    for expected in (r"changed=[1-9]", r"changed=0"):
        done = subprocess.run(
            command, cwd=installed, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        assert re.search(rf"^home +: .*{expected}", done.stdout, re.MULTILINE)
    assert (installed / "reports/production-run.json").is_file()


def test_the_example_needs_fewer_than_ten_values() -> None:
    text = (ROOT / "inventories/example/group_vars/all.yml").read_text()
    mine = [line for line in text.splitlines() if re.match(r"(phoenix|traffic)_[a-z_]+:", line)]
    assert 0 < len(mine) < 10
