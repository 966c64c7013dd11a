"""Every claim reads what was planted: classes or values, one table or several."""

import numpy as np
import pytest
from claimed import numbered, setup, table
from planted import SEEDS, WILD, figure_of, four, plant, read, texts_of, verdicts, with_networks

from goru.claims.claim import said
from goru.claims.running import NAMES, claim

# Claims whose verdict, or what is told of it, is about scores.
OF_SCORES = {"bn-speed", "bn-init", "bn-overfit", "overfitting", "large-weights", "weight-decay", "dropout"}
OF_SCORES |= {"dropout-ensemble", "layer-norm", "mixup"}


def planted(name, of):
    return read(name, of, with_networks(name, of, plant(name, of)))


@pytest.mark.parametrize("classes", [3, 0], ids=["classes", "values"])
@pytest.mark.parametrize("name", NAMES)
def test_every_claim_says_something_and_draws_it(name, classes, monkeypatch):
    of = four(classes)
    found = planted(name, of)
    assert found.said == said(claim(name).expected, tuple(verdicts(found)))
    assert found.paragraph.endswith(claim(name).meaning[found.said])
    for effect in found.effects:
        assert np.isfinite([effect.change, effect.low, effect.high]).all()
        assert effect.margin > 0
    assert len(found.frame) == len(claim(name).plan(of)) * SEEDS
    assert all(len(frame) for frame in found.tables.values())
    figure = figure_of(found, monkeypatch) if classes else found.figure()  # laid out and drawn, they are alike
    assert tuple(figure.get_size_inches()) == claim(name).size
    shown = texts_of(figure)
    assert "nan" not in (found.paragraph + shown).lower()
    told = found.paragraph + repr(found) + shown
    score, other = ("accuracy", "explained variance") if classes else ("explained variance", "accuracy")
    assert (score in told) == (name in OF_SCORES)
    assert other not in told


@pytest.mark.parametrize("name", NAMES)
def test_a_small_table_will_do(name):
    found = planted(name, setup(numbered(100), seeds=SEEDS))
    assert found.said in claim(name).meaning


@pytest.mark.parametrize("name", NAMES)
def test_the_sizes_of_the_book_are_read_too(name):
    of = four(book=True)
    found = planted(name, of)
    assert found.said in claim(name).meaning


@pytest.mark.parametrize("name", ["bn-overfit", "bn-placement", "bn-hyper", "bn-suffices", "decay-or-dropout", "mixup"])
def test_seeds_that_differ_wildly_decide_nothing(name):
    of = four()
    keys = list(claim(name).plan(of))
    turns = np.random.default_rng(0).integers(SEEDS, size=len(keys))
    losses = {key: np.roll(WILD, turn) for key, turn in zip(keys, turns, strict=True)}
    results = plant(name, of)
    for key, found in results.items():
        found.final[:] = np.stack([losses[key], losses[key] / 4], axis=1)
    found = read(name, of, results)
    assert "inconclusive" in verdicts(found)
    if len(found.effects) == 1:
        assert found.said == "inconclusive"
        assert "nothing can be said" in found.paragraph


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_says_where_its_promise_comes_from_and_what_every_word_would_mean(name):
    one = claim(name)
    assert one.question.endswith("?")
    assert one.promise.endswith(".")
    assert {*one.meaning} == {"holds", "holds in part", "does not hold", "inconclusive"}
    assert len({*one.meaning.values()}) == 4
    assert one.sources
    assert all(source.url.startswith("https://") for source in one.sources)
    assert one.keep in ("nothing", "networks", "snapshots")


@pytest.mark.parametrize("name", NAMES)
def test_the_setting_tells_seeds_and_table(name):
    text = claim(name).setting(four())
    assert "4 seeds" in text or "networks a seed" in text
    assert table().name in text
    assert f"{four().overfitting.rows} rows" in text or f"{four().learning.rows} rows" in text
