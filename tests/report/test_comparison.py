"""Several runs side by side, as one page."""

from pathlib import Path

import pytest
from answers import changed
from drawn import comparison_warnings as warnings
from drawn import headline
from evidences import HOSTILE_FOLDERS, numbers, run_of, three, two, write_run
from looking import Page

from goru.errors import InputError
from goru.report.comparison import comparison_page, run_names


def with_verdicts(verdict):
    run = run_of(*two())
    for effect in run.answer["effects"]:
        effect["verdict"] = verdict
    return run


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs")
    return [write_run(place / name, *study()) for name, study in (("credit", two), ("houses", numbers))]


@pytest.fixture(scope="module")
def page(folders):
    return Page(comparison_page(folders))


class TestThePage:
    def test_is_headed_by_how_far_runs_agree(self, page):
        assert page.headings == [
            (
                1,
                "The 2 runs agree on 3 of 7 questions; 4 are inconclusive in at least one run. Their recommendations "
                "differ: 2 in 2 runs.",
            ),
            (2, "The runs"),
            (2, "Effect of each technique, by run"),
            (2, "Learning"),
            (2, "On the test rows"),
            (2, "The final model"),
            (2, "How to reproduce them"),
        ]
        links = [given["href"].removeprefix("#") for given in page.named("a") if given["href"] != "#main"]
        assert links == [given["id"] for given in page.named("h2")]

    def test_has_a_row_a_run(self, page):
        heading, credit, houses = page.tables["The runs"]
        assert heading == [
            *("run", "table", "rows", "recommended", "best combination against plain", "verdict"),
            *("final model, on test rows", "networks"),
        ]
        assert credit == [
            *("credit", "credit.csv", "1,000", "batch norm before + dropout + weight decay"),
            *("-12% (-26% to +2%)", "inconclusive", "log loss 0.450", "1,088 in 120 s"),
        ]
        assert houses[6] == "error 58.0"

    def test_has_the_verdicts_the_pictures_and_the_configurations(self, page):
        assert page.tables["Verdicts"][0] == ["question", "credit", "houses"]
        assert page.tables["Verdicts"][1] == ["dropout", "helps", "helps"]
        assert list(page.figures) == ["effects", "curves", "test"]
        assert [row[:3] for row in page.tables["The final model"][1:]] == [
            ["credit", "batch norm before + dropout + weight decay", "5"],
            ["credit", "batch norm before + dropout + weight decay", "3"],
            ["houses", "plain", "8"],
        ]

    def test_has_the_commands_and_what_differs_between_them(self, page):
        assert page.text.count("goru fit credit.csv --target class") == 2
        heading, *rows = page.tables["What differs"]
        assert heading == ["difference", "credit", "houses"]
        assert ["activation", "relu", "tanh"] in rows
        assert all(row[1] != row[2] for row in rows)

    def test_of_runs_that_were_asked_for_the_same_says_so(self, tmp_path):
        both = [write_run(tmp_path / name, *two()) for name in ("a", "b")]
        text = Page(comparison_page(both)).text
        assert "All runs have the same options and versions." in text
        assert "Note." not in text

    def test_without_test_rows_has_no_part_for_them(self, tmp_path):
        answer, evidence = two()
        answer["test"] = answer["against_networks"] = []
        both = [write_run(tmp_path / name, answer, evidence) for name in ("a", "b")]
        page = Page(comparison_page(both))
        assert "test" not in page.figures
        assert "On the test rows" not in [text for _, text in page.headings]

    def test_names_several_combinations_of_a_run(self, tmp_path):
        answer, evidence = two()
        answer["recommended"][1]["arm"] = "dropout"
        both = [write_run(tmp_path / "a", answer, evidence), write_run(tmp_path / "b", *two())]
        rows = Page(comparison_page(both)).tables["The runs"]
        assert rows[1][3] == "batch norm before + dropout + weight decay; dropout"

    def test_of_a_plain_network_that_diverged_has_no_share(self, tmp_path):
        answer, evidence = two()
        answer = changed(answer, judgement={"plain_loss": None})
        both = [write_run(tmp_path / "a", answer, evidence), write_run(tmp_path / "b", *two())]
        assert Page(comparison_page(both)).tables["The runs"][1][4] == ""

    def test_shows_hostile_names_as_they_are(self, tmp_path, page):
        found = [write_run(tmp_path / name, *two()) for name in HOSTILE_FOLDERS]
        hostile = Page(comparison_page(found))
        assert hostile.tables["Verdicts"][0][1:] == HOSTILE_FOLDERS
        assert [row[0] for row in hostile.tables["The runs"][1:]] == HOSTILE_FOLDERS
        assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in page.elements} | {"p"}
        assert len(hostile.named("script")) == len(page.named("script"))
        assert not any(name.startswith("on") for _, given in hostile.elements for name in given)


