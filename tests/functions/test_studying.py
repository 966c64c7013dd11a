"""A study that is kept in a folder, stopped and resumed."""

import numpy as np
import pytest
from user_functions import classes, design, logistic, shares, study, trials

import goru

X, Y = classes()
TUNED = {"design": design(knobs={"rate": goru.log_uniform(0.05, 2)}), "n_trials": 60, "test": True}


class Stoppable:
    """Trains as `logistic` does until it has been called so often; then the user presses Ctrl-C."""

    def __init__(self, after=np.inf):
        self.after, self.calls = after, []

    def __call__(self, fit, validation, config, seed):
        if len(self.calls) >= self.after:
            raise KeyboardInterrupt
        self.calls.append((tuple(sorted(config.items())), tuple(fit.indices)))
        return (yield from logistic(fit, validation, config, seed))


def begun(folder, after=20, **more):
    train = Stoppable(after)
    with pytest.raises(KeyboardInterrupt):
        study(train, X, Y, folder=folder, **{**TUNED, **more})
    return train


def same(one, other):
    assert one.answer.effects == other.answer.effects
    assert one.answer.recommended == other.answer.recommended
    assert one.answer.test == other.answer.test
    assert one.evidence == other.evidence
    columns = ["arm", "configuration", "split"]
    ordered = [trials(result).sort_values(columns).reset_index(drop=True) for result in (one, other)]
    assert ordered[0].equals(ordered[1])


@pytest.fixture(scope="module")
def whole():
    train = Stoppable()
    return study(train, X, Y, **TUNED), train


@pytest.mark.parametrize("after", [1, 20, 59, 60, 61])
def test_a_study_that_was_stopped_and_goes_on_is_one_that_never_was(tmp_path, whole, after):
    first = begun(tmp_path / "run", after)
    again = Stoppable()
    result = study(again, X, Y, folder=tmp_path / "run", **TUNED)
    same(result, whole[0])
    np.testing.assert_array_equal(result.model, whole[0].model)
    made = first.calls[:60] + again.calls
    assert len(set(made)) == len(made) == len(set(whole[1].calls))


def test_it_can_be_stopped_again_and_again(tmp_path, whole):
    for _ in range(3):
        begun(tmp_path / "run", 15)
    same(study(Stoppable(), X, Y, folder=tmp_path / "run", **TUNED), whole[0])


def test_what_failed_is_not_made_again(tmp_path):
    calls = []

    def train(fit, validation, config, seed):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        if config.scaled:
            raise ValueError("bad")
        yield from shares(fit, validation, config, seed)

    with pytest.raises(KeyboardInterrupt):
        study(train, X, Y, folder=tmp_path / "run")
    result = study(train, X, Y, folder=tmp_path / "run")
    assert len(calls) == 10 + 1 + 1  # trials, the one that was stopped, and the last training
    assert result.answer.failures[0].of == 5


def test_a_run_that_is_whole_only_has_to_be_put_in_its_place(tmp_path, monkeypatch):
    def stopped(folder):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("goru.studies.runs.folder.publish", stopped)
        with pytest.raises(KeyboardInterrupt):
            study(shares, X, Y, folder=tmp_path / "run")

    result = study(shares, X, Y, folder=tmp_path / "run")
    assert result.answer == goru.load(tmp_path / "run").answer
    with pytest.raises(goru.InputError, match="finished"):
        study(shares, X, Y, folder=tmp_path / "run")


def other(fit, validation, config, seed):
    yield from logistic(fit, validation, config, seed)


def pairs(first):
    """Two folds, of which one is these rows."""
    rows = np.arange(len(X))
    return [(rows[~first], rows[first]), (rows[first], rows[~first])]


