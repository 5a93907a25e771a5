# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The signature of a report: its seal, encrypted by AWS with the key of the site.

Who may write into the bucket could change a report and seal it anew. The key never leaves AWS, so
who may not use it signs nothing; and what is signed is told with it, so no signature fits another
report. By hand: aws kms decrypt with the encryption context {"phoenix:report": <id>}, which answers
the 32 bytes of the seal.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.errors import Meaning, code, meaning
from ..aws.session import Aws
from ..reports.evidence import SEAL, SIGNATURE, Facts

CONTEXT = "phoenix:report"
# What KMS answers where a text is not what it has encrypted, or was said to be of something else.
FOREIGN = ("InvalidCiphertextException", "IncorrectKeyException")


def signed(aws: Aws, report: Facts) -> dict[str, Any]:
    """The sealed report with its signature. One that AWS does not sign is kept all the same, and
    tells why.
    """
    try:
        answer = aws.client("kms").encrypt(
            KeyId=aws.scope.evidence_key, Plaintext=_seal(report), EncryptionContext=_of(report)
        )
    except Exception as error:
        return {**report, SIGNATURE: {"key": "", "value": "", "said": str(error)}}
    value = base64.b64encode(answer["CiphertextBlob"]).decode()
    return {**report, SIGNATURE: {"key": str(answer["KeyId"]), "value": value, "said": ""}}


def judged(aws: Aws, chains: Sequence[Sequence[Facts]]) -> dict[str, list[str]]:
    """Of the newest report of each chain, which has all before it in its seal: forged and unsigned,
    both sentences. Raises what AWS does where it does not answer.
    """
    found: dict[str, list[str]] = {"forged": [], "unsigned": []}
    for report in (chain[-1] for chain in chains if chain):
        told = report.get(SIGNATURE) or {}
        try:
            if not told.get("value"):
                found["unsigned"].append(f"{report['id']} is not signed{_why(told)}")
            elif not _holds(aws, report, str(told["value"])):
                found["forged"].append(f"the signature of {report['id']} is not of its seal")
        except Exception as error:
            if meaning(error) is Meaning.UNCLEAR:
                raise
            # Of a key that may not be used, and of one of another region, KMS tells the same.
            found["unsigned"].append(
                f"whose the signature of {report['id']} is AWS refuses: {error}"
            )
    return found


def _holds(aws: Aws, report: Facts, value: str) -> bool:
    try:
        blob = base64.b64decode(value, validate=True)
        answer = aws.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=_of(report))
    except ValueError:
        return False
    except Exception as error:
        if code(error) in FOREIGN:
            return False
        raise
    return bool(answer["Plaintext"] == _seal(report))


def _why(told: Mapping[str, Any]) -> str:
    return f": {told['said']}" if told.get("said") else ""


def _seal(report: Facts) -> bytes:
    return bytes.fromhex(str(report[SEAL]))


def _of(report: Facts) -> dict[str, str]:
    return {CONTEXT: str(report["id"])}
