# SPDX-License-Identifier: GPL-3.0-or-later
"""A story of real hosts: left out, with the reason, where this machine can have none."""

from __future__ import annotations

from tests.sandbox.conftest import pytest_runtest_setup

__all__ = ["pytest_runtest_setup"]
