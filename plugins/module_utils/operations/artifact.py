# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The artifact of a release: in the releases bucket once, and never other bytes under its name.

`<application>/<application>-<release>.tar.gz`, and beside it what sha256sum says of it, with
`.sha256` behind the name. That comes last: without it the artifact is not there yet.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.session import Aws
from ..converge.intake import Params, declared, refusal
from ..converge.run import learn_secrets, refusals, require_sdk
from ..converge.site import Converger
from ..declaration.fields import REQUIRED, Field, read
from ..tiers import image, web_fields
from .errors import ArtifactRefused

_KNOWN = {field.name: field for field in (*web_fields.FIELDS, *image.FIELDS)}
APPLICATION, RELEASE = (replace(_KNOWN[n], default=REQUIRED) for n in ("application", "release"))
PATH = Field("path", "str", "the path of the artifact", "dist/shop-1.4.0.tar.gz", REQUIRED)
FIELDS = (APPLICATION, RELEASE, PATH)
SUM = re.compile(r"([0-9a-f]{64})\s+\*?(\S+)\s*")
BLOCK = 1 << 20


def have(params: Params, *, dry: bool) -> dict[str, Any]:
    """Has the artifact in the releases bucket and at `path`, and answers its sha256 and key.

    It is published from there, or fetched to there where only the bucket has it, or only that of
    the other site. Raises Refusal where none has it, and where what is published under this name
    has other bytes.
    """
    learn_secrets(params)
    task = declared(params, ())
    options, problems = read(FIELDS, params, only=False)
    if problems:
        raise refusal(problems)
    require_sdk()
    with refusals(task), Converger(task) as converger:
        converger.account.verify_account()
        path, key = Path(options["path"]), key_of(options["application"], options["release"])
        there = published(converger.account, key)
        far = converger.peer
        if not there and far and not dry and not path.is_file() and (digest := published(far, key)):
            _fetch(far, key, path, digest)
        if path.is_file():
            digest = own_sum(path)
            changed = _publish(converger.account, key, path, digest, there, dry=dry)
        elif there:
            digest, changed = there, True
            if not dry:
                _fetch(converger.account, key, path, there)
        else:
            raise _nowhere(path, key)
        bucket = converger.account.scope.bucket("releases")
        return {"changed": changed, "sha256": digest, "bucket": bucket, "key": key}


def key_of(application: str, release: str) -> str:
    """Where in the bucket it is."""
    return f"{application}/{application}-{release}.tar.gz"


def own_sum(path: Path) -> str:
    """The SHA-256 of a file. Raises ArtifactRefused unless the file beside it says the same."""
    beside = path.with_name(f"{path.name}.sha256")
    told = SUM.fullmatch(beside.read_text("utf-8")) if beside.is_file() else None
    if told is None:
        raise ArtifactRefused(
            f"there is no checksum in {beside}", f"make it: sha256sum {path.name}"
        )
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    if found.hexdigest() != told[1]:
        raise ArtifactRefused(
            f"{path} is not what {beside.name} says: sha256 {found.hexdigest()}, not {told[1]}",
            "build it anew, and copy both files together",
        )
    return told[1]


def published(aws: Aws, key: str) -> str:
    """The SHA-256 of what is published under a key, "" where nothing is."""
    try:
        body = aws.client("s3").get_object(Bucket=_bucket(aws), Key=f"{key}.sha256")["Body"]
    except Exception as error:
        if meaning(error) is Meaning.ABSENT:
            return ""
        raise
    told = SUM.fullmatch(body.read().decode("utf-8", "replace"))
    if told is None:
        raise ArtifactRefused(f"{key}.sha256 in the bucket of releases is no checksum")
    return told[1]


def known_sum(aws: Aws, path: Path, key: str) -> str:
    """The SHA-256 of the artifact where it is. Raises ArtifactRefused where it is nowhere."""
    digest = own_sum(path) if path.is_file() else published(aws, key)
    if not digest:
        raise _nowhere(path, key)
    return digest


def _nowhere(path: Path, key: str) -> ArtifactRefused:
    return ArtifactRefused(
        f"there is neither {path} nor {key} in the bucket of releases",
        f"the team's build makes it, and {path}.sha256 beside it with sha256sum",
    )


def _bucket(aws: Aws) -> str:
    return aws.scope.bucket("releases")


def _publish(aws: Aws, key: str, path: Path, digest: str, there: str, *, dry: bool) -> bool:
    if there and there != digest:
        raise _taken(key, digest, there)
    if there or dry:
        return not there
    s3, bucket = aws.client("s3"), _bucket(aws)
    try:
        with path.open("rb") as file:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=file,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(digest)).decode(),
                Metadata={"sha256": digest},
                IfNoneMatch="*",
            )
    except Exception as error:
        # A killed run has left it, or another one was faster.
        if meaning(error) is not Meaning.EXISTS:
            raise
        found = s3.head_object(Bucket=bucket, Key=key)["Metadata"].get("sha256", "unknown")
        if found != digest:
            raise _taken(key, digest, found) from error
    text = f"{digest}  {path.name}\n"
    s3.put_object(Bucket=bucket, Key=f"{key}.sha256", Body=text.encode(), ContentType="text/plain")
    return True


def _taken(key: str, digest: str, there: str) -> ArtifactRefused:
    return ArtifactRefused(
        f"{key} is published already with other bytes: sha256 {there}, not {digest}",
        "what is released once stays as it is: give the new build a version of its own",
    )


def _fetch(aws: Aws, key: str, path: Path, digest: str) -> None:
    """Whole or not at all: what is at the path is what was published."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Both sites may fetch it at once.
    part, found = path.with_name(f"{path.name}.{os.getpid()}.part"), hashlib.sha256()
    body = aws.client("s3").get_object(Bucket=_bucket(aws), Key=key)["Body"]
    with part.open("wb") as file:
        for block in body.iter_chunks(BLOCK):
            found.update(block)
            file.write(block)
    if found.hexdigest() != digest:
        part.unlink()
        raise ArtifactRefused(f"{key} in the bucket of releases is not what its checksum says")
    path.with_name(f"{path.name}.sha256").write_text(f"{digest}  {path.name}\n", "utf-8")
    part.replace(path)
