"""What says and draws, given answers and evidence as plain types, which tests change at will."""

from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any

from goru.experiment.findings.answer import Answer
from goru.experiment.findings.evidence import ClassPredictions, Evidence, ValuePredictions
from goru.experiment.forms import from_json
from goru.report import comparison, fragment, study_page, terminal
from goru.report.parts import final_scores, leakage, repeating
from goru.report.pictures import (
    activations,
    arms,
    calibration,
    classes,
    compared,
    curves,
    effects,
    hyperparameters,
    test_rows,
    values,
)

_KINDS = {"advice": Answer, "curves": Evidence, "confusion": ClassPredictions, "predicted": ValuePredictions}


def typed(plain: Any) -> Any:
    """Answers, evidence and predictions of their types, and the runs that hold them; anything else as it is."""
    if isinstance(plain, SimpleNamespace):
        return SimpleNamespace(**{name: typed(part) for name, part in vars(plain).items()})
    if not isinstance(plain, dict):
        return plain
    for entry, kind in _KINDS.items():
        if entry in plain:
            return from_json(kind, plain, kind.__name__)
    return {name: typed(part) for name, part in plain.items()}


def _of_plain(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def given(*arguments, **named):
        return function(*map(typed, arguments), **named)

    return given


activations_picture = _of_plain(activations.activations_picture)
arms_picture = _of_plain(arms.arms_picture)
arms_title = _of_plain(arms.arms_title)
interactions_picture = _of_plain(arms.interactions_picture)
calibration_picture = _of_plain(calibration.calibration_picture)
confusion_picture, roc_picture = map(_of_plain, (classes.confusion_picture, classes.roc_picture))
compared_curves_picture = _of_plain(compared.compared_curves_picture)
compared_effects_picture = _of_plain(compared.compared_effects_picture)
compared_test_picture = _of_plain(compared.compared_test_picture)
verdicts = _of_plain(compared.verdicts)
curves_picture = _of_plain(curves.curves_picture)
effects_picture, removals_picture = map(_of_plain, (effects.effects_picture, effects.removals_picture))
hyperparameters_picture = _of_plain(hyperparameters.hyperparameters_picture)
edge_warnings = _of_plain(hyperparameters.edge_warnings)
test_picture = _of_plain(test_rows.test_picture)
values_picture = _of_plain(values.values_picture)
headline, comparison_warnings = map(_of_plain, (comparison.headline, comparison.warnings))
fragment_of = _of_plain(fragment.fragment)
repeated, leakage_warning = map(_of_plain, (leakage.repeated_test_rows, leakage.warning))
how_alike, made_by = map(_of_plain, (repeating.how_alike, repeating.made_by))
cards, html, sections, summary = map(
    _of_plain, (study_page.cards, study_page.html, study_page.sections, study_page.summary)
)
answer_lines = _of_plain(terminal.answer_lines)
scores_of_final_model, main_figure = map(_of_plain, (final_scores.final_scores, final_scores.main_figure))
