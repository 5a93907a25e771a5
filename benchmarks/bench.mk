# The benchmark. Its peer has an environment of its own: .venv-bench.
.venv-bench/ready: benchmarks/requirements.txt
	"$(PYTHON)" -m venv --clear .venv-bench
	.venv-bench/bin/pip install -qq --disable-pip-version-check -r $< && touch $@

.PHONY: bench
bench: $(READY) .venv-bench/ready ## side by side with amazon.aws, and with the floor
	@python -m benchmarks.run $(BENCH)

.PHONY: masking
masking: $(READY) .venv-bench/ready ## a million rows are masked, beside pynonymizer
	@python -m sandbox equip psql=postgresql
	@PYTHONPATH=.cache/tree python -m benchmarks.masking --customers "$(or $(CUSTOMERS),70000)" --rounds "$(or $(ROUNDS),3)"
