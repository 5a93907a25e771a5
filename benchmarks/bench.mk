# The benchmark. Its peer has an environment of its own: .venv-bench.
.venv-bench/ready: benchmarks/requirements.txt
	"$(PYTHON)" -m venv --clear .venv-bench
	.venv-bench/bin/pip install -qq --disable-pip-version-check -r $< && touch $@

.PHONY: bench
bench: $(READY) .venv-bench/ready ## side by side with amazon.aws, and with the floor
	@python -m benchmarks.run $(BENCH)
