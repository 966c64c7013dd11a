"""What a study does when nobody says otherwise. All of it stands in this one file."""

from goru.data.splitting import N_FOLDS

EPOCHS = 100  # the score is recorded after each; the best one is chosen on other folds
FOLDS = N_FOLDS
FEWEST_DRAWS = 3  # of each arm: with fewer nothing is tuned, and so nothing is decided
FEWEST_FOLDS = 3  # a budget too small for five
FEWEST_EPOCHS = 8  # a budget too small even then: the schedule is shortened, and the answer says so
MOST_DRAWS = 32  # of each arm: more would only search a plateau more finely
BUDGET_SECONDS = 120.0
BAG = 8  # networks handed over
BAG_DRAWS = 2  # the most draws of which they are: more would differ more, but are worse one by one
BAG_TOLERANCE = 0.05  # how much worse than the best draw the others may be
CONFIDENCE = 0.95  # of all intervals together
MARGIN = 0.02  # of the plain network's loss: what is inside is no effect worth having

# Ranges that hyperparameters are drawn from, evenly on the given scale.
LEARNING_RATE = (3e-4, 3e-2)  # log
DROPOUT_RATE = (0.05, 0.6)  # linear; where dropout is on
WEIGHT_DECAY = (1e-3, 3.0)  # log; decoupled, multiplied by the learning rate; where decay is on


def hidden(development_rows: int) -> tuple[int, ...]:
    """Hidden widths for so many development rows (four fifths of a table, or all but those of a test file)."""
    return (128, 128) if development_rows < 4_000 else (256, 256)


def batch_size(fit_rows: int) -> int:
    """Rows in a mini-batch, for so many rows to fit on."""
    if fit_rows >= 50_000:
        return 512
    if fit_rows >= 5_000:
        return 256
    if fit_rows >= 500:
        return 128
    # A small table in batches of 128 would see a handful of steps an epoch.
    return 32 if fit_rows >= 32 else 2 ** (fit_rows.bit_length() - 1)


def networks_in_a_block(parameters: int) -> int:
    """Networks trained together on a device: as few as keep it busy, so that a round is short."""
    return 8 if parameters < 15_000 else 4 if parameters < 40_000 else 2
