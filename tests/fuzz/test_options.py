"""Commands with options of any value, in any number."""

import shutil
from itertools import chain
from pathlib import Path
from unittest import mock

import pytest
from calling import call, place
from counting import cases
from hypothesis import given
from hypothesis import strategies as st
from made_up import WORDS, make_table, numbers, texts

words = st.one_of(st.sampled_from(WORDS), texts, numbers.map(str), st.floats().map(repr)).filter(
    lambda it: "\0" not in it
)
widths = st.lists(numbers, max_size=3).map(lambda some: ",".join(map(str, some)))
times = st.tuples(
    st.one_of(numbers.map(str), st.floats().map(repr)), st.sampled_from(["", "s", "m", "h", "d", "S", " s"])
)
paths = st.sampled_from(
    [
        ".",
        "..",
        "/",
        "",
        " ",
        "out",
        "a/b/c",
        "t.csv",
        "t.csv/run",
        "x" * 300,
        "~",
        "/dev/null",
        "/proc/run",
        "\udcff",
        "🙂",
    ]
)

FIT = {
    "--target": words,
    "--task": st.one_of(words, st.sampled_from(["classification", "regression"])),
    "--drop": words,
    "--categorical": words,
    "--groups": words,
    "--time": words,
    "--test": st.one_of(words, paths),
    "--budget": st.one_of(words, times.map("".join)),
    "--networks": st.one_of(words, numbers.map(str)),
    "--hidden": st.one_of(words, widths, st.just(",".join(["4"] * 200))),
    "--activation": st.one_of(words, st.sampled_from(["relu", "RELU", "identity"])),
    "--batch-size": st.one_of(words, numbers.map(str)),
    "--numbers": st.one_of(words, st.sampled_from(["auto", "scaled", "squares", "pieces"])),
    "--class-weight": st.one_of(words, st.just("balanced")),
    "--judge": st.one_of(words, st.sampled_from(["log-loss", "brier", "accuracy", "rmse", "mae"])),
    "--seed": st.one_of(words, numbers.map(str)),
    "--out": st.one_of(words.map(lambda name: f"out/{name}"), paths),
    **dict.fromkeys(("--merge-rare", "--single", "--search-batch-norm", "--overwrite", "--resume"), st.none()),
    **dict.fromkeys(("--explain", "--help", "--no-such-option", "--", "-"), st.none()),
}
PREDICT = {
    "--output": paths,
    "-o": st.one_of(paths, words),
    **dict.fromkeys(("--proba", "--help", "--overwrite"), st.none()),
}
REPORT = {"--output": paths, "-o": st.one_of(paths, words), **dict.fromkeys(("--compare", "--overwrite"), st.none())}
CLAIMS = {
    "--data": st.one_of(words, paths, st.just("t.csv")),
    "--target": words,
    "--task": words,
    "--preset": st.one_of(words, st.sampled_from(["digits", "book"])),
    "--seeds": st.one_of(words, numbers.map(str)),
    "--out": paths,
    **dict.fromkeys(("--list", "--overwrite", "--help"), st.none()),
}


def given_with(options: dict[str, st.SearchStrategy]) -> st.SearchStrategy[list[str]]:
    """Some of the options, in any order, once or more often."""

    def one(option: str) -> st.SearchStrategy[list[str]]:
        value = options[option]
        return value.flatmap(
            lambda given: (
                st.sampled_from([[option], [option, given], [f"{option}={given}"]])
                if given is not None
                else st.just([option])
            )
        )

    return st.lists(st.sampled_from(sorted(options)).flatmap(one), max_size=5).map(lambda parts: [*chain(*parts)])


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("options") / "here"


@pytest.fixture
def table() -> str:
    return make_table(40).to_csv(index=False)


sources = st.one_of(
    st.just("t.csv"), st.just("t.csv"), words, paths, st.sampled_from(["iris", "Iris", "irris", "diabetes"])
)


@cases(8)
@given(source=st.lists(sources, min_size=0, max_size=2), options=given_with(FIT))
def test_fit(here, table, source, options):
    with place(here):
        Path("t.csv").write_text(table)
        call("fit", *source[:1], *options, *source[1:], topic="options of fit")


@cases(4)
@given(task=st.sampled_from(["classification", "regression"]), source=sources, options=given_with(PREDICT))
def test_predict(here, table, runs, task, source, options):
    with place(here):
        Path("t.csv").write_text(table)
        call("predict", runs[task], source, *options, topic="options of predict")


@cases(1)
@given(
    folders=st.lists(st.one_of(words, paths), max_size=3),
    options=given_with({"--json": st.none(), "--help": st.none()}),
)
def test_show(here, runs, folders, options):
    with place(here):
        call("show", *folders, *options, topic="options of show")


@cases(2)
@given(
    folders=st.lists(st.one_of(paths, st.sampled_from(["classification", "regression"])), max_size=3),
    options=given_with(REPORT),
)
def test_report(here, runs, folders, options):
    """Runs are not changed but for the report in them, so those that are shared are copied."""
    with place(here):
        for task in set(folders) & set(runs):
            shutil.copytree(runs[task], task)
        call("report", *folders, *options, topic="options of report")


@cases(2)
@given(
    claims=st.lists(st.one_of(words, st.sampled_from(["dropout", "bn-speed", "Dropout"])), max_size=3),
    options=given_with(CLAIMS),
)
def test_claims(here, table, claims, options):
    """Nothing is trained: what would be tried is found out before."""
    with (
        place(here),
        mock.patch("goru.claims.running.run_all", return_value=()),
        mock.patch("goru.claims.page.write_claims"),
    ):
        Path("t.csv").write_text(table)
        call("claims", *claims, *options, topic="options of claims")


@cases(1)
@given(given=st.lists(words, min_size=1, max_size=6))
def test_any_words(here, given):
    with place(here):
        call(*given, topic="any words")
