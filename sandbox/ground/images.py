# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that are baked once, kept as archives, and imported where they are missing."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sandbox.ground.commands import run
from sandbox.ground.podman import Podman

SUITE = "bookworm"
_BAKING_TIME = 900.0
# With mounts and process numbers of its own: all of it goes with its first process.
_ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*")


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image of Debian: its packages, what is done before and after them, and its settings.

    `before` and `after` are shell scripts; "$1" is the new root. `settings` are instructions of a
    Containerfile. Another recipe is another image.
    """

    kind: str
    packages: tuple[str, ...]
    before: str
    after: str
    settings: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The command that bakes it, without its target."""
        return (
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={','.join(self.packages)}",
            "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude={path}" for path in _LEFT_OUT),
            f"--essential-hook={self.before}",
            f"--customize-hook={self.after}",
            SUITE,
        )

    @property
    def archive(self) -> str:
        """The file's name."""
        return f"{self.kind}-{_code(*self.words)}.tar"

    @property
    def name(self) -> str:
        """The image's name."""
        return f"localhost/{self.kind}:{_code(*self.words, *self.settings)}"


def ensure(podman: Podman, cache: Path, recipe: Recipe) -> str:
    """The image's name; what is not in the store comes from `cache`, or is baked into it.

    Raises CommandFailed if it cannot be baked.
    """
    if podman("images", "--quiet", recipe.name).strip():
        return recipe.name
    baked = bake(recipe, cache)
    changes = [word for setting in recipe.settings for word in ("--change", setting)]
    podman("import", "--quiet", *changes, str(baked), recipe.name)
    return recipe.name


def missing(cache: Path, recipes: Iterable[Recipe]) -> list[Recipe]:
    """What `cache` lacks."""
    return [recipe for recipe in recipes if not (cache / recipe.archive).exists()]


def bake_missing(cache: Path, recipes: Iterable[Recipe]) -> None:
    """Bake all that `cache` lacks, side by side. Raises CommandFailed."""
    todo = missing(cache, recipes)
    if todo:
        with ThreadPoolExecutor(len(todo)) as bakers:
            list(bakers.map(lambda recipe: bake(recipe, cache), todo))


def bake(recipe: Recipe, cache: Path) -> Path:
    """The root file system as a tar archive in `cache`, written if it is not there.

    Of several processes that want it one bakes, and the others wait. Raises CommandFailed.
    """
    target = cache / recipe.archive
    cache.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _write(recipe, target)
    return target


def _write(recipe: Recipe, target: Path) -> None:
    # Whoever has the lock is alone here: what is there was left by one that was killed.
    begun = target.with_name(f"{target.name}.begun")
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir()
    try:
        words = (*_ALONE, *recipe.words[:-1], "--format=tar", recipe.words[-1])
        archive = begun / target.name
        given = {**os.environ, "TMPDIR": str(begun)}
        run(*words, str(archive), timeout=_BAKING_TIME, environment=given)
        archive.rename(target)
    finally:
        shutil.rmtree(begun)


def _code(*lines: str) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
