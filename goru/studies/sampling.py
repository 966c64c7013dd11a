"""Large tables: the race runs on a sample of the rows, and the final model is trained on all of them."""

from dataclasses import replace

import numpy as np

from goru.data.dataset import Dataset
from goru.experiment.defaults import FEWEST_CONFIGURATIONS, FEWEST_FOLDS
from goru.experiment.findings.answer import Answer
from goru.language import kept
from goru.studies import defaults
from goru.studies.budget.forecast import Work
from goru.studies.splits import evenly_drawn

FEWEST_ROWS = 4_000  # of a sample: techniques against overfitting are judged on it
LARGER = 1.5  # times the sample: a table that is not so large is searched as a whole
EPOCHS = 15  # that three configurations of each combination should have, in three folds
SHARE = 0.3  # of the time that is left, for training them


def rows_to_search(rows: int, parameters: int, arms: int, programs: int, seconds: float) -> int | None:
    """How many of a table's rows the race runs on; `None` for all of them.

    **Arguments:**

    - `rows`: that there are.
    - `parameters`: of a network.
    - `arms`, `programs`: of the design, and that train it.
    - `seconds`: that are left on a quiet machine.
    """
    networks = arms * FEWEST_CONFIGURATIONS * FEWEST_FOLDS
    sample = float(rows)
    while sample > FEWEST_ROWS:
        training_rows = int(sample * (1 - 1 / FEWEST_FOLDS))
        batch = defaults.batch_size(training_rows)
        work = Work(parameters, batch, networks, EPOCHS * training_rows // batch, programs)
        if work.compiled <= SHARE * (seconds - work.compiling):
            break
        sample /= 1.25
    sample = max(int(sample), FEWEST_ROWS)
    return sample if rows >= LARGER * sample else None


def in_words(sample: int, rows: int, final: int | None) -> str:
    """A sentence.

    **Arguments:**

    - `sample`, `rows`, `final`: rows that were searched on, that there are, and that the final model is trained on.
    """
    if final is None or final == rows:
        return kept(
            "searched on a sample of {sample:,} of {rows:,} rows; the final model is trained on all.",
            sample=sample,
            rows=rows,
        )
    return kept(
        "searched on a sample of {sample:,} of {rows:,} rows; the final model is trained on {final:,}.",
        sample=sample,
        rows=rows,
        final=final,
    )


def with_final_model(answer: Answer, sample: int, inputs: int) -> Answer:
    """The answer of a search on a sample, with what the final model has otherwise.

    **Arguments:**

    - `sample`: rows that were searched on.
    - `inputs`: of the final model's networks: of more rows, numbers are encoded in more pieces, and more columns may
      have a square.
    """
    network = answer.network
    if network is not None and network.widths[0] != inputs:
        network = replace(network, widths=(inputs, *network.widths[1:]), search_inputs=network.widths[0])
    return replace(answer, network=network, plan=replace(answer.plan, sample=sample))


def sampled(dataset: Dataset, rows: int, seed: int) -> Dataset:
    """So many of the development rows, evenly over the classes, or over the values of a number; the test rows stay."""
    some = np.flatnonzero(evenly_drawn(dataset.y_development, rows, seed))
    return replace(
        dataset,
        encoded_development=dataset.encoded_development.take(some),
        y_development=dataset.y_development[some],
        development_rows=dataset.development_rows[some],
        weights=None if dataset.weights is None else dataset.weights[some],
    )
