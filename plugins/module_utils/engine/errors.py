# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the engine refuses, each with a stable code, a reason and a way on."""

from __future__ import annotations


class EngineError(Exception):
    """A refusal. code: stable, for machines. hint: the next thing to do, for people."""

    code = "engine"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UnknownReference(EngineError):
    code = "unknown_reference"


class Cycle(EngineError):
    code = "cycle"


class DuplicateAddress(EngineError):
    code = "duplicate_address"


class OtherSiteStands(EngineError):
    code = "other_site_stands"


class NameTaken(EngineError):
    code = "name_taken"


class SubnetInUse(EngineError):
    code = "subnet_in_use"


class QuotaUsedUp(EngineError):
    code = "quota_used_up"


class NeverReady(EngineError):
    """An object was made and has failed since."""

    code = "never_ready"


class ReplacementRefused(EngineError):
    code = "replacement_refused"
