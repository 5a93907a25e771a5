# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands at a site while the other one serves: the recovery site's strategy says."""

from __future__ import annotations

from ..declaration.site import Site

# Hosts that run at the site that does not serve.
STANDBY = {"backup_restore": 0, "pilot_light": 0, "warm_standby": 1}


def has_database(site: Site) -> bool:
    """A site that served before keeps the one it had, undeclared, until it is made a replica."""
    return site.is_active or (site.protected and site.strategy != "backup_restore")


def has_hosts(site: Site) -> bool:
    return site.is_active or standing_by(site) > 0


def standing_by(site: Site) -> int:
    """How many hosts there are where a site does not serve. None has work beside an old primary."""
    return STANDBY[site.strategy] if site.protected else 0


def has_way_out(site: Site) -> bool:
    """Whether NAT gateways run. A site that lives from copies of backups has no use for them before
    it serves; one that served before keeps those it had until it stands by.
    """
    idle = site.protected and not site.is_active and site.strategy == "backup_restore"
    return site.nat != "none" and not idle


def may_write(site: Site) -> bool:
    """What hosts are told of their database. Without one, they are to get one that they may."""
    return site.is_active or (site.protected and not has_database(site))
