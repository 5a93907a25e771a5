# One line per target: `make help`. Nothing here writes outside the checkout's ignored folders.
SHELL := /bin/bash
.DEFAULT_GOAL := help

export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export ANSIBLE_LOCAL_TEMP = $(ANSIBLE_HOME)/tmp
export ANSIBLE_REMOTE_TEMP = $(ANSIBLE_HOME)/tmp
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/tree
export PIP_CACHE_DIR ?= $(CURDIR)/.cache/pip
export PATH := $(CURDIR)/.venv/bin:$(PATH)

# The first Python on PATH that is new enough and runs.
PYTHON ?= $(shell tools/find_python.sh 3.11)
# Where hosts are real they serve an example application. What is not real is told no such address.
HAS_HOSTS = grep -qs controller_cidr .sandbox/connection.json
APP = examples/crowdfund
SERVED = $$($(HAS_HOSTS) && echo -i $(APP)/sandbox)
ARTIFACT = $(MAKE) --no-print-directory $(APP)/dist/$(notdir $(APP))-$(1).tar.gz
# One more than processors, for tests wait much of their time; with more their servers get slow.
WORKERS = $(shell n=$$(nproc); echo $$((n < 4 ? n + 1 : 4)))
# As they are collected, for what takes longest comes first: a story that waits goes with much else.
PYTEST = pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
LINK := .cache/tree/ansible_collections/operatingdev/phoenix
READY := .venv/ready $(LINK)

-include benchmarks/bench.mk

.PHONY: help venv tree site plan artifact release status psql shell fault validate failover switchover failback drill staging staging-back staging-rules play load fleet killed down provisioning test sweep lint types sanity unit real molecule build compat fmt pins clean recovery

help: ## the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements-dev.txt constraints-dev.txt
	@test -n "$(PYTHON)" || { echo "no Python 3.11 or newer on PATH" >&2; exit 1; }
	@test ! -L .venv || { echo ".venv is a link: making it anew would empty another checkout's" >&2; exit 1; }
	"$(PYTHON)" -m venv --clear .venv
	pip install -qq --no-compile --disable-pip-version-check -r requirements-dev.txt -c constraints-dev.txt && touch $@

$(LINK):
	mkdir -p $(@D) && ln -sfn ../../../.. $@

venv: .venv/ready ## the pinned tools, in .venv

tree: $(LINK) ## the checkout under the name Ansible looks for, in .cache/tree

# What a run leaves that is killed goes with the sandbox.
site plan release status validate failover switchover failback drill staging staging-back staging-rules play: export SANDBOX_FOLDER := $(CURDIR)/.sandbox
site plan release status validate failover switchover failback drill staging staging-back staging-rules play: export ANSIBLE_HOME := $(CURDIR)/.sandbox/ansible

site: $(READY) ## production and its recovery site, in the emulated account
	@python -m sandbox equip
	@python -m sandbox up --real auto
	@$(MAKE) --no-print-directory artifact
	ansible-playbook playbooks/site.yml -i inventories/sandbox $(SERVED)
	@if $(HAS_HOSTS); then python -m sandbox page shop.example.com; fi

plan: $(READY) ## what `make site` would do, and what it would cost; writes nothing
	@python -m sandbox equip
	@python -m sandbox up --real auto
	@$(MAKE) --no-print-directory artifact
	ansible-playbook playbooks/site.yml -i inventories/sandbox $(SERVED) --check --diff

# The first release, for hosts that can serve it.
artifact: $(READY)
	@if $(HAS_HOSTS); then $(call ARTIFACT,1); fi

release: $(READY) ## another version of the application: make release VERSION=2, or 1 to go back
	@$(HAS_HOSTS) || { echo "there is nothing to release to: make site starts hosts, where they can be real" >&2; exit 1; }
	@$(call ARTIFACT,$(VERSION))
	ansible-playbook playbooks/release.yml -i inventories/sandbox $(SERVED) -e "release_version='$(VERSION)'"

