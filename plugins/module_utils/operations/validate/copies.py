# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is judged of the copies that a failover lives from: image, artifact, logins, key, proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...aws.scope import Scope
from ...tiers.login import LOGINS, home_of
from ..artifact import key_of
from .declared import compared, told
from .verdict import BUILD, COMMAND, Check, Seen, Verdict, bad, good, unknown

KEY, CERTIFICATE, VALIDATION = "kms_key/main", "certificate/main", "certificate_validation/main"
LEAST_DAYS = 14  # a certificate that AWS renews is renewed sixty days before its end
CURRENT = "AWSCURRENT"
DAY = 86400
Told = Mapping[str, Any]


def image(seen: Seen) -> Verdict:
    """Whether hosts here would be of the release that serves."""
    here: Told | None = seen.fact("image")
    if not here or not here["id"]:
        return bad("no launch template of a group names an image", BUILD)
    age = seen.age(here["created"]) if here["created"] else None
    if seen.application and here["state"] != "available":
        return bad(f"image {here['id']} is {here['state'] or 'not there'}", BUILD, age)
    if not seen.application:
        return good(f"hosts here would be of {here['id']}", age)
    there: Told = seen.fact("active:image") or {"id": "nothing", "release": ""}
    named, serving = (each["release"] or each["id"] for each in (here, there))
    if named != serving:
        release = f" -e release_version={there['release']}" if there["release"] else ""
        return bad(
            f"hosts here would be of release {named}, site {seen.peer.site} runs {serving}",
            f"{COMMAND}ansible-playbook operatingdev.phoenix.release{release}",
            age,
        )
    return good(f"hosts here would be of release {named}, which serves", age)


def artifact(seen: Seen) -> Verdict | None:
    if not seen.application:
        return None
    found: Told = seen.fact("artifact")
    if not found["release"]:
        return unknown("no image of ours tells which release runs")
    key, bucket = key_of(seen.application, found["release"]), seen.scope.bucket("releases")
    if not found["object"]:
        return bad(
            f"{key} is not in {bucket}",
            _copied(seen, "releases", key),
        )
    return good(f"{key} is in {bucket}", seen.age(found["object"]["LastModified"]))


def logins(seen: Seen) -> Verdict:
    """Whether hosts here could read them without the other region."""
    found: Mapping[str, Told | None] = seen.fact("logins")
    missing = [_secret(seen, login) for login in LOGINS if not found[login]]
    if missing:
        return bad(f"{', '.join(missing)} has no copy here", BUILD)
    gone = [_secret(seen, login) for login in LOGINS if (found[login] or {}).get("DeletedDate")]
    if gone:
        return bad(f"{', '.join(gone)} is being deleted", BUILD)
    # The oldest of them: a login is not changed for as long as nobody rotates it.
    changed = [secret["LastChangedDate"] for secret in found.values() if secret]
    return good("copies of all logins are here", seen.age(min(changed)))


def in_sync(seen: Seen) -> Verdict:
    here: Mapping[str, Told | None] = seen.fact("logins")
    there: Mapping[str, Told | None] = seen.fact("active:logins")
    wrong = [
        f"{_secret(seen, login)} is {why}"
        for login in LOGINS
        if (why := _behind(here[login], there[login], seen.scope))
    ]
    if wrong:
        return bad("; ".join(wrong), BUILD)
    return good(f"they have the same versions as in {seen.peer.region}")


def _secret(seen: Seen, login: str) -> str:
    return home_of(seen.site).secret(login)


def _behind(here: Told | None, there: Told | None, scope: Scope) -> str:
    """How a copy is not what its secret is; "" where it is."""
    if not there:
        return "missing where it is made"
    states = {copy["Region"]: copy for copy in there.get("ReplicationStatus", ())}
    copy = states.get(scope.region)
    if not copy or not here:
        return "not copied"
    if copy["Status"] != "InSync":
        return f"{copy['Status']}: {copy.get('StatusMessage', '')}"
    return "" if _current(here) == _current(there) else "of another version"


def _current(secret: Told) -> list[str]:
    stages: Mapping[str, list[str]] = secret.get("VersionIdsToStages", {})
    return [version for version, names in stages.items() if CURRENT in names]


def key(seen: Seen) -> Verdict:
    """Hosts with encrypted disks start only where Auto Scaling may use the key."""
    have = seen.have(KEY)
    if have is None:
        return bad(f"there is no key {seen.scope.key_alias}", BUILD)
    if have.status != "Enabled":
        return bad(f"key {seen.scope.key_alias} is {have.status}", BUILD)
    wrong = []
    for change in seen.changes(KEY):
        if change.key == "policy":
            lost = sorted(_statements(change.after) - _statements(change.before))
            wrong.append(f"its policy lacks {', '.join(lost)}" if lost else "its policy differs")
        else:
            wrong.append(told(change))
    if wrong:
        return bad(f"key {seen.scope.key_alias}: {'; '.join(wrong)}", BUILD)
    return good(f"key {seen.scope.key_alias} is enabled, and all that need it may use it")


def _statements(policy: Any) -> set[str]:
    found = policy.get("Statement", ()) if isinstance(policy, Mapping) else ()
    return {str(statement.get("Sid", "")) for statement in found}


def certificate(seen: Seen) -> Verdict:
    validation = seen.have(VALIDATION)
    if seen.have(CERTIFICATE) is None or validation is None:
        domain = seen.options["traffic"]["domain"]
        return bad(f"there is no certificate of {domain} in {seen.scope.region}", BUILD)
    if not validation.settled:
        return bad(f"the certificate is {validation.status}", BUILD)
    detail: Told = seen.fact("certificate") or {}
    age = seen.age(detail["IssuedAt"]) if detail.get("IssuedAt") else None
    end = detail.get("NotAfter")
    if not end:
        return good("the certificate is issued", age)
    days = (end - seen.now).total_seconds() / DAY
    if days < LEAST_DAYS:
        said = f"the certificate ends in {days:.0f} days, and AWS has not renewed it"
        return bad(said, "see that the records that prove it are still there: docs/traffic.md", age)
    return good(f"the certificate is issued, for {days:.0f} days", age)


def buckets(seen: Seen) -> Verdict:
    """Whether what is put into the buckets of the site that serves comes here, and came of late."""
    addresses = [name for name in seen.wants if name.startswith("active:bucket_replication/")]
    if not addresses:
        return bad("buckets are not copied: storage_replicate is false", BUILD)
    found = compared(seen, addresses, f"what is put into those of {seen.peer.site} is copied")
    failed: list[tuple[str, str]] = seen.fact("active:objects") if found.state == "pass" else []
    if not failed:
        return found
    [(purpose, key), *more] = failed
    told = f"{key} of {seen.peer.bucket(purpose)}{f', and {len(more)} more' if more else ''}"
    return bad(f"S3 failed to copy {told}, and does not try again", _copied(seen, purpose, key))


def _copied(seen: Seen, purpose: str, key: str) -> str:
    """The command that does what S3 has not done."""
    source, target = seen.peer.bucket(purpose), seen.scope.bucket(purpose)
    return (
        f"{COMMAND}aws s3 cp s3://{source}/{key} s3://{target}/{key} "
        f"--source-region {seen.peer.region} --region {seen.scope.region}"
    )


CHECKS = (
    Check("Image", image),
    Check("Artifact", artifact),
    Check("Logins", logins),
    Check("Logins in sync", in_sync),
    Check("Key", key),
    Check("Certificate", certificate),
    Check("Copied buckets", buckets),
)
