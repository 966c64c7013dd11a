"""`goru.live.snippet`: the program that a page shows trains the networks that it shows."""

import contextlib
import io
import itertools

import pytest
from live_states import PLAIN, with_data, with_network, with_training

from goru.live.networks.training import train
from goru.live.rows import Source, table
from goru.live.snippet import EPOCHS, expressible, snippet
from goru.live.state import State

CASES = {
    "batch norm, dropout and decay": with_network(norm="after", dropout=0.2, decay=0.01),
    "decoupled": with_training(with_network(norm="before", decay=0.1, decay_form="decoupled"), optimizer="momentum"),
    "sigmoid": with_network(activation="sigmoid", initial=0.3, dropout=0.4, hidden=(6,)),
    "xavier": with_training(with_network(activation="gelu", initial="xavier"), optimizer="sgd", rate=0.3, seeds=1),
    "the norm itself": with_network(norm="before", decay=0.01, decay_form="norm"),
    "a row left": with_data(with_training(with_network(norm="before"), batch=29), useless=1),
    "one batch": with_training(with_network(decay=0.1), batch=1024),
    "no hidden layer": with_network(hidden=(), decay=0.1),
}


def check_losses(state: State, epochs: int = 4, rows=None, call=None) -> None:
    text = snippet(state, Source(rows).rows(state), call)
    for end in ("range(1, {}", "== {}"):
        text = text.replace(end.format(EPOCHS + end.startswith("r")), end.format(epochs + end.startswith("r")))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(text, {})
    frames = list(itertools.islice(train(state, rows), epochs + 1))
    lines = [line.split() for line in printed.getvalue().splitlines()]
    assert {int(line[0]) for line in lines} >= set(range(1, epochs + 1))
    for epoch, side, _, _, training, _, _, validation in lines:
        losses = frames[int(epoch)]["sides"][side]["losses"]
        assert float(training) == pytest.approx(losses["training"]["mean"][0], abs=1.1e-4)
        assert float(validation) == pytest.approx(losses["validation"]["mean"][0], abs=1.1e-4)
    assert {line[1] for line in lines} == set(frames[0]["sides"])


@pytest.mark.parametrize("state", CASES.values(), ids=CASES)
def test_its_losses_are_those_of_the_frames(state):
    check_losses(state)


@pytest.mark.parametrize("name", ["iris", pytest.param("breast_cancer", marks=pytest.mark.slow), "diabetes"])
def test_so_they_are_on_a_table(name):
    state = State(None, PLAIN.network, PLAIN.training)
    check_losses(with_network(state, norm="before", dropout=0.1), 2, table(name), (name, {}))


@pytest.mark.slow
def test_so_they_are_after_a_hundred_epochs():
    """Rounding differs, and grows; in a hundred epochs on a network this small by less than a thousandth."""
    state = with_training(with_data(with_network(norm="before", decay=0.01), name="moons", rows=300), rate=0.003)
    check_losses(state, 100)


def test_the_perceptrons_are_used_where_they_have_words_for_it():
    rows = Source().rows(PLAIN)
    for name, state in CASES.items():
        other = name in ("the norm itself", "a row left")
        assert expressible(state, rows) is not other
        assert ("MLPClassifier" in snippet(state, rows)) is not other


def test_options_of_a_table_are_in_it():
    rows = table("iris", drop=["sepal width (cm)"])
    state = State(None, PLAIN.network, PLAIN.training)
    text = snippet(state, rows, ("iris", {"drop": ("sepal width (cm)",)}))
    assert "goru.live.table('iris', drop=('sepal width (cm)',))" in text
    assert "goru.live.table(TABLE)" in snippet(state, rows)
