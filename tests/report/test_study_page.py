"""The report of a study: what is on the page."""

import copy
import json
import re

import pytest
from answers import CLASSIFICATION, REGRESSION, changed
from drawn import cards, html, sections, summary
from evidences import LOWEST, STUDIES, config_of, evidence_of, hostile, three, two, write_run
from looking import Page

from goru.errors import InputError
from goru.report.study_page import study_page, write_study_page
from goru.studies.answer import BALANCED, judged_by
from goru.studies.runs.manifest import check_files, write_manifest
from goru.studies.runs.run import RunFolder

TITLES = [
    "Leaderboard",
    "Columns and target",
    "Effect of each technique",
    "Learning curves and overfitting",
    "Activations, layer by layer",
    "Validation loss vs hyperparameters",
    "Batch norm: none, before or after",
    "Interactions",
    "On the test rows",
    "Confusion matrix and ROC",
    "Calibration",
    "The final model",
    "Compute",
    "Reproduce",
]


def page_of(answer, evidence, config=None) -> Page:
    return Page(html(answer, evidence, config or config_of(answer)))


@pytest.fixture(scope="module")
def classes():
    return page_of(*two())


@pytest.fixture(scope="module")
def hostile_page():
    return page_of(*hostile())


def section(answer, evidence, name):
    return next(one for one in sections(answer, evidence) if one.id == name)


class TestWhereTheTimeWent:
    TIMES = ({"name": "start", "seconds": 2.0, "processor": 1.0}, {"name": "race", "seconds": 8.0, "processor": 15.0})

    def test_there_is_a_row_a_phase(self):
        answer, evidence = two()
        page = page_of({**answer, "timings": {"cores": 2, "phases": list(self.TIMES)}}, evidence)
        head, *rows = page.tables["Time by phase"]
        assert head == ["where the time went", "seconds", "processor seconds", "share of 2 cores", "idle meanwhile"]
        assert rows == [
            ["start", "2.0", "1.0", "5%", "75%"],
            ["race", "8.0", "15.0", "75%", "6%"],
            ["all", "10.0", "16.0", "80%", "20%"],
        ]

    def test_of_an_older_run_nothing_is_said(self, classes):
        assert "Time by phase" not in classes.tables


class TestWhatIsThere:
    def test_one_heading_holds_the_answer_in_one_sentence(self, classes):
        assert [text for level, text in classes.headings if level == 1] == [CLASSIFICATION["advice"]]

    def test_every_part_has_a_heading_and_a_link_to_it(self, classes):
        assert [text for level, text in classes.headings if level == 2] == TITLES
        links = [given["href"].removeprefix("#") for given in classes.named("a") if given["href"] != "#main"]
        ids = [given["id"] for given in classes.named("h2")]
        assert links == ids
        assert len(set(ids)) == len(ids)

    @pytest.mark.parametrize(
        ("kind", "pictures"),
        [
            ("two", ["confusion", "roc", "precision-recall"]),
            ("three", ["confusion", "roc"]),
            ("numbers", ["values"]),
        ],
    )
    def test_every_picture_is_drawn_once_with_its_sentence_and_its_table(self, kind, pictures):
        answer, evidence = STUDIES[kind]()
        page = page_of(answer, evidence)
        shown = [picture for one in sections(answer, evidence) for picture in one.pictures]
        assert [picture.name for picture in shown] == [
            *("effects", "curves", "activations", "hyperparameters", "arms", "interactions", "test"),
            *pictures,
            "calibration",
        ]
        assert list(page.figures) == [picture.name for picture in shown]
        labels = {given["data-figure"]: given["aria-label"] for _, given in page.elements if "data-figure" in given}
        assert labels == {picture.name: picture.says for picture in shown}
        tables = page.tables["Data of this figure"]
        assert tables == [
            list(map(str, row)) for picture in shown for row in (picture.table.columns, *picture.table.rows)
        ]

    def test_of_the_effects_there_is_a_drawing_before_any_script_has_run(self, classes):
        (drawing,) = classes.named("svg")
        assert drawing["aria-hidden"] == "true"
        known = [effect for effect in CLASSIFICATION["effects"] if effect["change"] is not None]
        assert len(classes.named("circle")) == len(known)

    def test_figures_hold_data_and_are_as_high_as_they_say(self, classes):
        for figure in classes.figures.values():
            assert figure["data"]
            assert figure["layout"]["height"] > 100

    def test_every_table_has_headings(self, classes):
        for rows in classes.tables.values():
            assert len(rows) > 1
            assert all(rows[0][1:])
        scopes = {given.get("scope") for given in classes.named("th")}
        assert scopes == {"col", "row"}

    def test_nothing_but_parts_of_the_page_is_linked_to(self, classes):
        for _, given in classes.elements:
            for name in ("src", "href", "action", "data", "srcset", "poster"):
                assert given.get(name, "#").startswith(("#", "data:,"))

    def test_says_in_which_language_it_is_and_how_wide(self, classes):
        assert classes.named("html") == [{"lang": "en"}]
        metas = {given.get("name"): given["content"] for given in classes.named("meta") if "content" in given}
        assert metas["viewport"] == "width=device-width, initial-scale=1"

    def test_forbids_whatever_might_be_fetched(self, classes):
        (policy,) = [given["content"] for given in classes.named("meta") if given.get("http-equiv")]
        assert policy.startswith("default-src 'none';")
        assert "http" not in policy
        assert "unsafe-eval" not in policy

    def test_is_the_same_every_time(self):
        assert html(*two(), config_of(CLASSIFICATION)) == html(*two(), config_of(CLASSIFICATION))


