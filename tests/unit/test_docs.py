# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written about a module or a role is what it does."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.playbook.task import Task
from ansible_collections.operatingdev.phoenix.plugins.module_utils.converge.catalog import (
    TIERS as TIERS_OF_A_SITE,
)

ROOT = Path(__file__).parents[2]
COLLECTION = "operatingdev.phoenix"
PACKAGE = f"ansible_collections.{COLLECTION}.plugins"
KEYWORDS = {*Task.fattributes, "block", "rescue", "always", "with_items"}
LISTS_OF_TASKS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
COMPARED = ("type", "required", "default", "choices", "elements")


def names(folder: str, pattern: str) -> list[str]:
    """The stems of what matches in a folder of the checkout."""
    return sorted(path.stem for path in (ROOT / folder).glob(pattern) if path.stem != "__init__")


MODULES = names("plugins/modules", "*.py")
TIERS = set(names("plugins/module_utils/tiers", "*.py"))
# Those of a site as it stands; others have a module, and a role that does more.
SITE_TIERS = [tier.TIER for tier in TIERS_OF_A_SITE]
ROLES = sorted(path.parent.parent.name for path in (ROOT / "roles").glob("*/tasks/main.yml"))


def load(path: str) -> Any:
    """A YAML file of the checkout."""
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def module(name: str) -> Any:
    """A module of the collection, imported."""
    return importlib.import_module(f"{PACKAGE}.modules.{name}")


def documented(name: str) -> dict[str, Any]:
    """The options in a module's DOCUMENTATION, its fragments merged in, as an argument spec."""
    text = yaml.safe_load(module(name).DOCUMENTATION)
    options: dict[str, Any] = {}
    for fragment in text.get("extends_documentation_fragment", []):
        file, _, section = fragment.removeprefix(f"{COLLECTION}.").partition(".")
        source = importlib.import_module(f"{PACKAGE}.doc_fragments.{file}").ModuleDocFragment
        shared = yaml.safe_load(getattr(source, section.upper() or "DOCUMENTATION"))
        options |= shared.get("options", {})
    options |= text.get("options", {})
    return spec_of(options, "suboptions")


def spec_of(options: Mapping[str, Any], nested: str) -> dict[str, Any]:
    """The part of a spec that documentation and code share. nested: "options" or "suboptions"."""
    spec: dict[str, Any] = {}
    for name, option in options.items():
        entry = {key: option[key] for key in COMPARED if option.get(key) not in (None, False, [])}
        entry.setdefault("type", "str")
        # `default: false` says something, `required: false` does not.
        if option.get("default") is False:
            entry["default"] = False
        if "choices" in entry:
            entry["choices"] = list(entry["choices"])
        if option.get(nested):
            entry["options"] = spec_of(option[nested], nested)
        spec[name] = entry
    return spec


def actions(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """The names of the modules, or whatever else is no keyword, in tasks and plays."""
    for task in tasks:
        inner = [item for key in LISTS_OF_TASKS for item in task.get(key) or []]
        yield from actions(inner)
        if "hosts" not in task:
            yield from (key for key in task if key not in KEYWORDS)


def fields_of(returned: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every value described in a RETURN block, at any depth."""
    for value in returned.values():
        yield value
        yield from fields_of(value.get("contains", {}))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_documents_the_options_it_takes(name: str) -> None:
    if hasattr(module(name), "main"):
        assert documented(name) == spec_of(module(name).ARGUMENTS, "options")
    else:  # It stands there for its documentation only, and the action does the work.
        action = importlib.import_module(f"{PACKAGE}.action.{name}").ActionModule
        assert documented(name).keys() == action._VALID_ARGS


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_use_it_by_its_full_name(name: str) -> None:
    used = set(actions(yaml.safe_load(module(name).EXAMPLES)))
    assert f"{COLLECTION}.{name}" in used
    assert all(action.count(".") == 2 for action in used), used


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_returns_and_when(name: str) -> None:
    described = list(fields_of(yaml.safe_load(module(name).RETURN)))
    assert described
    assert all({"description", "type"} <= value.keys() for value in described)


def test_the_action_group_names_every_module_that_works_on_an_account() -> None:
    on_accounts = [name for name in MODULES if "access_key" in documented(name)]
    assert sorted(load("meta/runtime.yml")["action_groups"]["aws"]) == on_accounts
    assert len(on_accounts) > 15


def test_every_action_has_a_module_that_documents_it() -> None:
    assert set(names("plugins/action", "*.py")) <= set(MODULES)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_declares_its_defaults_and_what_it_requires(role: str) -> None:
    defaults = load(f"roles/{role}/defaults/main.yml") or {}
    entries = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"].values()
    options = {name: option for entry in entries for name, option in entry["options"].items()}
    required = {name for name, option in options.items() if option.get("required")}
    assert not required & defaults.keys()
    assert options.keys() == defaults.keys() | required


@pytest.mark.parametrize("role", ROLES)
def test_a_role_documents_the_defaults_it_has(role: str) -> None:
    defaults = load(f"roles/{role}/defaults/main.yml") or {}
    entries = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"].values()
    said = {
        name: option["default"]
        for entry in entries
        for name, option in entry["options"].items()
        if "default" in option
    }
    assert said == {name: defaults.get(name) for name in said}


@pytest.mark.parametrize("role", SITE_TIERS)
def test_the_role_of_a_tier_has_the_options_and_defaults_of_its_module(role: str) -> None:
    fields = importlib.import_module(f"{PACKAGE}.module_utils.tiers.{role}").FIELDS
    defaults = load(f"roles/{role}/defaults/main.yml") or {}
    # JSON knows one kind of list only, as YAML does.
    declared = json.dumps({f"{role}_{f.name}": f.default for f in fields if not f.required})
    assert defaults == json.loads(declared)


def test_a_wrong_default_in_the_documentation_is_seen() -> None:
    code = {"wait": {"type": "bool", "default": True}}
    text = {"wait": {"type": "bool", "default": False, "description": "Whether to wait."}}
    assert spec_of(code, "options") != spec_of(text, "suboptions")


def test_a_short_module_name_in_an_example_is_seen_inside_a_block() -> None:
    play = yaml.safe_load("- hosts: all\n  tasks:\n    - block:\n        - network: {}\n")
    assert list(actions(play)) == ["network"]
