# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine versions that RDS offers."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from sandbox.shims import Hook, _rds_rules
from sandbox.world import World
from sandbox.wrap import add

MENDED = ("DescribeDBEngineVersions for PostgreSQL, by version and by family.",)
HOOKS: tuple[Hook, ...] = ((RDSResponse, "call_action", ()),)


def install(world: World) -> None:
    """Add what the emulator lacks."""

    @add(RDSResponse, "describe_db_engine_versions")
    def describe_db_engine_versions(self: RDSResponse) -> ActionResult:
        wanted = self.params.get("EngineVersion") or ""
        family = self.params.get("DBParameterGroupFamily") or ""
        found = [
            {
                "Engine": "postgres",
                "MajorEngineVersion": str(major),
                "EngineVersion": f"{major}.{minor}",
                "DBParameterGroupFamily": f"postgres{major}",
                "DBEngineDescription": "PostgreSQL",
                "Status": "available",
            }
            for major, (first, last) in _rds_rules.POSTGRES_MINORS.items()
            for minor in range(first, last + 1)
            if wanted in ("", str(major), f"{major}.{minor}") and family in ("", f"postgres{major}")
        ]
        asked = self.params.get("Engine") or "postgres"
        return ActionResult({"DBEngineVersions": found if asked == "postgres" else []})