class TestWhatIsLeftOut:
    def test_without_test_rows_there_are_none_and_predictions_are_of_validation_rows(self):
        answer, evidence = two()
        answer["test"] = answer["against_networks"] = []
        answer["data"]["test"] = 0
        evidence["predictions"]["of"] = "validation"
        page = page_of(answer, evidence)
        assert "On the test rows" not in [text for _, text in page.headings]
        assert "none for testing" in page.text
        assert "development rows, each predicted by networks that were not trained on it" in page.text
        assert len(cards(answer)) == 3

    def test_without_predictions_there_are_no_pictures_of_them(self):
        answer, evidence = two()
        evidence["predictions"] = None
        assert set(page_of(answer, evidence).figures).isdisjoint({"confusion", "roc", "values", "calibration"})

    def test_without_activations_there_is_no_picture_of_them(self):
        answer, evidence = two()
        evidence["activations"] = None
        page = page_of(answer, evidence)
        assert "activations" not in page.figures
        assert "Activations, layer by layer" not in [text for _, text in page.headings]

    def test_of_one_class_alone_there_is_no_curve(self):
        answer, evidence = two()
        evidence["predictions"]["roc"] = []
        assert "roc" not in page_of(answer, evidence).figures

    def test_without_a_configuration_neither_the_command_nor_columns(self):
        page = Page(html(*two()))
        titles = [text for _, text in page.headings]
        assert "Columns and target" not in titles
        assert "Reproduce" in titles
        assert page.named("pre") == []

    def test_where_everything_diverged_there_is_a_page_all_the_same(self):
        answer = changed(CLASSIFICATION, judgement={"plain_loss": None}, plan={"configurations": 3})
        for effect in answer["effects"]:
            effect |= dict.fromkeys(("change", "low", "high", "margin")) | {"verdict": "inconclusive"}
        evidence = evidence_of(answer, diverged=list(LOWEST))
        evidence["activations"] = None
        assert "in some fold networks diverged" in page_of(answer, evidence).text


class TestTheFirstFigures:
    def test_of_a_classification(self):
        assert [(card.label, card.value, card.more) for card in cards(CLASSIFICATION)] == [
            ("recommended", "batch norm before + dropout + weight decay", "8 networks, 2 configurations"),
            ("best combination against plain, validation loss", "-12%", "-26% to +2%: inconclusive"),
            ("log loss, test rows", "0.450", "accuracy 0.780"),
            ("the plain network overfits", "after epoch 7", "generalization gap 0.800"),
        ]

    def test_of_a_regression(self):
        assert [(card.label, card.value, card.more) for card in cards(REGRESSION)][2:] == [
            ("error, test rows", "58.0", "R² 0.345"),
            ("the plain network overfits", "inconclusive", "generalization gap 0.005"),
        ]

    def test_of_several_combinations(self):
        answer = copy.deepcopy(CLASSIFICATION)
        answer["recommended"][1]["arm"] = "dropout"
        assert cards(answer)[0].value == "several combinations"

    def test_of_one_network(self):
        answer = copy.deepcopy(CLASSIFICATION)
        del answer["recommended"][1]
        answer["recommended"][0]["networks"] = 1
        assert cards(answer)[0].more == "1 network, 1 configuration"

    @pytest.mark.parametrize(
        ("overfits", "words"), [("rises", "after epoch 7"), ("gap", "yes"), (None, "inconclusive")]
    )
    def test_say_how_the_plain_network_overfits(self, overfits, words):
        assert cards(changed(CLASSIFICATION, plain={"overfits": overfits}))[-1].value == words

    def test_leave_out_what_has_no_share(self):
        labels = [card.label for card in cards(changed(CLASSIFICATION, judgement={"plain_loss": 0.0}))]
        assert not any("against plain" in label for label in labels)

    def test_leave_out_a_figure_that_is_not_defined(self):
        answer = copy.deepcopy(REGRESSION)
        answer["test"][-1]["figures"]["R²"] = None
        assert cards(answer)[2].more == ""


