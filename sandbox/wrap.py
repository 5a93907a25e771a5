# SPDX-License-Identifier: GPL-3.0-or-later
"""Change a class of the emulator from outside, without a subclass."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Replacement = Callable[..., Any]


def wrap(cls: type, name: str) -> Callable[[Replacement], Replacement]:
    """Put a function round the method `name` of `cls`, for every instance there is and will be.

    The function is called as ``new(original, self, *args, **kwargs)``, where `original` is bound
    already: ``original(*args, **kwargs)`` is what the emulator would have done.
    """
    before = getattr(cls, name)

    def decorate(new: Replacement) -> Replacement:
        @functools.wraps(before)
        def method(self: Any, *args: Any, **kwargs: Any) -> Any:
            return new(functools.partial(before, self), self, *args, **kwargs)

        setattr(cls, name, method)
        return new

    return decorate


def add(cls: type, name: str) -> Callable[[Replacement], Replacement]:
    """Give `cls` a method that the emulator lacks, called as ``new(self, ...)``.

    Raises TypeError if the emulator has learned it meanwhile: then the addition must go.
    """
    if hasattr(cls, name):
        raise TypeError(f"{cls.__module__}.{cls.__name__}.{name} exists in the emulator now")

    def decorate(new: Replacement) -> Replacement:
        setattr(cls, name, new)
        return new

    return decorate
