# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What operations refuse, each with a stable code, a reason and a way on."""

from __future__ import annotations

from ..engine.errors import EngineError


class ArtifactRefused(EngineError):
    code = "artifact_refused"


class NotPassed(EngineError):
    code = "not_passed"