$(APP)/dist/$(notdir $(APP))-%.tar.gz: $(shell git ls-files $(APP) 2>/dev/null)
	@$(MAKE) --no-print-directory -C $(APP) artifact VERSION=$* PYTHON="$(PYTHON)"

status: $(READY) ## what runs of the emulated account, and how the environment in it stands
	@python -m sandbox status || test $$? -eq 3
	@if python -m sandbox status >/dev/null 2>&1; then ansible-playbook playbooks/status.yml -i inventories/sandbox \
	  $(SERVED); fi

psql: $(READY) ## a session in a site's database server: make psql SITE=home
	@python -m sandbox psql "$(SITE)" --database "$(or $(DATABASE),postgres)"

shell: $(READY) ## a session in a host: make shell HOST=i-0123456789abcdef0, or its address or name
	@python -m sandbox shell "$(HOST)"

fault: $(READY) ## let something go wrong: make fault F="zone-dies zone=us-east-1a"; alone it lists what can
	@python -m sandbox fault $(F)

load: $(READY) ## a million views of the page of `make site`, beside nginx as Debian sets it up
	@python -m sandbox equip ab=apache2-utils
	python -m tools.load --views "$(or $(VIEWS),1000000)"

fleet: $(READY) ## 40 hosts start, are replaced and go, 20 times, and nothing is left of them
	@python -m sandbox equip
	python -m tools.fleet --hosts "$(or $(HOSTS),40)" --rounds "$(or $(ROUNDS),20)"

killed: $(READY) ## `make site` killed at 24 moments, and nothing is left after `make down`
	@python -m sandbox equip
	python -m tools.killed --rounds "$(or $(ROUNDS),20)"

validate: $(READY) ## whether the recovery site could take over now
	ansible-playbook playbooks/dr_validate.yml -i inventories/sandbox $(SERVED)

failover: $(READY) ## the region of home goes dark, and the recovery site takes over
	@$(HAS_HOSTS) || { echo "there is nothing to fail over: make site starts real servers, where they can be" >&2; exit 1; }
	@python -m sandbox fault region-dark region=us-east-1
	ansible-playbook playbooks/dr_failover.yml -i inventories/sandbox $(SERVED) -e dr_confirm=production \
	  -e accept_unfenced=true -e "dr_reason='make failover made us-east-1 dark'"
	@python -m sandbox page shop.example.com

switchover: $(READY) ## the recovery site takes over while home is there, and nothing is lost
	@$(HAS_HOSTS) || { echo "there is nothing to move: make site starts real servers, where they can be" >&2; exit 1; }
	ansible-playbook playbooks/dr_switchover.yml -i inventories/sandbox $(SERVED) -e dr_confirm=production \
	  -e "dr_reason='make switchover'"
	@python -m sandbox page shop.example.com

failback: $(READY) ## the region of home is back: home becomes a replica, and serves again
	@python -m sandbox fault lifted
	ansible-playbook playbooks/dr_failback.yml -i inventories/sandbox $(SERVED) -e dr_confirm=production \
	  -e "dr_reason='home is back'"
	@python -m sandbox page shop.example.com

drill: $(READY) ## a failover is rehearsed in a copy of the recovery site, which is removed again
	@$(HAS_HOSTS) || { echo "there is nothing to rehearse with: make site starts real servers, where they can be" >&2; exit 1; }
	ansible-playbook playbooks/dr_drill.yml -i inventories/sandbox $(SERVED)

staging: $(READY) ## a copy of production with nobody's data in it; make staging CANDIDATE=2 rehearses a release
	@$(HAS_HOSTS) || { echo "there is nothing to copy: make site starts real servers, where they can be" >&2; exit 1; }
	@if test -n "$(CANDIDATE)"; then $(call ARTIFACT,$(CANDIDATE)); fi
	ansible-playbook playbooks/staging.yml -i inventories/sandbox $(SERVED) \
	  -e "staging_mirror_candidate='$(CANDIDATE)'"
	@python -m sandbox page staging.shop.example.com

