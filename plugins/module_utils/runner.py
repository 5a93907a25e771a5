# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The only file that knows AnsibleModule and check mode: parameters in, result out.

Two entries lead to the same work. A module comes in here where the task runs; an action plugin, in
the controller's process where the connection is local, calls `run`, `unprotect` and `destroy`
directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

from .aws.session import SECRETS
from .converge.catalog import TIERS, Tier
from .converge.destroy import DESTROY_FIELDS, destroy
from .converge.intake import RUN_FIELDS, Refusal
from .converge.run import run
from .converge.unprotect import UNPROTECT_FIELDS, unprotect
from .declaration.fields import Field, argument_spec
from .declaration.site import ENVIRONMENT_FIELDS
from .masking import task as masking
from .operations import artifact, gate, manifest, perform, record, rehearsal, status
from .operations.staging import mirror, sleep
from .operations.validate import check

CONNECTION: Mapping[str, dict[str, Any]] = {
    "profile": {
        "type": "str",
        "aliases": ["aws_profile"],
        "fallback": (env_fallback, ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
    },
    "role_arn": {"type": "str"},
    "access_key": {
        "type": "str",
        "aliases": ["aws_access_key_id", "aws_access_key"],
        "no_log": False,
        "fallback": (env_fallback, ["AWS_ACCESS_KEY_ID"]),
    },
    "secret_key": {
        "type": "str",
        "aliases": ["aws_secret_access_key", "aws_secret_key"],
        "no_log": True,
        "fallback": (env_fallback, ["AWS_SECRET_ACCESS_KEY"]),
    },
    "session_token": {
        "type": "str",
        "aliases": ["aws_session_token"],
        "no_log": True,
        "fallback": (env_fallback, ["AWS_SESSION_TOKEN"]),
    },
    "endpoint_url": {
        "type": "str",
        "aliases": ["aws_endpoint_url"],
        "fallback": (env_fallback, ["AWS_ENDPOINT_URL"]),
    },
}


def arguments(fields: Iterable[Field]) -> dict[str, Any]:
    """The argument spec of a tier's module: environment, connection, how to run, and its fields."""
    return {
        **argument_spec(ENVIRONMENT_FIELDS),
        **CONNECTION,
        **argument_spec(RUN_FIELDS),
        **argument_spec(fields),
    }


def fields_arguments(fields: Iterable[Field]) -> dict[str, Any]:
    """The argument spec of a module that works for no environment."""
    return argument_spec(fields)


def whole_arguments() -> dict[str, Any]:
    """The argument spec of a module over all tiers: one dictionary of options for each tier."""
    tiers = {
        tier.TIER: {"type": "dict", "options": argument_spec(tier.FIELDS), "default": {}}
        for tier in TIERS
    }
    return {**arguments(()), **tiers}


def site_arguments() -> dict[str, Any]:
    """The argument spec of module site: all tiers, and the results of the tasks before it."""
    return {
        **whole_arguments(),
        "after": {"type": "list", "elements": "dict", "default": []},
        "until": {"type": "list", "elements": "str", "default": []},
    }


def destroy_arguments() -> dict[str, Any]:
    """The argument spec of module site_destroy."""
    return {**whole_arguments(), **argument_spec(DESTROY_FIELDS)}


def validate_arguments() -> dict[str, Any]:
    """The argument spec of module dr_validate."""
    return {**whole_arguments(), **argument_spec(check.FIELDS)}


def status_arguments() -> dict[str, Any]:
    """The argument spec of module dr_status."""
    return {**whole_arguments(), **argument_spec(status.FIELDS)}


def copy_arguments() -> dict[str, Any]:
    """The argument spec of module staging_copy."""
    return {**whole_arguments(), **argument_spec(mirror.FIELDS)}


def sleep_arguments() -> dict[str, Any]:
    """The argument spec of module staging_sleep."""
    return {**whole_arguments(), **argument_spec(sleep.FIELDS)}


def unprotect_arguments() -> dict[str, Any]:
    """The argument spec of module site_unprotect."""
    return {**whole_arguments(), **argument_spec(UNPROTECT_FIELDS)}


def run_tier(tier: Tier) -> None:
    """The main function of a tier's module."""
    module = AnsibleModule(arguments(tier.FIELDS), supports_check_mode=True)
    _finish(module, lambda: run(module.params, tier.TIER, dry=module.check_mode))


def run_site() -> None:
    """The main function of module site."""
    module = AnsibleModule(site_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "site", dry=module.check_mode))


