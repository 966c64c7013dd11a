"""What is goru's own in the answer of a study: the table, the networks, and a configuration in words."""

from collections.abc import Mapping
from dataclasses import asdict

from goru.data.dataset import Dataset
from goru.experiment.arms import Level, technique
from goru.experiment.candidates import Candidate
from goru.experiment.effects.comparison import Rival
from goru.experiment.findings.answer import Data, FirstLook, Network, Recommendation, RivalFound
from goru.language import kept
from goru.nn.judge import Measure
from goru.studies.asked.techniques import TECHNIQUES
from goru.studies.laboratory import NetworkLaboratory
from goru.studies.probe import Look

SQUARED, LOG = kept("squared error over the target's variance"), kept("log loss")  # what the loss is
BALANCED = kept("log loss; every class counts alike in it")
# Of every measure, what it is called for short, and what it is.
JUDGED: dict[Measure, tuple[str, str]] = {
    "log-loss": (kept("validation loss"), kept("log loss of calibrated probabilities")),
    "brier": (kept("Brier score"), kept("squared error of calibrated probabilities")),
    "accuracy": (kept("error rate"), kept("share of rows whose class is wrong")),
    "rmse": (kept("validation loss"), SQUARED),
    "mae": (kept("mean absolute error"), kept("absolute error over the target's standard deviation")),
}


def describe_data(dataset: Dataset) -> Data:
    """The table, as far as the answer speaks of it."""
    return Data(
        name=dataset.name,
        rows=dataset.n_rows,
        development=len(dataset.y_development),
        test=len(dataset.y_test),
        target=dataset.target_name,
        task=dataset.task,
        classes=None if dataset.classes is None else tuple(dataset.classes),
        repeated_test_rows=dataset.repeated_test_rows,
        columns=dict(dataset.column_counts),
        features=dataset.n_features,
        notes=tuple(dataset.notes),
    )


def judged_by(measure: Measure, balanced: bool) -> tuple[str, str]:
    """What a measure is, and what it is called for short."""
    name, words = JUDGED[measure]
    return kept("{words}; classes balanced", words=words) if balanced else words, name


def describe_network(laboratory: NetworkLaboratory, batch: int, look: Look | None) -> Network:
    """What all networks have in common.

    **Arguments:**

    - `look`: what a first look at ways to prepare numbers found, if there was one.
    """
    return Network(
        widths=tuple(laboratory.base.widths),
        activation=laboratory.base.activation,
        batch_size=batch,
        **{name: getattr(laboratory.recipe, name) for name in ("loss", "optimizer", "schedule", "decay")},
        numbers=laboratory.encoding,
        first_look=None if look is None else FirstLook(look.scaled, look.pieces, look.squares),
    )


def describe_candidate(candidate: Candidate, networks: int, searched: bool) -> Recommendation:
    """A configuration, and how many networks of the ensemble are of it.

    Its training stops after `epochs` of a cosine schedule as long as `schedule`.
    """
    arm, trained = candidate.arm, candidate.values
    used = [TECHNIQUES[factor] for factor, level in arm.levels if level]
    values = {name: trained[name] for name in ("learning_rate", *(name for one in used for name in one.shown))}
    if searched and any("batch" in f"{factor} {level}" and level for factor, level in arm.levels):
        values |= {name: value for name, value in trained.items() if name.startswith("batch_norm_")}
    return Recommendation.of(candidate, candidate.schedule or candidate.epochs, networks, values, words(arm, values))


def words(levels: Mapping[str, Level], values: Mapping[str, float]) -> str:
    """A configuration as a phrase.

    **Arguments:**

    - `levels`: by factor.
    - `values`: the rates of what it has.
    """
    parts = []
    for factor, level in levels.items():
        if shown := TECHNIQUES[factor].shown if level else {}:
            parts += [said.format(value=values[name]) for name, said in shown.items()]
        elif level:
            name = technique(factor, level)
            parts.append(kept("{name} the activation", name=name) if name.endswith(("before", "after")) else name)
    parts = parts or [kept("none of the techniques")]
    if "batch_norm_scale" in values:
        parts.append(
            kept(
                "γ {scale:.2g}, β {shift:.2g}, ε {epsilon:.1e}, momentum {momentum:.2f}",
                scale=values["batch_norm_scale"],
                shift=values["batch_norm_shift"],
                epsilon=values["batch_norm_epsilon"],
                momentum=values["batch_norm_momentum"],
            )
        )
    return ", ".join([*parts, kept("learning rate {rate:.1e}", rate=values["learning_rate"])])


def describe_rival(rival: Rival) -> RivalFound:
    """By how much the loss of another model differs from that of the networks of the final model, and what it is."""
    return RivalFound(rival.name, **asdict(rival.difference), loss=rival.loss)
