# SPDX-License-Identifier: GPL-3.0-or-later
"""The built collection, installed into an empty folder, is what a user gets: all of it, no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SHIPPED = {"docs", "inventories/example", "meta", "playbooks", "plugins", "roles"}
TOP = {
    "CHANGELOG.rst",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "requirements.txt",
    "roles",
}


def run(command: str, *arguments: str, home: Path) -> str:
    """Run a command of this environment with nothing of the user's or the checkout's around it."""
    environment = {
        "ANSIBLE_COLLECTIONS_PATH": str(home / "collections"),
        "ANSIBLE_HOME": str(home / "ansible"),
        "ANSIBLE_NOCOLOR": "1",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
    }
    done = subprocess.run(
        [command, *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the built collection is installed, and nothing else."""
    folder = tmp_path_factory.mktemp("user")
    build = ["collection", "build", str(ROOT), "--output-path", str(folder)]
    run("ansible-galaxy", *build, home=folder)
    [archive] = folder.glob("operatingdev-phoenix-*.tar.gz")
    where = ["--offline", "--collections-path", str(folder / "collections")]
    run("ansible-galaxy", "collection", "install", str(archive), *where, home=folder)
    return folder


@pytest.fixture
def installed(home: Path) -> Path:
    """The installed collection."""
    return home / "collections/ansible_collections/operatingdev/phoenix"


def files(folder: Path) -> set[str]:
    """The files below a folder, seen from it; not what Python or an editor leaves there."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_the_artifact_holds_what_a_user_needs_and_nothing_of_the_workshop(installed: Path) -> None:
    assert {path.name for path in installed.iterdir()} == TOP


def test_the_artifact_holds_every_file_of_the_shipped_folders(installed: Path) -> None:
    wanted = {
        f"{folder}/{file}"
        for folder in SHIPPED
        for file in files(ROOT / folder)
        if not Path(file).name.startswith(".")
    }
    there = {file for file in files(installed) if file.startswith(tuple(f"{s}/" for s in SHIPPED))}
    assert there == wanted


def test_the_artifact_holds_the_example_inventory_and_no_other(installed: Path) -> None:
    assert [path.name for path in (installed / "inventories").iterdir()] == ["example"]


def test_the_artifact_says_what_galaxy_yml_says(installed: Path) -> None:
    said = json.loads((installed / "MANIFEST.json").read_text())["collection_info"]
    meant = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    assert (said["namespace"], said["name"]) == ("operatingdev", "phoenix")
    assert said["version"] == meant["version"]
    assert said["license"] == ["GPL-3.0-or-later"]
    assert said["dependencies"] == meant["dependencies"]


def test_every_module_is_documented_under_its_full_name(home: Path, installed: Path) -> None:
    modules = [
        f"operatingdev.phoenix.{path.stem}" for path in installed.glob("plugins/modules/*.py")
    ]
    shown = json.loads(run("ansible-doc", "--json", "--type", "module", *modules, home=home))
    assert sorted(shown) == sorted(modules)


@pytest.mark.parametrize("playbook", sorted(path.stem for path in ROOT.glob("playbooks/*.yml")))
def test_a_playbook_loads_by_its_full_name(home: Path, installed: Path, playbook: str) -> None:
    inventory = str(installed / "inventories/example")
    check = [f"operatingdev.phoenix.{playbook}", "--inventory", inventory, "--syntax-check"]
    assert "playbook: " in run("ansible-playbook", *check, home=home)
