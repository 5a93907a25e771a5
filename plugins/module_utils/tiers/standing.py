# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands at a site while home serves: the recovery site's strategy says."""

from __future__ import annotations

from ..declaration.site import Site

# Hosts that run at the recovery site while home serves.
STANDBY = {"backup_restore": 0, "pilot_light": 0, "warm_standby": 1}


def has_database(site: Site) -> bool:
    return site.is_home or site.strategy != "backup_restore"


def has_hosts(site: Site) -> bool:
    return site.is_home or STANDBY[site.strategy] > 0
