"""What the final model is made of, in words and as a table."""

from collections.abc import Sequence

from goru.data.numbers import number
from goru.experiment.findings.answer import Answer, Recommendation
from goru.report import words
from goru.report.pictures.picture import Table
from goru.wording import counted, figure


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
            configuration.arm,
            *([f"{configuration.networks}"] if networks else []),
            *(figure(configuration.values[name], 2) if name in configuration.values else "" for name in knobs),
            *([f"{configuration.epochs} of {configuration.schedule_epochs}"] if schedule else []),
            number(configuration.validation_loss),
        )
        for configuration in configurations
    ]
    ends = (*(["epochs"] if schedule else []), measure)
    return Table(("combination", *(["networks"] if networks else []), *map(words.knob, knobs), *ends), rows)


def made_of(answer: Answer) -> str:
    """Of how many networks of how many configurations the final model is."""
    if not words.of_networks(answer):
        return "one configuration of the training function"
    return f"{counted(answer.networks, 'network')}, {counted(len(answer.recommended), 'configuration')}"


def final_model_says(answer: Answer) -> str:
    """How the final model came to be."""
    if words.of_networks(answer):
        sentences = (
            "One network"
            if answer.networks == 1
            else f"An ensemble of {answer.networks} networks, whose predictions are averaged"
        )
        sentences += ", refit on all training and validation rows."
    else:
        sentences = "The training function's model of this configuration, refit on all training and validation rows."
    if answer.selection == "greedy" and len(answer.recommended) > 1:
        sentences += (
            " They were selected by their validation predictions: better than an even share by over one standard error."
        )
    if answer.temperature != 1:
        sentences += (
            f" Probabilities are calibrated by temperature scaling on validation rows, T = {answer.temperature:.2f}."
        )
    if answer.chosen_by == "score":
        sentences += " The combination is the one with the best score on validation rows."
    return sentences