staging-rules: $(READY) ## proposes what becomes of each column in a staging copy, to be looked through
	ansible-playbook playbooks/staging_rules.yml -i inventories/sandbox $(SERVED)

staging-back: $(READY) ## the name of staging leads to the copy before again
	ansible-playbook playbooks/staging_back.yml -i inventories/sandbox $(SERVED)
	@python -m sandbox page staging.shop.example.com

play: $(READY) ## any other playbook in the emulated account: make play PLAYBOOK=dr_failover WITH="-e dr_confirm=production"
	ansible-playbook "playbooks/$(PLAYBOOK).yml" -i inventories/sandbox $(SERVED) $(WITH)

down: $(READY) ## stop the emulated account and remove all that it made
	@python -m sandbox down
	rm -rf .cache/images .cache/packages

provisioning: $(READY) ## how close a first build comes to AWS's own times, 10 times as fast
	python -m benchmarks.provisioning

recovery: $(READY) ## what a failover takes beyond AWS's own times, 20 times as fast, on real servers
	@python -m sandbox equip
	python -m benchmarks.recovery --speed "$(or $(SPEED),20)"

test: ## all that CI runs
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint types sanity
	@python -m sandbox equip chromium=chromium
	$(PYTEST) -m "(not real or sample) and not sweep" tests

sweep: $(READY) ## the cases that `make test` shows by others: more moments, more orders
	@python -m sandbox equip chromium=chromium
	$(PYTEST) -m "sweep" tests

real: $(READY) ## the tests on real servers; needs root, and installs podman and friends
	@python -m sandbox equip chromium=chromium
	pytest -m real tests

molecule: export MOLECULE_SANDBOX := $(CURDIR)/.cache/molecule/sandbox
molecule: export PYTHONPATH := $(CURDIR)
molecule: $(READY) ## what extensions/molecule asks of a role on a new real host: make molecule ROLE=web_host
	@python -m sandbox equip
	@trap 'python -m sandbox --dir "$$MOLECULE_SANDBOX" down' EXIT; \
	python -m sandbox --dir "$$MOLECULE_SANDBOX" up --real yes && \
	molecule test $(if $(ROLE),--scenario-name "$(ROLE)",--all)

lint: $(READY) ## ruff, yamllint, ansible-lint, changelog fragments
	ruff check . && ruff format --check . && yamllint --strict .
	ansible-lint
	antsibull-changelog lint

types: $(READY) ## mypy --strict
	mypy
	MYPYPATH=roles/web_host/files mypy roles/web_host/files/*.py
	MYPYPATH=roles/web_host/files:roles/database/files mypy roles/database/files/*.py
	@$(MAKE) --no-print-directory -C examples/crowdfund types

sanity: $(READY) ## every ansible-test sanity test, on the built collection
	python tools/sanity.py

unit: $(READY) ## the tests that need no emulated account
	$(PYTEST) tests/unit

build: $(READY) ## the collection's artifact, in dist
	ansible-galaxy collection build --force --output-path dist

compat: $(READY) ## the tests on Python 3.13 with the newest ansible-core
	tools/compat.sh

fmt: $(READY) ## lay the code out
	ruff format . && ruff check --fix .

pins: ## renew constraints-dev.txt from requirements-dev.txt
	rm -rf .venv && "$(PYTHON)" -m venv .venv && pip install -r requirements-dev.txt
	pip freeze > constraints-dev.txt && touch .venv/ready

clean: ## remove all that the other targets made
	@if [ -x .venv/bin/python ] && [ -d sandbox ]; then python -m sandbox down; fi
	rm -rf .cache .venv .venv-* .ansible .sandbox .hypothesis .mypy_cache .pytest_cache .ruff_cache dist examples/*/.cache examples/*/dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