class TestTheSummary:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (
                CLASSIFICATION,
                "1,000 rows (200 for testing); 23 columns; 2 classes. Networks of 61-128-64-2 units, relu. "
                "The loss is the log loss.",
            ),
            (
                REGRESSION,
                "60 rows (12 for testing); 1 column; regression. Networks of 1-8-1 units, tanh. The loss is "
                "the squared error over the target's variance.",
            ),
            (
                changed(CLASSIFICATION, class_weight="balanced", judgement={"loss": BALANCED}, data={"test": 0}),
                "1,000 rows (none for testing); 23 columns; 2 classes. Networks of 61-128-64-2 units, relu. The "
                "loss is the log loss; every class counts alike in it.",
            ),
            (
                changed(
                    CLASSIFICATION, judgement=dict(zip(("loss", "measure"), judged_by("brier", False), strict=True))
                ),
                "1,000 rows (200 for testing); 23 columns; 2 classes. Networks of 61-128-64-2 units, relu. "
                "What judges is the Brier score: squared error of calibrated probabilities.",
            ),
        ],
    )
    def test_says_of_what_the_study_is(self, answer, words):
        assert summary(answer) == words


class TestTheFinalModel:
    def test_is_a_table_of_configurations(self, classes):
        heading, first, second = classes.tables["The final model"]
        assert heading == [
            *(
                "combination",
                "networks",
                "learning rate",
                "dropout rate",
                "weight decay λ",
                "epochs",
                "validation loss",
            ),
        ]
        arm = "batch norm before + dropout + weight decay"
        assert first == [arm, "5", "0.0046", "0.31", "0.012", "33 of 80", "0.440"]
        assert second == [arm, "3", "0.01", "0.05", "1.5", "80 of 80", "0.450"]

    def test_has_the_numbers_of_batch_norm_where_they_were_drawn(self):
        answer, evidence = two()
        answer["recommended"][0]["values"] |= {"batch_norm_scale": 2.345, "batch_norm_epsilon": 0.000123}
        heading, first, second = page_of(answer, evidence).tables["The final model"]
        assert heading[5:7] == ["batch norm, initial γ", "batch norm, ε"]
        assert first[5:7] == ["2.3", "0.00012"]
        assert second[5:7] == ["", ""]

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            (
                {},
                "An ensemble of 8 networks, whose predictions are averaged, refit on all training and validation rows.",
            ),
            ({"selection": "greedy"}, "They were selected by their validation predictions"),
            (
                {"temperature": 1.234},
                "calibrated by temperature scaling on validation rows, T = 1.23.",
            ),
            ({"chosen_by": "score"}, "The combination is the one with the best score on validation rows."),
        ],
    )
    def test_says_how_it_was_made(self, classes, changes, words):
        answer, evidence = two()
        assert words in page_of(answer | changes, evidence).text
        assert (words in classes.text) == (not changes)

    def test_of_one_network_speaks_of_no_ensemble(self):
        answer, evidence = two()
        answer["recommended"] = [answer["recommended"][0] | {"networks": 1}]
        answer["single"] = True
        text = page_of(answer | {"selection": "greedy"}, evidence).text
        assert "One network, refit on all training and validation rows." in text
        assert "ensemble" not in text
        assert "selected" not in text


class TestOfARun:
    def test_is_written_into_its_folder_and_is_what_the_files_say(self, tmp_path):
        folder = write_run(tmp_path / "run", *three())
        write_study_page(RunFolder(folder))
        written = (folder / "report.html").read_text("utf-8")
        answer, evidence = three()
        assert written == study_page(RunFolder(folder)) == html(answer, evidence, config_of(answer))
        assert {path.name for path in folder.iterdir()} == {
            *("answer.json", "config.json", "evidence.json", "manifest.json", "report.html"),
        }

    def test_takes_the_place_of_the_one_that_is_there(self, tmp_path):
        folder = write_run(tmp_path / "run", *two())
        (folder / "report.html").write_text("an older one")
        write_study_page(RunFolder(folder))
        assert "an older one" not in (folder / "report.html").read_text("utf-8")

    def test_is_refused_where_there_is_no_answer(self, tmp_path):
        folder = write_run(tmp_path / "run", *two())
        (folder / "answer.json").unlink()
        with pytest.raises(InputError, match=r"answer\.json: cannot be read"):
            write_study_page(RunFolder(folder))
        assert not (folder / "report.html").exists()

    def test_is_listed_in_the_manifest_if_there_is_one(self, tmp_path):
        folder = write_run(tmp_path / "run", *two())
        write_study_page(RunFolder(folder))
        (folder / "manifest.json").unlink()
        write_manifest(folder)
        (folder / "report.html").write_text("an older one")
        write_study_page(RunFolder(folder))
        check_files(folder)

    def test_plotly_is_in_it_compressed(self, classes):
        assert re.fullmatch(r"[A-Za-z0-9+/=]+", classes.scripts["plotly"])
        assert 1e6 < len(classes.scripts["plotly"]) < 3e6

    def test_figures_are_strict_json(self, classes):
        def refuse(constant):
            pytest.fail(f"{constant} is not JSON")

        json.loads(classes.scripts["figures"], parse_constant=refuse)
