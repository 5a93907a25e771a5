# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long credentials hold, and which region gives them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# How the SDK has got them -> whether they are renewed without a person; None as long as a login of
# a person holds.
RENEWED: Mapping[str, bool | None] = {
    "assume-role": True,
    "assume-role-with-web-identity": True,
    "container-role": True,
    "custom-process": True,
    "iam-role": True,
    "login": None,
    "sso": None,
}
ASSUMED = "assume-role"


def told(session: Any, credentials: Any) -> dict[str, Any]:
    """method: how the SDK has got them. temporary: whether they end. expires: when those at hand
    do, None where nothing tells. renewed: as in RENEWED; a role is, for as long as that holds from
    which it is assumed. region: the one that gives them out after a login, "" where none does.

    session, credentials: of the SDK; those from which a role is assumed where one is.
    """
    method = str(credentials.method)
    frozen = credentials.get_frozen_credentials()
    return {
        "method": method,
        "temporary": bool(frozen.token),
        # The SDK has no other name for it.
        "expires": getattr(credentials, "_expiry_time", None),
        "renewed": renewed(credentials),
        "region": ""
        if method == "explicit"
        else login_region(session.full_config, _first(session)),
    }


def renewed(credentials: Any) -> bool | None:
    """As in RENEWED, of credentials of the SDK; None also where nothing tells."""
    found = credentials
    while found is not None and found.method == ASSUMED:
        # The SDK tells nobody from what a role of a profile is assumed. A role that asks for a code
        # of a device has none of these, and is not renewed without a person either.
        fetcher = getattr(getattr(found, "_refresh_using", None), "__self__", None)
        found = getattr(fetcher, "_source_credentials", None)
    if found is None:
        return None
    if found is credentials or found.method in RENEWED:
        return RENEWED.get(found.method, False)
    # Keys: those of a session end, and nothing tells when.
    return None if found.token else True


def _first(session: Any) -> str:
    return str(session.get_config_variable("profile") or "default")


def login_region(config: Mapping[str, Any], profile: str) -> str:
    """That of the login from which a profile lives, itself or by the profile that it begins at."""
    seen: set[str] = set()
    while profile and profile not in seen:
        seen.add(profile)
        found = config.get("profiles", {}).get(profile, {})
        named = config.get("sso_sessions", {}).get(found.get("sso_session", ""), {})
        region = named.get("sso_region") or found.get("sso_region")
        if region:
            return str(region)
        profile = str(found.get("source_profile", ""))
    return ""
