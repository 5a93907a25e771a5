# SPDX-License-Identifier: GPL-3.0-or-later
"""With another emulator than it was written for the sandbox says so, in one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import moto
import pytest

from sandbox.fitting import WRITTEN_FOR
from sandbox.running import CHECKOUT

OTHER = "4.9.1"
REAL = Path(moto.__path__[0])
# The emulator as it is, but for one of its files: None, or another text.
Change = tuple[str, str | None]
WITHOUT_A_MODULE: Change = ("core/routing.py", None)
WITHOUT_A_NAME: Change = (
    "core/routing.py",
    (REAL / "core/routing.py").read_text() + "del get_service_router\n",
)
WITHOUT_A_METHOD: Change = (
    "__init__.py",
    (REAL / "__init__.py").read_text()
    + "from moto.s3.models import S3Backend\ndel S3Backend.put_bucket_policy\n",
)


def emulator(folder: Path, version: str, change: Change) -> dict[str, str]:
    """An environment in which this emulator is found before the one that is installed."""
    told = folder / f"moto-{version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: moto\nVersion: {version}\n")
    name, text = change
    *parts, last = Path(name).parts
    real, made = REAL, folder / "moto"
    for part in [*parts, last]:
        made.mkdir()
        for entry in real.iterdir():
            if entry.name not in {part, "__pycache__"}:
                (made / entry.name).symlink_to(entry)
        real, made = real / part, made / part
    if text is not None:
        made.write_text(text)
    return {**os.environ, "PYTHONPATH": str(folder)}


def served(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *(words or ("serve", "--attached"))]
    return subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "what", "words"),
    [
        (WITHOUT_A_MODULE, "No module named 'moto.core.routing'", ()),
        (WITHOUT_A_NAME, "cannot import name 'get_service_router'", ()),
        (WITHOUT_A_METHOD, "S3Backend.put_bucket_policy does not exist", ()),
        (WITHOUT_A_MODULE, "No module named 'moto.core.routing'", ("differences",)),
    ],
    ids=["module", "name", "method", "differences"],
)
def test_another_emulator_that_does_not_fit_is_told_in_one_sentence(
    tmp_path: Path, change: Change, what: str, words: tuple[str, ...]
) -> None:
    done = served(emulator(tmp_path, OTHER, change), *words)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert f"moto {OTHER}" in line
    assert f"moto {WRITTEN_FOR}" in line
    assert what in line


def test_a_method_that_is_gone_from_the_right_version_is_told_too(tmp_path: Path) -> None:
    done = served(emulator(tmp_path, WRITTEN_FOR, WITHOUT_A_METHOD))
    assert "S3Backend.put_bucket_policy does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_of_the_sandbox_itself_keeps_its_traceback(tmp_path: Path) -> None:
    done = served(emulator(tmp_path, WRITTEN_FOR, WITHOUT_A_NAME))
    assert "Traceback" in done.stderr


def test_the_version_it_was_written_for_is_the_one_that_is_pinned() -> None:
    for name in ("requirements-dev.txt", "constraints-dev.txt"):
        pinned = re.findall(r"^moto(?:\[.*\])?==(\S+)", (CHECKOUT / name).read_text(), re.MULTILINE)
        assert pinned == [WRITTEN_FOR], name


HOOKED = r"""
import ast, inspect, sys
from pathlib import Path
import sandbox.wrap

wrapped, ran = [], set()
original = sandbox.wrap.wrap

def recording(cls, name):
    frame = sys._getframe(1)
    wrapped.append((frame.f_globals["__name__"], cls, name))
    ran.add((frame.f_globals["__name__"], frame.f_lineno))
    return original(cls, name)

sandbox.wrap.wrap = recording
import sandbox.shims as package
from sandbox.world import World

modules = {shim.__name__: shim for shim in package.shims()}

def assigned(module, tree):
    for node in ast.walk(tree):
        for target in getattr(node, "targets", []) if isinstance(node, ast.Assign) else []:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                cls = getattr(module, target.value.id, None)
                if inspect.isclass(cls) and cls.__module__.startswith("moto"):
                    if hasattr(cls, target.attr):
                        yield module.__name__, cls, target.attr

sites = set()
for name in [*modules, *(m for m in sys.modules if m.startswith(package.__name__ + "._"))]:
    module = sys.modules[name]
    tree = ast.parse(Path(module.__file__).read_text())
    sites |= {
        (name, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "wrap"
    }
    wrapped += assigned(module, tree)
package.install_all(World())
for name, line in sorted(sites - ran):
    print(f"{name}:{line} wraps nothing when it is installed")
for name, cls, method in wrapped:
    hooks = getattr(sys.modules[name], "HOOKS", ())
    if not any(issubclass(cls, hook[0]) and hook[1] == method for hook in hooks):
        print(f"{name} changes {cls.__name__}.{method}, which is not in its HOOKS")
print(len(wrapped))
"""


def test_every_method_that_a_shim_changes_is_among_its_hooks() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HOOKED], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    *wrong, count = done.stdout.splitlines()
    assert wrong == []
    assert int(count) > 200
