"""The answer of a study as lines of text."""

import textwrap
from collections.abc import Iterator, Sequence

from goru.data.numbers import estimate, number, numbers
from goru.errors import option
from goru.experiment.findings.answer import Answer, Data, ModelScores, Network
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.timings import Timings
from goru.report import words
from goru.report.estimates import TOO_FEW, any_unknown, change_with_interval, in_loss
from goru.report.final_scores import final_scores, main_figure
from goru.report.interactions import interaction_sentences
from goru.report.leakage import warning
from goru.wording import confidence_in_words, counted

WIDTH = 100  # of running text
LONGEST = 60  # letters of a name in a table
MOST_TIMES_THE_ROWS = 50  # beyond, how many rows would decide is no help to anybody


def shown(name: str, longest: int = LONGEST) -> str:
    """A name that somebody has given, on a line beside others."""
    line = printable(name)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def printable(text: object) -> str:
    """Text in which whatever a terminal would obey (control characters, marks of direction) is written out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))


def answer_lines(answer: Answer) -> Iterator[str]:
    """The whole answer, without colours."""
    yield from _data(answer.data)
    if answer.network is not None:
        yield from _network(answer.network)
    yield from _plain(answer)
    yield from _trained(answer)
    yield from _failures(answer)
    yield ""
    yield from _effects(answer)
    yield ""
    yield from _removals(answer)
    if sentences := [shown(sentence, 2 * WIDTH) for sentence in interaction_sentences(answer)]:
        yield from _labelled("interactions", sentences)
        yield ""
    yield from _recommended(answer)
    yield ""
    if answer.test:
        yield from _test(answer)
        yield ""
    yield from _labelled("advice", textwrap.wrap(printable(answer.advice), WIDTH))


def timings_rows(timings: Timings) -> list[tuple[str, ...]]:
    """Where time went: a row a phase, and one for all of them; the first row says what is in the columns."""
    cores = counted(timings.cores, "core")
    return [
        ("where the time went", "seconds", "processor seconds", f"share of {cores}", "idle meanwhile"),
        *(
            (
                shown(phase.name),
                f"{phase.seconds:.1f}",
                f"{phase.processor:.1f}",
                f"{timings.share(phase):.0%}",
                f"{timings.idle(phase):.0%}",
            )
            for phase in (*timings.phases, timings.total)
        ),
    ]


def timings_lines(timings: Timings) -> Iterator[str]:
    """The same as lines of text."""
    yield from table(timings_rows(timings))


def _labelled(label: str, texts: Sequence[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        yield f"{label if index == 0 else '':<14}{text}"


def _data(data: Data) -> Iterator[str]:
    parts = [f"{data.rows:,} rows", words.target(data)]
    if (columns := data.columns) is not None:
        kinds = [
            f"{columns[kind]:,} {word}"
            for kind, word in (("categorical", "categorical"), ("date", "dates"), ("dropped", "dropped"))
            if columns.get(kind)
        ]
        more = f" ({', '.join(kinds)})" if kinds else ""
        parts.insert(1, counted(sum(columns.values()), "column") + more)
    share = f"{data.development:,} for training and validation, {data.test:,} for the test"
    if not data.test:
        share = "all of them for training and validation, none for a test"
    yield from _labelled("data", [f"{', '.join(parts)}; {share}", *(printable(note) for note in data.notes)])


def _plain(answer: Answer) -> Iterator[str]:
    plain, epochs = answer.plain, answer.plan.epochs
    training = (
        f"training loss {number(plain.training)}, " if plain.training is not None or plain.validation is None else ""
    )
    last = f"{training}validation loss {number(plain.validation)}" + " after the last epoch" * (epochs > 1)
    gap, rise = (
        change_with_interval(estimate(ends))
        for ends in ((plain.gap, plain.gap_low, plain.gap_high), (plain.rise, plain.rise_low, plain.rise_high))
    )
    if plain.overfits == "rises":
        overfitting = f"overfits after epoch {plain.epoch}; validation loss then rises by {rise}"
    elif plain.overfits == "gap":
        overfitting = f"overfits: validation loss exceeds training loss by {gap}; no clear rise in validation loss"
    elif plain.validation is None:
        overfitting = "diverges in some fold"
    elif plain.gap is None:
        overfitting = f"no overfitting found: from the best epoch to the last, validation loss changes by {rise}"
        overfitting = overfitting if epochs > 1 else ""
    elif plain.gap > answer.judgement.margin_share * abs(plain.validation):
        overfitting = f"may overfit (CI includes 0): validation loss exceeds training loss by {gap}"
    else:
        overfitting = f"no overfitting found: generalization gap {gap}"
        overfitting += f"; wider layers ({option('hidden')}) might overfit" * words.of_networks(answer)
    yield from _labelled("plain", [last, *([overfitting] if overfitting else [])])
    if answer.class_weight:
        yield from _labelled("", ["(every class counts alike in all losses)"])
    if answer.data.classes is None:
        yield from _labelled("", [f"(the loss is the {printable(answer.judgement.loss)})"])


def _trained(answer: Answer) -> Iterator[str]:
    trained, plan = answer.trained, answer.plan
    ends = (("diverged", trained.diverged), ("failed", trained.failed))
    lost = "".join(f", {count:,} of them {word}" for word, count in ends if count)
    folds = f"{plan.folds}-fold CV" if plan.partitions == 1 else f"{plan.partitions} x {plan.folds}-fold CV"
    design = f"{plan.arms} combinations, {counted(plan.configurations, 'configuration')} each, {folds}"
    steps = "" if trained.steps is None else f", {trained.steps:,} steps"
    epochs = f", {plan.epochs} epochs" if plan.epochs > 1 else ""
    summary = f"{trained.networks:,} {words.noun(answer)}s{lost}{steps}, {answer.seconds:.0f} s ({design}{epochs})"
    yield from _labelled("trained", [summary, *map(printable, plan.shortfalls)])


def _failures(answer: Answer) -> Iterator[str]:
    lines = [
        f"{shown(one.arm)}: {one.failed:,} of {counted(one.of, words.noun(answer))}: {shown(one.last_line, WIDTH)}"
        for one in answer.failures
    ]
    yield from _labelled("failed", lines)


def _effects(answer: Answer) -> Iterator[str]:
    judgement = answer.judgement
    plain = judgement.plain_loss
    yield from table(_rows(answer, "effect of each technique", answer.effects))
    if any_unknown(answer.effects):
        yield TOO_FEW
    if plain is not None:
        known = any(effect.low is not None for effect in answer.effects)
        yield (f"relative to the {words.plain(answer)}'s {number(plain)}{'; intervals are simultaneous' * known}")
    if sentence := words.looked(judgement):
        yield f"({sentence})"


def _removals(answer: Answer) -> Iterator[str]:
    if answer.removals:
        yield from table(_rows(answer, "in the best combination", answer.removals))
        yield ""


def _rows(answer: Answer, title: str, effects: Sequence[EffectFound]) -> list[tuple[str, ...]]:
    judgement, there = answer.judgement, answer.data.rows
    plain = judgement.plain_loss
    rows: list[tuple[str, ...]] = [
        (title, f"change in {judgement.measure}", f"{confidence_in_words(judgement.confidence)} interval", "verdict")
    ]
    for effect in effects:
        name = shown(effect.name)
        if effect.change is None:
            rows.append((name, words.failure_reason(answer), "", words.verdict_in_words(effect)))
            continue
        verdict = words.verdict_in_words(effect)
        if effect.verdict == "negligible":
            verdict = f"negligible (< {judgement.margin_share:.0%})"
        change, interval = in_loss(effect)
        share = f" ({effect.change / plain:+.1%})" if plain else ""
        rows.append(
            (
                name,
                change + share,
                interval,
                verdict + _to_decide(effect, there, words.of_networks(answer)),
            )
        )
    return rows


def _to_decide(effect: EffectFound, there: int, of_networks: bool) -> str:
    """What it would take to decide what is inconclusive."""
    if effect.configurations_to_decide:
        return "; try a larger budget" if of_networks else "; try more configurations"
    rows = effect.rows_to_decide
    if rows is None:
        return ""
    if rows > MOST_TIMES_THE_ROWS * there:
        return f"; needs over {MOST_TIMES_THE_ROWS}x the rows"
    digits = len(str(rows)) - 2  # two digits are as much as can be said
    return f"; needs about {round(rows, -max(digits, 0)):,} rows"


def _recommended(answer: Answer) -> Iterator[str]:
    """One line a configuration; the final model is of one or more."""
    lines = [
        shown(one.words, 2 * WIDTH)
        + (f", stopped at epoch {one.epochs} of {one.schedule_epochs}" if one.schedule_epochs > 1 else "")
        + (f": {counted(one.networks, 'network')}" if words.of_networks(answer) else "")
        for one in answer.recommended
    ]
    if answer.chosen_by == "score":
        score = answer.scores.get(answer.recommended[0].arm)
        lines.append(f"(chosen by its score on validation rows, {number(score)})")
    if answer.selection == "greedy" and len(lines) > 1:
        lines.append("(selected by their validation predictions: better than an even share by over one standard error)")
    if answer.temperature != 1:
        lines.append(f"temperature scaling on validation rows, T = {answer.temperature:.2f}")
    if words.has_simplest(answer):
        lines.append(f"simplest within one standard error of the best: {shown(words.simplest(answer))}")
    yield from _labelled("recommended", lines)


def _network(network: Network) -> Iterator[str]:
    widths = "-".join(map(str, network.widths))
    parts = [widths, network.activation, f"batches of {network.batch_size}"]
    lines = [", ".join([*parts, f"{network.optimizer}, {network.schedule} schedule"])]
    if network.numbers == "pieces":
        numbers_line = "piecewise-linear encoding added"
        if look := network.first_look:
            losses = " instead of ".join(numbers([look.pieces, look.scaled]))
            numbers_line = f"{numbers_line}: validation loss {losses} in a pilot run"
        lines.append(numbers_line)
    yield from _labelled("network", lines)


def _test(answer: Answer) -> Iterator[str]:
    figures = list(answer.test[0].figures)
    of_networks = words.of_networks(answer)
    rows = [("test", *(["networks"] if of_networks else []), *figures)]
    final, main = final_scores(answer), main_figure(answer)
    for entry in answer.test:
        values = [_figure(name, entry.figures[name]) + _half(entry, name) * (name == main) for name in figures]
        count = [f"{entry.networks or '-'}"] if of_networks else []
        rows.append((shown(entry.arm), *count, *values, *(["final model"] if entry is final else [])))
    yield from table(rows, first=14)
    for warned in warning(answer):
        yield from textwrap.wrap(f"warning: {warned}", WIDTH)
    if of_networks and not answer.against_networks:
        yield "non-neural baselines were skipped: too slow for this budget"


def _figure(name: str, value: float | None) -> str:
    return "-" if value is None else number(value) if name == "error" else f"{value:.3f}"


def _half(entry: ModelScores, name: str) -> str:
    """Half of the 95 % interval of a figure."""
    interval, value = entry.intervals.get(name), entry.figures[name]
    return "" if interval is None or value is None else f" ± {numbers([value, (interval[1] - interval[0]) / 2])[1]}"


def table(rows: Sequence[Sequence[str]], first: int = 0) -> Iterator[str]:
    """Columns of text, each as wide as its widest cell."""
    columns = max(len(row) for row in rows)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) + 2 for i in range(columns)]
    widths[0] = max(widths[0], first)
    for row in rows:
        yield "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
