"""Which of the models on the test rows is which."""

from goru.experiment.findings.answer import Answer, ModelScores

_MAIN = ("Brier score", "absolute error", "balanced log loss", "log loss", "error")
PLAIN, RECOMMENDED = "plain", "recommended"


def final_scores(answer: Answer) -> ModelScores:
    """The test figures of the final model."""
    recommended = [entry for entry in answer.test if entry.arm == RECOMMENDED]
    return next((entry for entry in recommended if entry.networks == answer.networks), recommended[-1])


def plain_beside(answer: Answer) -> ModelScores | None:
    """Those of the plain networks of its kind, one or several."""
    single = final_scores(answer).networks == 1
    return next((one for one in answer.test if one.arm == PLAIN and (one.networks == 1) == single), None)


def main_figure(answer: Answer) -> str:
    """What is shown: what judges where it is not the loss, the loss, or in regression the error in the target's own
    units."""
    names = list(answer.test[0].figures)
    return next((name for name in _MAIN if name in names), names[0])
