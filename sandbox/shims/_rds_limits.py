# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of what RDS gives a database instance, and which version it may become.

The texts are those that users have reported of AWS, where such a report was found.
"""

from __future__ import annotations

from typing import Any

from moto.rds.exceptions import RDSClientError as Refusal

# GiB. From the second on gp3 is striped over four volumes: there is more without asking, and more
# may be asked for ("gp3 storage" in the user guide; these are the figures for PostgreSQL).
LEAST_STORAGE, STRIPED, MOST_STORAGE = 20, 400, 65536
_IOPS, _THROUGHPUT = (12000, 64000), (500, 4000)
MOST_DAYS = 35


def retention(days: int | None) -> None:
    """Refuse so many days of automated backups; 0 is none, and None that nothing was said."""
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise Refusal(
            "InvalidParameterValue",
            f"Invalid backup retention period: {days}. Retention period must be between 0 and "
            f"{MOST_DAYS}.",
        )


def storage(engine: str, size: int | None) -> None:
    """Refuse so many GiB."""
    if engine == "postgres" and size is not None and not LEAST_STORAGE <= size <= MOST_STORAGE:
        raise Refusal("InvalidParameterValue", f"Invalid storage size for engine postgres: {size}")


def growth(engine: str, size: int, most: int | None) -> None:
    """Refuse so many GiB as the limit to which the storage of an instance grows by itself.

    "You must set the maximum storage threshold to at least 10% more than the current allocated
    storage" ("Managing capacity automatically" in the user guide, with the beginning of the text).
    """
    if most is not None and 10 * most < 11 * size:
        raise Refusal(
            "InvalidParameterCombination",
            f"Invalid max storage size for engine name {engine}: {most} is not 10 percent more "
            f"than {size}",
        )


def grown(have: int, wanted: int) -> int:
    """How many GiB an instance gets that asks for more: a tenth more at least."""
    return wanted if wanted == have else max(wanted, -(-have * 11 // 10))


def gp3(size: int) -> tuple[int, int]:
    """IOPS and throughput (MiB a second) that gp3 has without asking."""
    return (_IOPS[0], _THROUGHPUT[0]) if size >= STRIPED else (3000, 125)


def performance(engine: str, kind: str | None, size: int | None, asked: Any) -> None:
    """Refuse IOPS and throughput that gp3 of a size does not take. asked: the call's arguments."""
    iops, throughput = asked.get("iops"), asked.get("storage_throughput")
    if engine != "postgres" or kind != "gp3" or size is None or (iops, throughput) == (None, None):
        return
    if size < STRIPED:
        raise Refusal(
            "InvalidParameterCombination",
            f"You can't specify IOPS or storage throughput for engine {engine} and a storage size "
            f"less than {STRIPED}.",
        )
    for value, (least, most), what in (
        (iops, _IOPS, "IOPS"),
        (throughput, _THROUGHPUT, "storage throughput"),
    ):
        if value is not None and not least <= value <= most:
            raise Refusal(
                "InvalidParameterCombination",
                f"Invalid {what} for engine {engine} and storage type gp3: {value}. It must be "
                f"between {least} and {most}.",
            )


def upgrade(db: Any, wanted: str, asked: Any) -> None:
    """Refuse a full version that an instance cannot become. asked: the call's arguments."""
    have = db.engine_version
    if db.engine != "postgres" or _numbers(wanted) == _numbers(have):
        return
    if _numbers(wanted) < _numbers(have):
        raise Refusal(
            "InvalidParameterCombination", f"Cannot upgrade postgres from {have} to {wanted}"
        )
    if _numbers(wanted)[0] == _numbers(have)[0]:
        return
    if not asked.get("allow_major_version_upgrade"):
        raise Refusal(
            "InvalidParameterCombination",
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major "
            "version.",
        )
    group = db.db_parameter_groups()[0].name
    if not group.startswith("default.") and not asked.get("db_parameter_group_name"):
        raise Refusal(
            "InvalidParameterCombination",
            f"The current DB instance parameter group {group} is custom. You must explicitly "
            "specify a new DB instance parameter group, either default or custom, for the engine "
            "version upgrade.",
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
