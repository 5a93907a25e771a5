# SPDX-License-Identifier: GPL-3.0-or-later
"""Run every ansible-test sanity test on the collection as a user gets it.

ansible-test accepts a collection only in a real folder `ansible_collections/NS/NAME`, takes what
git ignores as absent, and passes when nothing is left to test. So the collection is built and
unpacked into such a folder, that folder is made a repository of its own, and a run that skipped
everything is a failure.

ansible-test keeps its environments in the home directory and hides pip's environment variables
from itself. It gets a home of its own under `.cache`, in which pip is set up as it is outside.
"""

from __future__ import annotations

import ast
import configparser
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache/sanity"
HOME = CACHE / "home"
TREE = CACHE / "tree/ansible_collections/operatingdev/phoenix"
NOTHING_TESTED = "All targets skipped"


def unpack_collection() -> None:
    """Build the collection and lay it into TREE, as a git repository with nothing ignored."""
    built = CACHE / "built"
    for folder in (built, TREE):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    build = ["ansible-galaxy", "collection", "build", "--output-path", str(built)]
    subprocess.run(build, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(TREE, filter="data")
    (TREE / "tests").mkdir()
    shutil.copy(ROOT / "tests/config.yml", TREE / "tests/config.yml")
    for ignored in (ROOT / "tests/sanity").glob("ignore-*.txt"):
        (TREE / "tests/sanity").mkdir(exist_ok=True)
        shutil.copy(ignored, TREE / "tests/sanity")
    subprocess.run(["git", "init", "--quiet", "."], cwd=TREE, check=True)


def set_up_pip() -> None:
    """Write the settings pip has here, whatever file or variable they come from, into HOME."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, text=True
    )
    settings: dict[str, dict[str, str]] = {}
    for line in listed.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        # A variable wins over a file, and `pip config list` names variables first.
        section = "global" if section == ":env:" else section
        settings.setdefault(section, {}).setdefault(option, ast.literal_eval(value))
    config = configparser.RawConfigParser()
    config.read_dict(settings)
    path = HOME / ".config/pip/pip.conf"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        config.write(file)


def set_up_get_pip() -> None:
    """Lay tools/get_pip.py where ansible-test looks before it downloads get-pip."""
    package = importlib.util.find_spec("ansible_test")
    if package is None or package.submodule_search_locations is None:
        raise SystemExit("ansible-test is not installed here: make venv")
    source = Path(package.submodule_search_locations[0], "_internal/python_requirements.py")
    version = re.search(r"\bpip='([\d.]+)'", source.read_text(encoding="utf-8"))
    if version is None:
        raise SystemExit(f"no version of pip in {source}")
    path = HOME / ".ansible/test/cache" / f"get_pip_{version[1].replace('.', '_')}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "tools/get_pip.py", path)


def run_ansible_test(arguments: list[str]) -> int:
    """Run `ansible-test sanity`, print what it prints, and return its exit code.

    Args:
        arguments: more arguments of `ansible-test sanity`, such as `--test pep8`.

    """
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")
    }
    # Names on PATH may belong to a version manager that refuses to run; the real interpreter won't.
    real = Path(sys.base_prefix, "bin")
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), str(real), "/usr/bin", "/bin"]
    )
    environment["HOME"] = str(HOME)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = ["ansible-test", "sanity", "--requirements", "--color", "no", "--python", python]
    skipped = False
    with subprocess.Popen(
        [*command, *arguments],
        cwd=TREE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        if process.stdout is None:
            raise SystemExit("ansible-test has no output to read")
        for line in process.stdout:
            skipped = skipped or NOTHING_TESTED in line
            sys.stdout.write(line)
            sys.stdout.flush()
    if skipped and process.returncode == 0:
        sys.stderr.write("sanity: ansible-test found nothing to test, which proves nothing\n")
        return 1
    return process.returncode


def main() -> int:
    """Prepare the folder and the home, then test."""
    unpack_collection()
    set_up_pip()
    set_up_get_pip()
    return run_ansible_test(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
