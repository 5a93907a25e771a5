# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of the emulator as what is behind them."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.instances import StateReason


def made_of_host(ec2: Any, image_id: str) -> bool:
    """Whether an image of a region is of a host, or a copy of such a one.

    One that is no longer known is taken for it: nothing else may come up in its place.
    """
    image = ec2.amis.get(image_id)
    return image is None or bool(image.__dict__.get("made_of_host"))


def fail(image: Any, problem: object) -> None:
    """Let an image have failed, and say why."""
    image.state = "failed"
    image.state_reason = StateReason(f"Client.InternalError: {problem}", "Client.InternalError")