@pytest.mark.parametrize(
    ("train", "more", "words"),
    [
        (None, {"design": design(knobs={"rate": goru.log_uniform(0.05, 3)})}, "design"),
        (None, {"design": design()}, "design"),
        (other, {}, "function"),
        (None, {"X": X + 1}, "table|rows|data"),
        (None, {"y": np.roll(Y, 1)}, "table|rows|data"),
        (None, {"sample_weight": np.arange(1, 81)}, "table|rows|data"),
        (None, {"groups": np.arange(80) // 2}, "table|rows|data"),
        (None, {"stratify": np.arange(80) % 2}, "stratify"),
        (None, {"seed": 1}, "seed"),
        (None, {"n_trials": 90}, "trials"),
        (None, {"test": False}, "test"),
        (None, {"cv": 3}, "cv"),
        (None, {"loss": lambda y, p: np.ones(len(y))}, "loss"),
        (None, {"task": "classification"}, "task"),
    ],
)
def test_what_was_begun_with_something_else_does_not_go_on(tmp_path, train, more, words):
    begun(tmp_path / "run")
    rows = {"X": X, "y": Y, **{name: more[name] for name in ("X", "y") if name in more}}
    asked = {**TUNED, **{name: value for name, value in more.items() if name not in rows}}
    with pytest.raises(goru.InputError, match=words) as refused:
        study(train or Stoppable(), *rows.values(), folder=tmp_path / "run", **asked)
    assert "\n" not in str(refused.value)
    assert "--" not in str(refused.value)
    assert "overwrite=True" in str(refused.value)
    study(train or Stoppable(), *rows.values(), folder=tmp_path / "run", overwrite=True, **asked)


def test_other_folds_do_not_go_on(tmp_path):
    more = {**TUNED, "n_trials": 12, "test": False}
    begun(tmp_path / "run", 5, **{**more, "cv": pairs(np.arange(len(X)) % 2 == 0)})
    with pytest.raises(goru.InputError, match="changed"):
        study(Stoppable(), X, Y, folder=tmp_path / "run", **{**more, "cv": pairs(np.arange(len(X)) < 40)})


def test_more_workers_may_go_on(tmp_path, whole):
    begun(tmp_path / "run", 50)
    same(study(Stoppable(), X, Y, folder=tmp_path / "run", workers=1, **TUNED), whole[0])


def test_a_finished_run_is_replaced_only_if_that_is_wanted(tmp_path):
    study(shares, X, Y, folder=tmp_path / "run")
    with pytest.raises(goru.InputError, match="overwrite=True") as refused:
        study(shares, X, Y, folder=tmp_path / "run")
    assert "--" not in str(refused.value)
    result = study(shares, X, Y, folder=tmp_path / "run", overwrite=True, seed=3)
    assert goru.load(tmp_path / "run").answer == result.answer


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(goru.InputError, match="folder"):
        study(shares, X, Y, folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_run_is_loaded_and_shows_itself(tmp_path):
    result = study(logistic, X, Y, folder=str(tmp_path / "run"))
    run = goru.load(tmp_path / "run")
    assert str(run) == str(result)
    assert run.effects.equals(result.effects)
    assert run.trials.equals(result.trials)
    assert run.evidence == result.evidence
    run.plot_arms()
    with pytest.raises(goru.InputError) as refused:
        run.model  # noqa: B018
    assert "\n" not in str(refused.value)
    assert "function" in str(refused.value)
    assert (tmp_path / "run" / "report.html").is_file()


def test_nothing_is_left_of_a_study_that_could_not_begin(tmp_path):
    with pytest.raises(goru.InputError):
        study(lambda *given: None, X, Y, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_rows_that_nobody_can_compare_go_on(tmp_path):
    class Rows:
        """Cannot be pickled."""

        def __len__(self):
            return len(X)

        def __getitem__(self, index):
            return X[index]

        def __reduce__(self):
            raise TypeError("no")

    begun_with = Stoppable(5)
    with pytest.raises(KeyboardInterrupt):
        study(begun_with, Rows(), Y, folder=tmp_path / "run")
    assert len(study(Stoppable(), Rows(), Y, folder=tmp_path / "run").trials) == 10


class TestUntilDecided:
    """Of a factor that changes much, and of one that changes nothing."""

    @staticmethod
    def train(fit, validation, config, seed):
        noise = np.random.default_rng(seed).normal(scale=0.01, size=len(validation.y))
        yield goru.losses(1 + noise - 0.5 * bool(config.get("scaled")))

    def ended(self, **more):
        return study(self.train, X, Y, design=design(), n_trials=20, until_decided=True, **more).answer

    def test_it_ends_as_soon_as_everything_is_decided(self):
        answer = self.ended()
        assert answer.trained.networks < 20
        assert answer.effects[0].verdict == "helps"
        assert any("as all main effects are decided" in sentence for sentence in answer.plan.shortfalls)
        assert answer.judgement.confidence > 0.95

    def test_a_folder_says_what_was_asked(self, tmp_path):
        self.ended(folder=tmp_path / "run")
        with pytest.raises(goru.InputError, match="finished"):
            self.ended(folder=tmp_path / "run")
        assert goru.load(tmp_path / "run").config["options"]["until_decided"] is True
