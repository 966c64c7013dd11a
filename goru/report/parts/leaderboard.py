"""The leaderboard: every combination and every non-neural baseline, the best in cross-validation first."""

from collections.abc import Sequence

from goru.data.numbers import number, numbers
from goru.experiment.arms import PLAIN
from goru.experiment.findings.answer import Answer, ModelScores
from goru.experiment.findings.evidence import Evidence, LeaderboardEntry
from goru.language import _, _n, retold
from goru.report.parts.final_scores import final_scores, main_figure, plain_beside
from goru.report.parts.words import of_networks
from goru.report.pictures.picture import Table
from goru.report.pictures.style import short_name
from goru.wording import listing

MOST = 16  # combinations; all of them are in the picture of the combinations


def leaderboard_intro(answer: Answer) -> str:
    """How to read it."""
    sentences = [
        _(
            "The mean loss on the validation rows of every fold, each model fitted on the training rows alone, with a "
            "95% interval of its own. Intervals may overlap although one model is surely better: the effects below "
            "compare them. In each fold a combination is represented by the hyperparameters and the epoch that did "
            "best in the other folds."
        )
    ]
    if of_networks(answer) and answer.test:
        sentences.append(
            _(
                "Fitting a baseline includes its tuning; fitting networks is the training of the final ones, after the "
                "search."
            )
        )
    if answer.plan.sample is not None:
        sentences.append(
            _(
                "All these losses are of a sample of {sample:,} rows; the test figures of the baselines are of models "
                "fitted on all rows.",
                sample=answer.plan.sample,
            )
        )
    return " ".join(sentences)


def leaderboard_says(answer: Answer, evidence: Evidence) -> str:
    """Which model leads, and where the other kind of model is."""
    ranked = [entry for entry in _ordered(evidence.leaderboard) if entry.loss is not None]
    if not ranked:
        return _("No model has a validation loss.")
    best = ranked[0]
    sentences = [
        _n(
            "{model} has the lowest {measure} of {n} model: {loss}.",
            "{model} has the lowest {measure} of {n} models: {loss}.",
            len(ranked),
            model=_capital(retold(best.model)),
            measure=retold(answer.judgement.measure),
            loss=_loss(best),
        )
    ]
    another = next((entry for entry in ranked if (entry.kind == "baseline") != (best.kind == "baseline")), None)
    if another is not None and another.kind == "baseline":
        sentences.append(
            _(
                "The best non-neural baseline is {model}: {loss}.",
                model=short_name(retold(another.model)),
                loss=_loss(another),
            )
        )
    elif another is not None:
        sentences.append(
            _("The best combination is {model}: {loss}.", model=short_name(retold(another.model)), loss=_loss(another))
        )
    baselines = [entry for entry in evidence.leaderboard if entry.kind == "baseline"]
    if missing := [retold(entry.model) for entry in baselines if entry.loss is None]:
        sentences.append(_("Not cross-validated: {models}.", models=listing(missing)))
    return " ".join(sentences)


def leaderboard_table(answer: Answer, evidence: Evidence) -> Table:
    """A row a model: of combinations the best, and those of which there are final networks."""
    entries = _ordered(evidence.leaderboard)
    ranks = {model: place for place, model in enumerate([one.model for one in entries if one.loss is not None], 1)}
    some = [entry for place, entry in enumerate(entries) if place < MOST or entry.networks or entry.kind == "baseline"]
    columns: list[tuple[str, list[str]]] = [
        (_("model"), [_name(answer, entry) for entry in some]),
        (_("rank"), [str(ranks.get(entry.model, "-")) for entry in some]),
        (_("{measure} (95% CI)", measure=retold(answer.judgement.measure)), [_loss(entry) for entry in some]),
    ]
    if answer.test:
        figure = main_figure(answer)
        scored = [_scores(answer, entry) for entry in some]
        columns.append(
            (_("{measure}, test rows (95% CI)", measure=retold(figure)), [_test(scores, figure) for scores in scored])
        )
    for name, seconds in (
        (_("fit, s"), [entry.fit_seconds for entry in some]),
        (_("predict, s per 1,000 rows"), [entry.predict_seconds for entry in some]),
    ):
        if any(value is not None for value in seconds):
            columns.append((name, [_seconds(value) for value in seconds]))
    return Table([name for name, _cells in columns], list(zip(*(cells for _name, cells in columns), strict=True)))


def _ordered(entries: Sequence[LeaderboardEntry]) -> list[LeaderboardEntry]:
    """The best first; the final model where its own loss is not known, then what has none at all last."""

    def place(entry: LeaderboardEntry) -> tuple[int, float]:
        if entry.kind == "ensemble":
            return 0, 0.0
        return (1, entry.loss) if entry.loss is not None else (2, 0.0)

    return sorted(entries, key=place)


def _name(answer: Answer, entry: LeaderboardEntry) -> str:
    model = retold(entry.model)
    if entry.kind == "baseline" or not entry.networks:
        return model
    networks = _n("{n} network", "{n} networks", entry.networks)
    if _is_final(answer, entry):
        return _("{model} (final model: {networks})", model=model, networks=networks)
    return f"{model} ({networks})"


def _is_final(answer: Answer, entry: LeaderboardEntry) -> bool:
    arms = {configuration.arm for configuration in answer.recommended}
    return entry.kind == "ensemble" or (entry.kind == "combination" and arms == {entry.model})


def _scores(answer: Answer, entry: LeaderboardEntry) -> ModelScores | None:
    """On the test rows, if it was asked there."""
    if entry.kind == "baseline":
        return next((one for one in answer.test if one.arm == entry.model and not one.networks), None)
    if not entry.networks:
        return None
    if _is_final(answer, entry):
        return final_scores(answer)
    return plain_beside(answer) if entry.model == PLAIN else None


def _test(scores: ModelScores | None, figure: str) -> str:
    if scores is None or (value := scores.figures.get(figure)) is None:
        return "-"
    interval = scores.intervals.get(figure)
    if interval is None:
        return number(value)
    middle, low, high = numbers([value, *interval])
    return f"{middle} ({_('{low} to {high}', low=low, high=high)})"


def _loss(entry: LeaderboardEntry) -> str:
    if entry.loss is None:
        return "-"
    if entry.low is None or entry.high is None:
        return number(entry.loss)
    loss, low, high = numbers([entry.loss, entry.low, entry.high])
    return f"{loss} ({_('{low} to {high}', low=low, high=high)})"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}" if value < 1 else f"{value:.1f}"


def _capital(name: str) -> str:
    shown = short_name(name)
    return shown[:1].upper() + shown[1:]