class TestWhichRuns:
    def test_are_at_least_two_and_no_more_than_a_picture_holds(self, folders):
        with pytest.raises(InputError, match=r"1 run given. Give 2 to 12\."):
            comparison_page(folders[:1])
        with pytest.raises(InputError, match=r"13 runs given. Give 2 to 12\."):
            comparison_page([Path(f"run-{index}") for index in range(13)])

    def test_are_not_given_twice(self, folders):
        with pytest.raises(InputError, match=r"credit is given twice"):
            comparison_page([folders[0], folders[1], folders[0] / ".." / "credit"])

    @pytest.mark.parametrize(
        ("paths", "found"),
        [
            (["runs/a", "runs/b"], ["a", "b"]),
            (["one/credit", "two/credit"], ["one/credit", "two/credit"]),
            (["x/one/credit", "y/one/credit"], ["x/one/credit", "y/one/credit"]),
            (["a", "a/a"], ["{}/a", "a/a"]),
        ],
    )
    def test_are_called_by_the_shortest_ends_that_differ(self, paths, found):
        here = Path.cwd().name
        assert run_names([Path(path) for path in paths]) == [name.format(here) for name in found]


def run_with(*verdicts, arms=("dropout",)):
    """A run whose first questions have these verdicts, all others "helps", and that recommends these arms."""
    run = with_verdicts("helps")
    for effect, verdict in zip(run.answer["effects"], verdicts, strict=False):
        effect["verdict"] = verdict
    run.answer["recommended"] = [dict(run.answer["recommended"][0], arm=arm) for arm in arms]
    return run


class TestTheHeadline:
    SAME = "All recommend the same: dropout."

    @pytest.mark.parametrize(
        ("verdicts", "words"),
        [
            ([("helps",)] * 3, "The 3 runs agree on 7 of 7 questions."),
            ([("negligible",)] * 2, "The 2 runs agree on 7 of 7 questions."),
            # That nobody knows is no agreement.
            ([("inconclusive",)] * 2, "The 2 runs agree on 6 of 7 questions; 1 is inconclusive in at least one run."),
            (
                [("inconclusive", "inconclusive"), ("helps", "inconclusive")],
                "The 2 runs agree on 5 of 7 questions; 2 are inconclusive in at least one run.",
            ),
            (
                [("negligible", "inconclusive"), ("helps", "helps")],
                "The 2 runs agree on 5 of 7 questions; they differ on 1; 1 is inconclusive in at least one run.",
            ),
            (
                [("hurts", "inconclusive"), ("helps", "helps")],
                "The 2 runs agree on 5 of 7 questions; 1 is inconclusive in at least one run; they contradict each "
                "other on dropout.",
            ),
            (
                [("hurts",), ("helps",), ("inconclusive",)],
                "The 3 runs agree on 6 of 7 questions; they contradict each other on dropout.",
            ),
        ],
    )
    def test_counts_agreement_where_all_decide_and_alike_and_every_question_once(self, verdicts, words):
        runs = {f"{index}": run_with(*own) for index, own in enumerate(verdicts)}
        assert headline(runs) == f"{words} {self.SAME}"

    def test_says_where_recommendations_differ_however_far_verdicts_agree(self):
        runs = {"a": run_with(), "b": run_with(arms=["plain"]), "c": run_with()}
        assert headline(runs).endswith("7 of 7 questions. Their recommendations differ: 2 in 3 runs.")

    def test_a_recommendation_is_of_all_its_combinations_in_whatever_order(self):
        runs = {"a": run_with(arms=["plain", "dropout"]), "b": run_with(arms=["dropout", "plain", "plain"])}
        assert headline(runs).endswith("All recommend the same: plain; dropout.")
        assert "differ" in headline(runs | {"c": run_with()})


class TestWarnings:
    def test_there_are_none_for_like_runs(self):
        assert warnings({"a": run_of(*two()), "b": run_of(*two())}) == []

    def test_of_different_tables(self):
        (said,) = warnings({"a": run_of(*two()), "b": run_of(*numbers())})
        assert said.startswith("The runs are of different tables or targets.")
        other = run_of(*two(), sha256={"source": "f" * 64})
        assert len(warnings({"a": run_of(*two()), "b": other})) == 1

    def test_of_different_seeds(self):
        (said,) = warnings({"a": run_of(*two()), "b": run_of(*two(), options={"seed": 1})})
        assert said.startswith("The seeds differ, and with them which rows are test rows")

    def test_of_different_versions(self):
        other = run_of(*three())
        other.answer["environment"]["jax"] = "0.11.0"
        (said,) = warnings({"a": run_of(*three()), "b": other})
        assert said == "Versions or machines differ; they are listed below."
