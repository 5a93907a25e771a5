# SPDX-License-Identifier: GPL-3.0-or-later
"""Mended differences between the emulator and AWS, one module for each service.

Every module of this package that does not begin with an underscore is a shim and offers

- `MENDED`: one sentence for each mended difference,
- `HOOKS`: what it relies on, as (class, name of a method, names of its leading parameters without
  `self`); an empty tuple of parameters only asks that the name exists (also for properties),
- `install(world)`: changes the emulator's classes; called once in a process,
- `OUTERMOST = True`, if its wrappers must see a request before those of all other shims.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from typing import Protocol, cast

from sandbox.fitting import EmulatorMismatch, fitting
from sandbox.world import World

Hook = tuple[type, str, tuple[str, ...]]


class Shim(Protocol):
    __name__: str
    MENDED: tuple[str, ...]
    HOOKS: tuple[Hook, ...]

    def install(self, world: World) -> None: ...


_installed: set[str] = set()


def shims() -> list[Shim]:
    """All shims in the order in which they are installed: by name, the outermost at the end.

    Raises EmulatorMismatch.
    """
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    with fitting():
        found = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [cast(Shim, m) for m in sorted(found, key=lambda m: getattr(m, "OUTERMOST", False))]


def mismatches(hooks: Iterable[Hook]) -> list[str]:
    """One sentence for each hook that the installed emulator has not, or has with other names."""
    found = []
    for cls, name, wanted in hooks:
        place = f"{cls.__module__}.{cls.__name__}.{name}"
        try:
            member = inspect.getattr_static(cls, name)
        except AttributeError:
            found.append(f"{place} does not exist")
            continue
        if not wanted:
            continue
        if not callable(member):
            found.append(f"{place} is not a method")
            continue
        have = [p for p in inspect.signature(member).parameters if p != "self"]
        if have[: len(wanted)] != list(wanted):
            found.append(f"{place} takes ({', '.join(have)}), expected ({', '.join(wanted)}, ...)")
    return found


def check() -> list[Shim]:
    """The shims that are not installed yet; raises EmulatorMismatch if a hook does not fit."""
    todo = [shim for shim in shims() if shim.__name__ not in _installed]
    if wrong := [text for shim in todo for text in mismatches(shim.HOOKS)]:
        raise EmulatorMismatch("; ".join(wrong))
    return todo


def install_all(world: World) -> None:
    """Check every hook, then install every shim that is not installed yet.

    Raises EmulatorMismatch, before anything is changed, if a hook does not fit.
    """
    for shim in check():
        with fitting():
            shim.install(world)
        _installed.add(shim.__name__)
