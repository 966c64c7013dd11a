"""The answer of a fitted run is shown again, as text or as JSON."""

import json
import re

import pytest
from outcomes import VERDICT, sections, strict_json


class TestShow:
    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_it_prints_the_answer_that_fit_printed(self, goru, request, run):
        run = request.getfixturevalue(run)
        outcome = goru("show", run.folder)
        assert outcome.code == 0, outcome
        assert VERDICT.search(outcome.stdout)
        printed = [line.rstrip() for line in run.fit.stdout.splitlines()]
        assert [line for line in outcome.stdout.splitlines() if line.rstrip() not in printed] == []
        verdicts = [line for line in printed if VERDICT.search(line)]
        assert [line for line in verdicts if line not in outcome.stdout] == []

    def test_it_is_plain_text_and_changes_nothing(self, goru, bring, credit_run):
        outcome = goru("show", bring(credit_run))
        assert "\x1b" not in outcome.output
        assert outcome.after == outcome.before

    @pytest.mark.parametrize("run", ["credit_run", "houses_run", "messy_run"])
    def test_json_holds_effects_recommendation_and_test_scores(self, goru, request, run):
        outcome = goru("show", request.getfixturevalue(run).folder, "--json")
        assert outcome.code == 0, outcome
        answer = strict_json(outcome.stdout)
        for word in ("effect", "recommended", "test"):
            assert any(sections(answer, word)), f"nothing about {word} in {list(answer)}"
        effects = json.dumps(sections(answer, "effect")).lower()
        assert "dropout" in effects
        assert "decay" in effects
        assert len(VERDICT.findall(effects.replace("_", " "))) >= 7
        assert re.search(r"\d\.\d", json.dumps(sections(answer, "test")))

    def test_json_goes_to_stdout_alone(self, goru, credit_run):
        assert goru("show", credit_run.folder, "--json").stderr == ""
