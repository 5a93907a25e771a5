# SPDX-License-Identifier: GPL-3.0-or-later
"""The instance classes that RDS for PostgreSQL has, and which versions run in them.

Source: the Amazon RDS User Guide, "Supported DB engines for DB instance classes", 2026-11.
"""

from __future__ import annotations

from moto.rds.exceptions import RDSClientError as Refusal

_SMALL = ("micro", "small", "medium", "large", "xlarge", "2xlarge")
_LARGE = ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge")
_LARGER = (*_LARGE, "24xlarge")
_LARGEST = (*_LARGER, "32xlarge")
_HUGE = (*_LARGER, "48xlarge")
_IDN = ("16xlarge", "24xlarge", "32xlarge")
_IEDN = ("xlarge", "2xlarge", "4xlarge", "8xlarge", *_IDN)
# Sizes of each family, and the first and last major version that runs in it. The guide names minor
# versions; any minor version of these majors is taken here.
_LAST = 99
FAMILIES: dict[str, tuple[tuple[str, ...], int, int]] = {
    "t2": (_SMALL, 11, 12),
    "t3": (_SMALL, 11, _LAST),
    "t4g": (_SMALL, 12, _LAST),
    "x2g": (_LARGE, 12, _LAST),
    "x2idn": (_IDN, 13, _LAST),
    "x2iedn": (_IEDN, 13, _LAST),
}
for _letter in "mr":
    FAMILIES |= {
        f"{_letter}4": (_LARGE, 11, 12),
        f"{_letter}5": (_LARGER, 11, _LAST),
        f"{_letter}5d": (_LARGER, 13, _LAST),
        f"{_letter}6g": (_LARGE, 12, _LAST),
        f"{_letter}6gd": (_LARGE, 13, _LAST),
        f"{_letter}6i": (_LARGEST, 11, _LAST),
        f"{_letter}6id": (_LARGEST, 13, _LAST),
        f"{_letter}6idn": (_LARGEST, 13, _LAST),
        f"{_letter}6in": (_LARGEST, 13, _LAST),
        f"{_letter}7g": (_LARGE, 13, _LAST),
        f"{_letter}7gd": (_LARGE, 13, _LAST),
        f"{_letter}7i": (_HUGE, 13, _LAST),
        f"{_letter}8g": (_HUGE, 13, _LAST),
        f"{_letter}8gd": (_HUGE, 13, _LAST),
    }
FAMILIES["r5b"] = (_LARGER, 11, _LAST)


def classes(major: int) -> list[str]:
    """The names of the classes that a major version of PostgreSQL runs in."""
    return [
        f"db.{family}.{size}"
        for family, (sizes, first, last) in FAMILIES.items()
        if first <= major <= last
        for size in sizes
    ]


def check(engine: str, version: str, wanted: str | None) -> None:
    """Refuse a class that there is not, or in which a version (e.g. 16.4) does not run."""
    if engine != "postgres" or wanted is None:
        return
    parts = wanted.split(".")
    family = parts[1] if len(parts) == 3 and parts[0] == "db" else ""
    if parts[-1] not in FAMILIES.get(family, ((), 0, 0))[0]:
        raise Refusal("InvalidParameterValue", f"Invalid DB Instance class: {wanted}")
    if wanted not in classes(int(version.partition(".")[0])):
        raise Refusal(
            "InvalidParameterCombination",
            "RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={wanted}, Engine={engine}, EngineVersion={version}, "
            "LicenseModel=postgresql-license. For supported combinations of instance class and "
            "database engine version, see the documentation.",
        )
