"""Everything that it takes to run a study again."""

import shlex
from dataclasses import asdict

import pytest
from answers import CLASSIFICATION, changed
from drawn import how_alike, made_by
from evidences import config_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from goru.cli.arguments import typed
from goru.errors import spelled
from goru.report.parts.repeating import command
from goru.studies.asked.options import Options
from goru.studies.fitting import TableOptions

CONFIG = config_of(CLASSIFICATION)
# As they reach a study: a column's name is read without white space at its ends.
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).filter(
    lambda word: word == word.strip()
)
NAMES = st.lists(WORDS, max_size=3).map(tuple)
MAYBE = st.none() | WORDS
HOSTILE = (
    "<script>",
    '"quoted", it\'s',
    "a,b",
    "$x",
    "`ls`",
    "-x",
    "--seed",
    "a\nb",
    "a\r\nb",
    "\\",
    '"',
    "'",
    "🙂",
    "*",
)


class StoppedError(Exception):
    """Raised where a study would begin."""


@pytest.fixture(scope="module")
def asked():
    """What a command asks of a study, as goru's own command line reads it."""
    from goru import cli, fitting

    def read(said: str) -> tuple[dict, dict]:
        found = {}

        def fit(table, options, *given):
            found.update(table=asdict(table), options=asdict(options))
            raise StoppedError

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fitting, "fit_table", fit)
            program, *words = shlex.split(said)
            assert program == "goru"
            with pytest.raises(StoppedError):
                cli.app(words, standalone_mode=False)
        return found["table"], found["options"]

    return read


def config(table: TableOptions, options: Options) -> dict:
    return {"table": asdict(table), "options": asdict(options)}


@st.composite
def tables(draw) -> TableOptions:
    task = draw(st.sampled_from(["classification", "regression"]))
    source, target, groups, time, test = draw(WORDS), draw(WORDS), draw(MAYBE), draw(MAYBE), draw(MAYBE)
    flags = draw(st.booleans()), draw(st.booleans())
    return TableOptions(source, target, task, draw(NAMES), draw(NAMES), groups, time, test, *flags)


@st.composite
def options(draw) -> Options:
    by_time = draw(st.booleans())
    return Options(
        budget=draw(st.floats(1e-3, 1e9)) if by_time else None,
        networks=None if by_time else draw(st.none() | st.integers(1, 1_000_000)),
        hidden=draw(st.none() | st.lists(st.integers(1, 65_536), min_size=1, max_size=4).map(tuple)),
        activation=draw(st.sampled_from(["relu", "sigmoid", "tanh", "gelu", "silu", "mish", "selu", "identity"])),
        batch_size=draw(st.none() | st.integers(2, 10_000)),
        seed=draw(st.integers(0, 2**32 - 1)),
        single=draw(st.booleans()),
        search_batch_norm=draw(st.booleans()),
        class_weight=draw(st.sampled_from([None, "balanced"])),
        epochs=draw(st.none() | st.integers(1, 1000)),
        until_decided=draw(st.booleans()),
        judge=draw(st.sampled_from([None, "brier", "mae"])),
        numbers=draw(st.sampled_from(["auto", "scaled", "squares", "pieces"])),
        factors=draw(st.sampled_from([None, ("all",), ("norm=none", "RMS norm", "mixup"), ("mixup,label-smoothing",)])),
    )


class TestTheCommand:
    @given(tables(), options())
    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_read_by_the_command_line_asks_for_the_same(self, asked, table, options):
        assert asked(command(config(table, options))) == (asdict(table), asdict(options))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_gives_hostile_names_as_they_are(self, asked, name):
        table = TableOptions(name, name, "regression", (name, "b"), (name,), name, name, name, True)
        assert asked(command(config(table, Options()))) == (asdict(table), asdict(Options()))

    def test_leaves_out_what_was_not_asked_for(self):
        assert command(CONFIG) == "goru fit credit.csv --target class --task classification --budget 120s --seed 0"
        given = config(TableOptions("iris"), Options(networks=36))
        assert command(given) == "goru fit iris --networks 36 --seed 0"

    def test_is_on_one_line(self):
        given = config(TableOptions("my table.csv", drop=("a,b", "c")), Options(single=True, hidden=(8, 4)))
        assert command(given) == (
            "goru fit 'my table.csv' --drop '\"a,b\"' --drop c --hidden 8,4 --single --seed 0"
        )  # fmt: skip

    @pytest.mark.parametrize("seconds", [0.1, 90, 120.0, 1234567.25, 1e17])
    def test_gives_a_budget_to_the_last_digit(self, asked, seconds):
        said = command(config(TableOptions("iris"), Options(budget=seconds)))
        assert asked(said)[1]["budget"] == seconds


class TestHowAlike:
    def test_of_a_number_of_networks_is_to_the_bit(self):
        asked = {"options": CONFIG["options"] | {"budget": None, "networks": 36}}
        assert how_alike(asked, CLASSIFICATION).startswith("With the same table, versions and kind of processor")

    @pytest.mark.parametrize("config", [None, CONFIG], ids=["unknown", "budget"])
    @pytest.mark.parametrize(
        ("configurations", "words"),
        [(1, "more or fewer than 1 configuration of"), (8, "more or fewer than 8 configurations of")],
    )
    def test_of_a_budget_is_in_kind(self, config, configurations, words):
        said = how_alike(config, changed(CLASSIFICATION, plan={"configurations": configurations}))
        assert words in said
        assert "With networks instead of budget runs are bit-for-bit reproducible." in said
        with spelled(typed):
            assert "With --networks instead of --budget runs are" in how_alike(config, CLASSIFICATION)


class TestByWhatItWasMade:
    def test_names_versions_the_machine_and_the_table(self):
        config = dict(CONFIG, sha256={"source": "a" * 64, "test": "b" * 64})
        assert dict(made_by(config, CLASSIFICATION).rows) == {
            **CLASSIFICATION["environment"],
            "SHA-256 of the table": "a" * 64,
            "SHA-256 of the test rows": "b" * 64,
        }

    def test_of_a_built_in_table_has_no_fingerprint(self):
        assert [row[0] for row in made_by(dict(CONFIG, sha256={}), CLASSIFICATION).rows] == list(
            CLASSIFICATION["environment"]
        )

    def test_may_be_unknown(self):
        answer = {name: value for name, value in CLASSIFICATION.items() if name != "environment"}
        assert list(made_by(None, answer).rows) == []
