# Everything on a fresh machine that has Python 3.11 or newer, and make.
PYTHON ?= python3
BIN := .venv/bin
CASES ?= 12000
# Two processes: nearly every machine has two cores. A test that hangs ends its process, and is not tried again.
TWO := -n 2 --dist loadfile --max-worker-restart 0
FAST := -m "not slow" -o faulthandler_timeout=300 $(TWO)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED ?= yes  # no: what pyproject.toml allows today, for Pythons that the pins are not made for

# Tests of layers, while which the shapes of all arrays are checked: that takes long on small networks.
ARRAYS := tests/nn
NUMERIC := tests/nn tests/population tests/model tests/estimators tests/export

.PHONY: demo test test-slow test-kernels fuzz docs lint types dist lock clean

demo: .venv/run  ## install, run a study of the digits for a minute, say where the results are
	$(BIN)/goru fit digits --budget 60s --overwrite
	@echo
	@echo "The networks, every trial and the answer are in runs/digits. Next:"
	@echo "  $(BIN)/goru show runs/digits"
	@echo "  $(BIN)/goru fit your-table.csv --target the-column-to-predict"

test: lint types  ## lint, types, and the fast tests
	$(BIN)/pytest $(FAST) $(ARRAYS)
	GORU_SHAPES=0 $(BIN)/pytest $(FAST) $(patsubst %,--ignore=%,$(ARRAYS))

test-slow: .venv/test  ## the tests that take minutes
	GORU_SHAPES=0 $(BIN)/pytest -m slow $(TWO)

test-kernels: .venv/test  ## the numeric tests with each kernel of OpenBLAS that this processor has; others round differently
	for kernel in Haswell $$(grep -qs avx512f /proc/cpuinfo && echo SkylakeX); do \
		GORU_SHAPES=0 OPENBLAS_CORETYPE=$$kernel $(BIN)/pytest $(FAST) $(NUMERIC) || exit 1; \
	done

fuzz: .venv/test  ## bad input, made up by the thousand: a quarter of an hour
	GORU_FUZZ_CASES=$(CASES) $(BIN)/pytest tests/fuzz

docs: .venv/docs  ## the documentation as a site, in site/; a broken link or a missing reference is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test
	$(BIN)/mypy

.venv/run: pyproject.toml requirements/run.txt
	$(PYTHON) -m venv .venv
	$(if $(filter no,$(PINNED)),,$(PIP) -r requirements/run.txt)
	$(PIP) $(if $(filter no,$(PINNED)),,--no-deps) --editable .
	touch $@

.venv/test: .venv/run requirements/test.txt
	$(PIP) $(if $(filter no,$(PINNED)),--editable ".[test]",-r requirements/test.txt)
	touch $@

.venv/docs: .venv/run requirements/docs.txt
	$(PIP) -r requirements/docs.txt
	touch $@

dist: .venv/run  ## wheel and source distribution in dist/; the wheel is installed into an empty environment and tried
	rm -rf dist .venv-dist
	$(PIP) build
	$(BIN)/python -m build --outdir dist . >/dev/null
	$(PYTHON) -m venv .venv-dist
	.venv-dist/bin/python -m pip install --quiet --disable-pip-version-check -c requirements/run.txt dist/*.whl
	cd dist && ../.venv-dist/bin/python ../tests/smoke.py
	rm -rf .venv-dist

lock:  ## pin what pyproject.toml allows today
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check .
	.venv-lock/bin/python -m pip freeze --exclude goru > requirements/run.txt
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check ".[test]"
	.venv-lock/bin/python -m pip freeze --exclude goru > requirements/test.txt
	rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check $$(sed -n 's/^docs = \[\(.*\)\]/\1/p' pyproject.toml | tr -d '",')
	.venv-lock/bin/python -m pip freeze > requirements/docs.txt
	rm -rf .venv-lock

clean:
	rm -rf .venv .venv-dist dist .pytest_cache .mypy_cache .ruff_cache
