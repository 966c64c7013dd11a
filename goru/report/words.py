"""What trials, arms and levels are called in sentences: goru's own networks, or whatever a training function trains."""

from collections.abc import Mapping

from goru.experiment import defaults
from goru.experiment.arms import PLAIN, Level
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer, Data, Judgement
from goru.experiment.findings.effect import EffectFound
from goru.wording import confidence_in_words, counted

KNOBS = {  # that are called otherwise than their names say
    "decay_strength": "weight decay, strength",
    "weight_decay": "weight decay λ",
    "batch_norm_scale": "batch norm, initial γ",
    "batch_norm_shift": "batch norm, initial β",
    "batch_norm_epsilon": "batch norm, ε",
    "batch_norm_momentum": "batch norm, momentum",
}


def of_networks(answer: Answer) -> bool:
    """Whether it is goru's own networks that were trained."""
    return answer.subject == "networks"


def noun(answer: Answer) -> str:
    """What a trial is."""
    return "network" if of_networks(answer) else "trial"


def plain(answer: Answer) -> str:
    """The arm with every factor at its reference."""
    return "plain network" if of_networks(answer) else "plain combination"


def verdict_in_words(effect: EffectFound, names: Mapping[Verdict, str] | None = None) -> str:
    """What is said of an effect; of an inconclusive one what is likely.

    **Arguments:**

    - `names`: for verdicts, if they are to be others.
    """
    likely = effect.likely
    if likely is None:
        return names.get(effect.verdict, effect.verdict) if names else effect.verdict
    word, chance = likely
    return f"likely {names.get(word, word) if names else word} ({chance_in_words(chance)})"


def chance_in_words(chance: float) -> str:
    """`91%`; nothing is certain."""
    return "over 99%" if chance >= 0.995 else f"{chance:.0%}"


def looked(judgement: Judgement) -> str | None:
    """Why the confidence is higher than usual, where the answers were looked at before."""
    if judgement.looks == 1 and judgement.confidence == defaults.CONFIDENCE:
        return None
    judged, usual = confidence_in_words(judgement.confidence), confidence_in_words(defaults.CONFIDENCE)
    return (
        f"look {judgement.looks} at the answers, judged at {judged} confidence, so that all looks together hold with "
        f"{usual}"
    )


def has_simplest(answer: Answer) -> bool:
    """Whether a simpler arm than the best does about as well."""
    return answer.simplest is not None and answer.simplest.arm != answer.simplest.best


def simplest(answer: Answer) -> str:
    """The simplest arm that does about as well as the best."""
    assert answer.simplest is not None
    return f"the {plain(answer)}" if answer.simplest.arm == PLAIN else answer.simplest.arm


def failure_reason(answer: Answer) -> str:
    """Why a loss is not finite."""
    return "a network diverged" if of_networks(answer) else "a trial failed or diverged"


def all_failed(answer: Answer) -> str:
    """The same of several."""
    return "networks diverged" if of_networks(answer) else "trials failed or diverged"


def target(data: Data) -> str:
    """What is predicted."""
    if data.classes is not None:
        return counted(len(data.classes), "class", "classes")
    return "regression" if data.task == "regression" else "a loss of its own"


def knob(name: str) -> str:
    """A knob in words."""
    return KNOBS.get(name, factor(name))


def factor(name: str) -> str:
    """A factor in words."""
    return name.replace("_", " ")


def level(of: Level) -> str:
    """A level in words."""
    return {None: "none", True: "on", False: "off"}.get(of, str(of)) if of is None or isinstance(of, bool) else str(of)