def run_info() -> None:
    """The main function of module site_info, which never writes."""
    module = AnsibleModule(whole_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "site_info", dry=True))


def run_declaration() -> None:
    """The main function of module declaration, which makes no API call."""
    module = AnsibleModule(whole_arguments(), supports_check_mode=True)
    _finish(module, lambda: run(module.params, "declaration", dry=True))


def run_destroy() -> None:
    """The main function of module site_destroy."""
    module = AnsibleModule(destroy_arguments(), supports_check_mode=True)
    _finish(module, lambda: destroy(module.params, dry=module.check_mode))


def run_unprotect() -> None:
    """The main function of module site_unprotect."""
    module = AnsibleModule(unprotect_arguments(), supports_check_mode=True)
    _finish(module, lambda: unprotect(module.params, dry=module.check_mode))


def run_artifact() -> None:
    """The main function of module release_artifact."""
    module = AnsibleModule(arguments(artifact.FIELDS), supports_check_mode=True)
    _finish(module, lambda: artifact.have(module.params, dry=module.check_mode))


def run_gate() -> None:
    """The main function of module release_gate, which never writes."""
    module = AnsibleModule(arguments(gate.FIELDS), supports_check_mode=True)
    _finish(module, lambda: gate.check(module.params))


def run_record() -> None:
    """The main function of module release_record."""
    module = AnsibleModule(arguments(record.FIELDS), supports_check_mode=True)
    _finish(module, lambda: record.write(module.params, dry=module.check_mode))


def run_manifest() -> None:
    """The main function of module manifest."""
    module = AnsibleModule(arguments(manifest.FIELDS), supports_check_mode=True)
    _finish(module, lambda: manifest.write(module.params, dry=module.check_mode))


def run_step() -> None:
    """The main function of module dr_step."""
    module = AnsibleModule(arguments(perform.FIELDS), supports_check_mode=True)
    _finish(module, lambda: perform.perform(module.params, dry=module.check_mode))


def run_rehearsal() -> None:
    """The main function of module dr_rehearsal, which never writes."""
    module = AnsibleModule(whole_arguments(), supports_check_mode=True)
    _finish(module, lambda: rehearsal.rehearsed(module.params))


def run_validate() -> None:
    """The main function of module dr_validate, which never writes."""
    module = AnsibleModule(validate_arguments(), supports_check_mode=True)
    _finish(module, lambda: check.validate(module.params))


def run_status() -> None:
    """The main function of module dr_status, which never writes."""
    module = AnsibleModule(status_arguments(), supports_check_mode=True)
    _finish(module, lambda: status.status(module.params))


def run_copy() -> None:
    """The main function of module staging_copy, which never writes."""
    module = AnsibleModule(copy_arguments(), supports_check_mode=True)
    _finish(module, lambda: mirror.mirrored(module.params))


def run_sleep() -> None:
    """The main function of module staging_sleep."""
    module = AnsibleModule(sleep_arguments(), supports_check_mode=True)
    _finish(module, lambda: sleep.sleep(module.params, dry=module.check_mode))


def run_mask() -> None:
    """The main function of module staging_mask."""
    module = AnsibleModule(fields_arguments(masking.MASK_FIELDS), supports_check_mode=True)
    _finish(module, lambda: masking.masked(module.params, dry=module.check_mode))


def run_rules() -> None:
    """The main function of module staging_rules, which never writes."""
    module = AnsibleModule(fields_arguments(masking.PROPOSAL_FIELDS), supports_check_mode=True)
    _finish(module, lambda: masking.proposed(module.params))


def run_proof() -> None:
    """The main function of module staging_proof, of which a check would say nothing."""
    module = AnsibleModule(fields_arguments(masking.PROOF_FIELDS))
    _finish(module, lambda: masking.proved(module.params))


def _finish(module: AnsibleModule, work: Callable[[], dict[str, Any]]) -> None:
    try:
        module.exit_json(**work())
    except (Refusal, masking.Refused) as refusal:
        module.fail_json(msg=SECRETS.clean(str(refusal)), **SECRETS.clean(refusal.result))


def dry_run(task: Any) -> bool:
    """Whether an Ansible task runs in check mode."""
    return bool(task.check_mode)
