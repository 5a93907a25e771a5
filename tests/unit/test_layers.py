# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of the house: which part may know which, read from the sources."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLLECTION = "ansible_collections.operatingdev.phoenix"
PLUGINS = ROOT / "plugins"
MODULE_UTILS = PLUGINS / "module_utils"
KINDS = MODULE_UTILS / "kinds"

# Part of the house -> the parts it may import, besides itself. What stands nowhere here is a
# mistake: a new part gets its line, or its place in one that is there.
MAY_IMPORT = {
    "engine": set(),
    "aws": {"engine"},
    "declaration": {"aws", "engine"},
    "kinds": {"aws", "engine"},
    "tiers": {"declaration", "kinds", "aws", "engine"},
    "costs": {"declaration", "engine"},
    "converge": {"costs", "tiers", "declaration", "kinds", "aws", "engine"},
    "operations": {"reports", "converge", "tiers", "declaration", "kinds", "aws", "engine"},
    "masking": {"declaration"},
    "runner": {"operations", "converge", "declaration", "masking", "aws"},
    "modules": {"runner", "operations", "masking", "tiers"},
    "reports": {"converge", "costs", "aws", "engine"},
    "plugin_utils": {"runner", "converge", "declaration", "aws", "engine"},
    "action": {"plugin_utils", "runner", "operations", "reports", "converge", "aws"},
    "doc_fragments": {"converge", "declaration"},
}
MAY_KNOW_ANSIBLE = {"runner", "modules", "action", "plugin_utils"}
EMULATOR = re.compile(
    r"\b(moto|sandbox|podman|emulat\w*)\b|(localhost|127\.0\.0\.1):\d{3,}", re.IGNORECASE
)
DOCUMENTED = ("DOCUMENTATION", "EXAMPLES", "RETURN")


def python_files(folder: Path) -> list[Path]:
    """All Python files below a folder; none at all is a mistake of the caller."""
    found = sorted(folder.rglob("*.py"))
    if not found:
        raise FileNotFoundError(f"no Python file in {folder}")
    return found


def name_of(path: Path) -> str:
    """The path as a test's id, seen from the checkout."""
    return path.relative_to(ROOT).as_posix()


def part_of(path: tuple[str, ...]) -> str:
    """The part of the house of a path below plugins: ("module_utils", "aws", "tags") -> "aws"."""
    inside = path[1:] if path[0] == "module_utils" else path
    return inside[0] if inside else ""


def imported(source: str, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """What a source imports, also for types only, and also inside functions.

    place: the file's dotted path below plugins. A relative import is answered as a path below
    plugins, led by "."; any other as its own dotted path.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield tuple(alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if not node.level:
                yield tuple(base)
                continue
            above = list(place[: len(place) - node.level])
            # In `from .. import engine` the name imported says which part is meant.
            for alias in node.names:
                yield (".", *above, *base, alias.name)


def imports_of(path: Path) -> list[tuple[str, ...]]:
    """What a file of the collection imports."""
    place = path.relative_to(PLUGINS).with_suffix("").parts
    return list(imported(path.read_text(encoding="utf-8"), place))


def code_of(path: Path) -> str:
    """A file's text without its documentation blocks, which are data."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id in DOCUMENTED for target in node.targets
        ):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (node.end_lineno - node.lineno + 1)
    return "\n".join(lines)


FILES = python_files(PLUGINS)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_part_imports_only_the_parts_below_it(path: Path) -> None:
    part = part_of(path.relative_to(PLUGINS).with_suffix("").parts)
    if part == "__init__":
        return
    assert part in MAY_IMPORT, f"{part} has no place in the order of the house"
    inside = {part_of(found[1:]) for found in imports_of(path) if found[0] == "."}
    assert inside <= MAY_IMPORT[part] | {part}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_inside_the_collection_are_relative(path: Path) -> None:
    assert not [found for found in imports_of(path) if found[0] == "ansible_collections"]


@pytest.mark.parametrize("path", python_files(MODULE_UTILS / "engine"), ids=name_of)
def test_the_engine_knows_the_standard_library_and_itself(path: Path) -> None:
    outside = {found[0] for found in imports_of(path)} - {"."}
    assert outside <= sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_aws_folder_imports_the_sdk(path: Path) -> None:
    knows = {found[0] for found in imports_of(path)} & {"boto3", "botocore", "s3transfer"}
    assert not knows or (MODULE_UTILS / "aws") in path.parents


