# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kinds of which nothing is made: an object somebody else moves on, read and awaited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from ..aws.session import Aws
from ..engine.model import Change, Have, Want
from .base import Kind


class Observed(Kind):
    """A kind whose wants are all `given`; to write one is a mistake of its tier."""

    def create(self, aws: Aws, want: Want) -> Have:
        self._refuse(want.address)

    def update(self, aws: Aws, want: Want, have: Have, changes: Sequence[Change]) -> Have | None:
        self._refuse(want.address)

    def delete(self, aws: Aws, have: Have) -> None:
        self._refuse(have.address)

    def _refuse(self, address: str) -> NoReturn:
        raise TypeError(f"{address} is only read; its want must be given")
