"""`goru.claims.terminal`: outcomes as lines of text."""

from dataclasses import replace

import pytest
from claimed import setup, table
from planted import SEEDS, four, plant, read

from goru.claims.terminal import outcome_lines, summary_lines


def outcome_of(name="bn-overfit", loss=0.5, score=0.7, of=None):
    """Batch norm's loss, against 1, and its score on test rows, against 0.5."""

    def ends(key):
        return {"test_loss": loss, "test_score": score} if key.batch_norm == "before" else {}

    of = of or four()
    return read(name, of, plant(name, of, ends))


class TestOneClaim:
    def test_is_asked_answered_and_explained(self):
        found = outcome_of()
        lines = [*outcome_lines(found)]
        assert lines[:3] == ["bn-overfit: Does batch norm suppress overfitting?", "The claim holds.", ""]
        assert lines[3].split("  ")[0] == "what changes"
        assert "95% interval" in lines[3]
        text = " ".join(lines)
        for part in (found.done, found.found, found.meaning):
            assert part in " ".join(text.split())

    def test_has_a_line_an_effect(self):
        found = outcome_of()
        lines = [*outcome_lines(found)]
        for effect in found.effects:
            (line,) = [line for line in lines if line.startswith(effect.what)]
            assert line.endswith(effect.verdict)
            assert effect.numbers in line

    @pytest.mark.parametrize(
        ("loss", "score", "line"),
        [
            (0.5, 0.7, "The claim holds."),
            (2, 0.7, "The claim holds in part."),
            (2, 0.3, "The claim does not hold."),
        ],
    )
    def test_says_whether_the_promise_holds(self, loss, score, line):
        assert [*outcome_lines(outcome_of(loss=loss, score=score))][1] == line

    def test_says_if_nobody_knows(self):
        found = replace(outcome_of(), said="inconclusive")
        assert [*outcome_lines(found)][1] == "Inconclusive."

    def test_running_text_is_as_wide_as_elsewhere(self):
        lines = [*outcome_lines(outcome_of())]
        running = lines[[at for at, line in enumerate(lines) if not line][-1] + 1 :]
        assert len(running) > 3
        assert max(map(len, running)) <= 100

    def test_what_a_terminal_would_obey_is_written_out(self):
        of = setup(replace(table(), name="evil\x1b[31m\u202e\n.csv"), seeds=SEEDS)
        text = "".join(outcome_lines(outcome_of(of=of)))
        assert "evil\\x1b[31m\\u202e\\n.csv" in text
        assert text.isprintable()


def test_all_claims_have_a_line_each():
    outcomes = [outcome_of(), outcome_of("bn-suffices", 1.0)]
    heading, *lines = summary_lines(outcomes)
    assert heading.split("  ")[0] == "claim"
    assert heading.split()[-1] == "verdict"
    for found, line in zip(outcomes, lines, strict=True):
        assert line.startswith(found.name)
        assert found.claim.question in line
        assert line.endswith(found.said)