def test_a_declaration_is_read_without_loading_the_sdk() -> None:
    modules = [
        ".".join((COLLECTION, *path.relative_to(ROOT).with_suffix("").parts))
        for path in python_files(MODULE_UTILS / "declaration")
    ]
    script = f"import sys, {', '.join(modules)}; sys.exit('botocore' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".cache/tree")}
    assert (
        subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == 0
    )


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_entries_and_the_runner_import_ansible(path: Path) -> None:
    part = part_of(path.relative_to(PLUGINS).with_suffix("").parts)
    assert part in MAY_KNOW_ANSIBLE or "ansible" not in {found[0] for found in imports_of(path)}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_nothing_is_imported_by_a_computed_name(path: Path) -> None:
    # Ansible ships to a host what import statements name, and nothing else.
    assert not re.search(r"\b(importlib|__import__)\b", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_only_the_runner_knows_check_mode(path: Path) -> None:
    if path == MODULE_UTILS / "runner.py" or PLUGINS / "doc_fragments" in path.parents:
        return
    # An action says by this attribute that it may be run at all; it does not ask by it.
    assert "check_mode" not in code_of(path).replace("_supports_check_mode = True", "")


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("__init__.py")), ids=name_of)
def test_package_files_are_empty(path: Path) -> None:
    # They are shipped with, and run by, every module that touches the package.
    assert path.read_text(encoding="utf-8") == ""


SHIPPED = [
    path
    for folder in ("plugins", "roles", "playbooks", "meta", "inventories/example")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
]


@pytest.mark.parametrize("path", SHIPPED, ids=name_of)
def test_nothing_shipped_names_the_emulator(path: Path) -> None:
    found = EMULATOR.search(path.read_text(encoding="utf-8"))
    assert found is None, f"names {found[0]!r}" if found else ""


def kind_names(path: Path) -> list[str]:
    """The names of the kinds that a file defines."""
    package = f"{COLLECTION}.plugins.module_utils.kinds"
    base = importlib.import_module(f"{package}.base").Kind
    found = vars(importlib.import_module(f"{package}.{path.stem}")).values()
    return [
        item.name
        for item in found
        if isinstance(item, type)
        and issubclass(item, base)
        and item.__module__ == f"{package}.{path.stem}"
        and not inspect.isabstract(item)
    ]


KIND_FILES = [path for path in sorted(KINDS.glob("[a-z]*.py")) if kind_names(path)]


@pytest.mark.parametrize("path", KIND_FILES, ids=name_of)
def test_a_kind_is_one_file_of_its_own_name(path: Path) -> None:
    assert kind_names(path) == [path.stem]


@pytest.mark.parametrize("path", KIND_FILES, ids=name_of)
def test_every_kind_has_tests_of_its_own(path: Path) -> None:
    tests = ROOT / "tests/unit/plugins/module_utils/kinds" / f"test_{path.stem}.py"
    assert tests.is_file()
    assert "def test_" in tests.read_text(encoding="utf-8")


def test_every_kind_belongs_to_a_tier() -> None:
    catalog = importlib.import_module(f"{COLLECTION}.plugins.module_utils.converge.catalog")
    assert KIND_FILES
    assert sorted(catalog.KINDS) == [path.stem for path in KIND_FILES]


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("from ..aws import tags", "aws"),
        ("from .. import runner", "runner"),
        ("from ..aws.session import Aws", "aws"),
        ("if t.TYPE_CHECKING:\n    from ..tiers.network import wants", "tiers"),
        ("def f():\n    from ...modules import network", "modules"),
    ],
)
def test_an_arrow_is_seen_however_it_is_written(source: str, part: str) -> None:
    [found] = imported(source, ("module_utils", "engine", "plan"))
    assert part_of(found[1:]) == part


def test_an_import_of_the_sdk_is_seen_inside_a_function() -> None:
    [found] = imported("def f():\n    import botocore.session as s", ("module_utils", "kinds", "x"))
    assert found[0] == "botocore"
