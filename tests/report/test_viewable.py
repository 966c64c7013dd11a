"""A study that shows itself: its figures, its frames, itself in a notebook, and its whole report."""

import shutil
from pathlib import Path

import drawn
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from evidences import config_of, two, write_run
from looking import Page, drawable

import goru
from goru.errors import InputError, spelled
from goru.estimators.parameters import ARGUMENTS
from goru.report.fragment import fragment
from goru.report.run import Run, load
from goru.report.study_page import html
from goru.report.terminal import answer_lines
from goru.report.viewable import Viewable

OLDER = Path(__file__).parent.parent / "older" / "version-4"
PLOTS = ("plot_effects", "plot_curves", "plot_activations", "plot_hyperparameters")
GIVEN = {"n_networks": 36, "hidden_layer_sizes": (4, 4), "epochs": 3, "numbers": "scaled", "random_state": 0}
X = np.random.default_rng(0).normal(size=(60, 4))
TARGETS = {
    "two": np.where(X[:, 0] > 0, "<b>yes</b>", "no"),
    "three": np.digitize(X[:, 0] + X[:, 1], [-0.6, 0.6]),
    "numbers": 50 + 10 * X[:, 0] - 4 * X[:, 1],
}


@pytest.fixture(scope="module", params=TARGETS)
def study(request):
    """Of an estimator that was fitted on rows in memory: it has no test rows."""
    model = goru.MLPRegressorCV if request.param == "numbers" else goru.MLPClassifierCV
    return model(**GIVEN).fit(X, TARGETS[request.param]).study_


class TestAStudyInMemory:
    @pytest.mark.parametrize("plot", PLOTS)
    def test_has_its_pictures_as_figures_of_plotly(self, study, plot):
        figure = getattr(study, plot)()
        assert isinstance(figure, go.Figure)
        assert len(figure.data) > 0
        assert drawable(figure)

    def test_shows_itself_in_a_notebook(self, study):
        assert study._repr_html_() == fragment(study.answer)
        assert study.answer.advice in Page(study._repr_html_()).text

    def test_prints_the_whole_answer(self, study):
        with spelled(ARGUMENTS):
            assert str(study).splitlines() == list(answer_lines(study.answer))

    def test_has_a_frame_of_effects_and_one_of_trials(self, study):
        assert isinstance(study.effects, pd.DataFrame)
        assert list(study.effects["name"]) == [effect.name for effect in study.answer.effects]
        assert len(study.trials) == study.answer.trained.networks
        assert set(study.trials["arm"]) == {arm.arm for arm in study.evidence.arms}

    def test_has_evidence_that_agrees_with_its_answer_and_its_trials(self, study):
        curves = study.evidence.curves
        assert curves.plain.overfitting == study.answer.plain
        assert curves.recommended.arm == study.answer.recommended[0].arm
        configurations = study.trials.groupby(["arm", "configuration"]).ngroups
        assert len(study.evidence.configurations) == configurations

    def test_has_a_report_of_validation_rows(self, study):
        page = Page(html(study.answer, study.evidence))
        assert set(page.figures) >= {"effects", "curves", "activations", "hyperparameters", "arms", "interactions"}
        assert set(page.figures) & {"confusion", "values"}
        assert "test" not in page.figures
        assert "development rows, each predicted by networks that were not trained on it" in page.text

    def test_writes_its_report_and_spares_what_is_there(self, study, tmp_path):
        path = tmp_path / "report.html"
        study.write_report(path)
        with spelled(ARGUMENTS):
            assert path.read_text("utf-8") == html(study.answer, study.evidence)
        assert "With n_networks instead of budget runs are" in Page(path.read_text("utf-8")).text
        path.write_text("mine", encoding="utf-8")
        with pytest.raises(InputError, match=r"is there already\. Give overwrite=True"):
            study.write_report(path)
        assert path.read_text("utf-8") == "mine"
        study.write_report(path, overwrite=True)
        assert Page(path.read_text("utf-8")).figures


class TestARunOnDisk:
    @pytest.fixture
    def run(self, tmp_path):
        return load(write_run(tmp_path / "run", *two()))

    def test_is_what_goru_load_opens(self, run, tmp_path):
        assert type(goru.load(tmp_path / "run")) is Run
        assert isinstance(run, Viewable)

    @pytest.mark.parametrize("plot", PLOTS)
    def test_has_the_pictures_of_its_report(self, run, plot):
        name = plot.removeprefix("plot_")
        shown = Page(drawn.html(*two(), config_of(two()[0]))).figures[name]
        assert drawable(getattr(run, plot)()) == shown

    def test_shows_and_prints_its_answer(self, run):
        assert run._repr_html_() == drawn.fragment_of(two()[0])
        assert str(run).splitlines() == list(drawn.answer_lines(two()[0]))
        assert list(run.effects["verdict"]) == [effect["verdict"] for effect in two()[0]["effects"]]

    def test_that_an_older_goru_has_written_has_an_answer_and_no_pictures_but_that_of_effects(self, tmp_path):
        folder = shutil.copytree(OLDER, tmp_path / "old")
        (folder / "evidence.json").unlink()
        config = folder / "config.json"
        config.write_text(config.read_text("utf-8").replace('"version": 4', '"version": 2'), encoding="utf-8")
        old = goru.load(folder)
        assert old.plot_effects().data
        assert old._repr_html_()
        with pytest.raises(InputError, match="older goru"):
            old.plot_curves()


def test_networks_that_diverged_have_no_activations_to_plot(tmp_path):
    answer, evidence = two()
    evidence["activations"] = None
    with pytest.raises(InputError, match="a network diverged, and has no activations to show"):
        load(write_run(tmp_path / "run", answer, evidence)).plot_activations()
