"""What the final model is made of, in words and as a table."""

from collections.abc import Sequence

from goru.data.numbers import number
from goru.experiment.findings.answer import Answer, Recommendation
from goru.language import _, _n, retold
from goru.report.parts import words
from goru.report.pictures.picture import Table
from goru.wording import figure


def recommended_table(
    configurations: Sequence[Recommendation], networks: bool, measure: str = "validation loss"
) -> Table:
    """A row a configuration, a column a knob.

    **Arguments:**

    - `networks`: whether the model is of several networks each.
    - `measure`: what configurations are judged by.
    """
    knobs = list(dict.fromkeys(name for configuration in configurations for name in configuration.values))
    schedule = any(configuration.schedule_epochs > 1 for configuration in configurations)
    rows = [
        (
            retold(configuration.arm),
            *([f"{configuration.networks}"] if networks else []),
            *(figure(configuration.values[name], 2) if name in configuration.values else "" for name in knobs),
            *(
                [_("{epoch} of {epochs}", epoch=configuration.epochs, epochs=configuration.schedule_epochs)]
                if schedule
                else []
            ),
            number(configuration.validation_loss),
        )
        for configuration in configurations
    ]
    ends = (*([_("epochs")] if schedule else []), retold(measure))
    return Table((_("combination"), *([_("networks")] if networks else []), *map(words.knob, knobs), *ends), rows)


def made_of(answer: Answer) -> str:
    """Of how many networks of how many configurations the final model is."""
    if not words.of_networks(answer):
        return _("one configuration of the training function")
    configurations = _n("{n} configuration", "{n} configurations", len(answer.recommended))
    return f"{words.trials(answer, answer.networks)}, {configurations}"


def final_model_says(answer: Answer) -> str:
    """How the final model came to be."""
    if not words.of_networks(answer):
        sentences = [
            _("The training function's model of this configuration, refit on all training and validation rows.")
        ]
    elif answer.networks == 1:
        sentences = [_("One network, refit on all training and validation rows.")]
    else:
        sentences = [
            _(
                "An ensemble of {count} networks, whose predictions are averaged, refit on all training and validation "
                "rows.",
                count=answer.networks,
            )
        ]
    if answer.selection == "greedy" and len(answer.recommended) > 1:
        sentences.append(
            _(
                "They were selected by their validation predictions: better than an even share by over one standard "
                "error."
            )
        )
    if answer.temperature != 1:
        sentences.append(
            _(
                "Probabilities are calibrated by temperature scaling on validation rows, T = {temperature:.2f}.",
                temperature=answer.temperature,
            )
        )
    if answer.chosen_by == "score":
        sentences.append(_("The combination is the one with the best score on validation rows."))
    return " ".join(sentences)
