"""What trials, arms and levels are called in sentences: goru's own networks, or whatever a training function trains."""

from collections.abc import Mapping

from goru.experiment import defaults
from goru.experiment.arms import PLAIN, Level
from goru.experiment.effects.effects import Verdict
from goru.experiment.findings.answer import Answer, Data, Judgement
from goru.experiment.findings.effect import EffectFound
from goru.language import _, _n, kept, retold
from goru.wording import confidence_in_words

KNOBS = {  # that are called otherwise than their names say
    "decay_strength": kept("weight decay, strength"),
    "weight_decay": kept("weight decay λ"),
    "batch_norm_scale": kept("batch norm, initial γ"),
    "batch_norm_shift": kept("batch norm, initial β"),
    "batch_norm_epsilon": kept("batch norm, ε"),
    "batch_norm_momentum": kept("batch norm, momentum"),
}
# What answers name: trials, arms, factors, levels, knobs, models and figures.
NAMES = (
    *(kept("network"), kept("networks"), kept("trial"), kept("trials"), kept("combination"), kept("combinations")),
    *(kept("plain"), kept("recommended"), kept("final model"), kept("the plain network")),
    *(kept("the plain combination"), kept("batch norm"), kept("batch norm before"), kept("batch norm after")),
    *(kept("before"), kept("after"), kept("norm"), kept("layer norm"), kept("RMS norm"), kept("dropout")),
    *(kept("input dropout"), kept("weight decay"), kept("label smoothing"), kept("mixup"), kept("cutmix")),
    *(
        kept("cutout"),
        kept("column scales"),
        kept("residual"),
        kept("ema"),
        kept("sam"),
        kept("activation"),
        kept("activation {name}"),
    ),
    *(kept("optimizer"), kept("optimizer {name}"), kept("none"), kept("on"), kept("off"), kept("no batch norm")),
    *(kept("no norm"), kept("no dropout"), kept("no weight decay"), kept("learning rate"), kept("dropout rate")),
    *(kept("input dropout rate"), kept("smoothing"), kept("mixup alpha"), kept("cutmix rate"), kept("cutout rate")),
    *(kept("sam radius"), kept("averaging"), kept("averaging window"), kept("class prior"), kept("mean")),
    *(kept("logistic regression"), kept("ridge regression"), kept("boosted trees"), kept("accuracy")),
    *(kept("balanced accuracy"), kept("balanced log loss"), kept("error"), kept("absolute error"), kept("loss")),
    *(kept("helps"), kept("hurts"), kept("negligible"), kept("inconclusive"), kept("{n} row"), kept("{n} rows")),
    *(kept("{n} cell"), kept("{n} cells"), kept("{n} networks"), kept("{n} combination"), kept("{n} combinations")),
    *(kept("{n} configuration"), kept("{n} configurations"), kept("{n} epoch"), kept("{n} epochs")),
    *(kept("{n} split"), kept("{n} splits"), kept("{n} run"), kept("{n} runs"), kept("{n} infinite value")),
    *(kept("{n} infinite values"), kept("{n} rare class"), kept("{n} rare classes"), kept("{n} row is")),
    *(kept("{n} rows are"), kept("{n} row is a copy"), kept("{n} rows are copies"), kept("{n} row lies")),
    *(kept("{n} rows lie"), kept("{n} pair"), kept("{n} pairs"), kept("compiling"), kept("measuring"), kept("race")),
    *(kept("scoring"), kept("refits"), kept("evidence"), kept("baselines"), kept("pilot run"), kept("reading")),
    *(kept("start"), kept("writing"), kept("end"), kept("all")),
)


def of_networks(answer: Answer) -> bool:
    """Whether it is goru's own networks that were trained."""
    return answer.subject == "networks"


def noun(answer: Answer) -> str:
    """What a trial is."""
    return _("network") if of_networks(answer) else _("trial")


def trials(answer: Answer, count: int) -> str:
    """So many of them."""
    if of_networks(answer):
        return _n("{n} network", "{n} networks", count)
    return _n("{n} trial", "{n} trials", count)


def plain(answer: Answer) -> str:
    """The arm with every factor at its reference."""
    return _("plain network") if of_networks(answer) else _("plain combination")


def verdict_in_words(effect: EffectFound, names: Mapping[Verdict, str] | None = None) -> str:
    """What is said of an effect; of an inconclusive one what is likely.

    **Arguments:**

    - `names`: for verdicts, if they are to be others.
    """
    likely = effect.likely
    word = effect.verdict if likely is None else likely[0]
    verdict = retold(names.get(word, word) if names else word)
    if likely is None:
        return verdict
    return _("likely {verdict} ({chance})", verdict=verdict, chance=chance_in_words(likely[1]))


def chance_in_words(chance: float) -> str:
    """`91%`; nothing is certain."""
    return _("over 99%") if chance >= 0.995 else f"{chance:.0%}"


def looked(judgement: Judgement) -> str | None:
    """Why the confidence is higher than usual, where the answers were looked at before."""
    if judgement.looks == 1 and judgement.confidence == defaults.CONFIDENCE:
        return None
    return _(
        "look {looks} at the answers, judged at {judged} confidence, so that all looks together hold with {usual}",
        looks=judgement.looks,
        judged=confidence_in_words(judgement.confidence),
        usual=confidence_in_words(defaults.CONFIDENCE),
    )


def removals(answer: Answer) -> tuple[EffectFound, ...]:
    """Those of techniques that the best arm has, in some fold at least: without the others no row's loss changes."""
    return tuple(effect for effect in answer.removals if not effect.is_of_itself)


def has_simplest(answer: Answer) -> bool:
    """Whether a simpler arm than the best does about as well."""
    return answer.simplest is not None and answer.simplest.arm != answer.simplest.best


def simplest(answer: Answer) -> str:
    """The simplest arm that does about as well as the best."""
    assert answer.simplest is not None
    return _("the {plain}", plain=plain(answer)) if answer.simplest.arm == PLAIN else retold(answer.simplest.arm)


def failure_reason(answer: Answer) -> str:
    """Why a loss is not finite."""
    return _("a network diverged") if of_networks(answer) else _("a trial failed or diverged")


def all_failed(answer: Answer) -> str:
    """The same of several."""
    return _("networks diverged") if of_networks(answer) else _("trials failed or diverged")


def target(data: Data) -> str:
    """What is predicted."""
    if data.classes is not None:
        return _n("{n} class", "{n} classes", len(data.classes))
    return _("regression") if data.task == "regression" else _("a loss of its own")


def knob(name: str) -> str:
    """A knob in words."""
    return retold(KNOBS.get(name, name.replace("_", " ")))


def factor(name: str) -> str:
    """A factor in words."""
    return retold(name.replace("_", " "))


def level(of: Level) -> str:
    """A level in words."""
    return retold(level_name(of))


def level_name(of: Level) -> str:
    """The same as answers have it."""
    return {None: "none", True: "on", False: "off"}[of] if of is None or isinstance(of, bool) else str(of)
