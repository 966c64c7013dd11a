"""The answer of a study as lines of text."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from goru.data.numbers import number, numbers
from goru.errors import option
from goru.experiment.findings.answer import Answer, Data, ModelScores, Network, Recommendation
from goru.experiment.findings.effect import EffectFound
from goru.experiment.findings.timings import Timings
from goru.language import _, _n, retold
from goru.report.parts import words
from goru.report.parts.estimates import TOO_FEW, any_unknown, change_with_interval, in_loss, retold_estimate
from goru.report.parts.final_scores import final_scores, main_figure
from goru.report.parts.interactions import interaction_sentences
from goru.report.parts.leakage import warning
from goru.wording import confidence_in_words

WIDTH, LABEL = 100, 14  # of running text, and of what a paragraph is called
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
        yield from _network(answer.network, retold(answer.judgement.measure))
    yield from _plain(answer)
    yield from _trained(answer)
    yield from _failures(answer)
    yield ""
    yield from _effects(answer)
    yield ""
    yield from _removals(answer)
    if sentences := [shown(sentence, 2 * WIDTH) for sentence in interaction_sentences(answer)]:
        yield from labelled(_("interactions"), sentences)
        yield ""
    yield from _recommended(answer)
    yield ""
    if answer.test:
        yield from _test(answer)
        yield ""
    yield from labelled(_("advice"), wrapped(printable(retold(answer.advice))))


def timings_rows(timings: Timings) -> list[tuple[str, ...]]:
    """Where time went: a row a phase, and one for all of them; the first row says what is in the columns."""
    cores = _n("{n} core", "{n} cores", timings.cores)
    return [
        (
            _("where the time went"),
            _("seconds"),
            _("processor seconds"),
            _("share of {cores}", cores=cores),
            _("idle meanwhile"),
        ),
        *(
            (
                shown(retold(phase.name)),
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


def labelled(label: str, texts: Sequence[str]) -> Iterator[str]:
    """A paragraph: what it is called, and its lines."""
    for index, text in enumerate(texts):
        yield _padded(label if index == 0 else "", LABEL) + text


def _data(data: Data) -> Iterator[str]:
    parts = [_("{rows:,} rows", rows=data.rows), words.target(data)]
    if (columns := data.columns) is not None:
        kinds = [
            f"{columns[kind]:,} {word}"
            for kind, word in (("categorical", _("categorical")), ("date", _("dates")), ("dropped", _("dropped")))
            if columns.get(kind)
        ]
        more = f" ({', '.join(kinds)})" if kinds else ""
        parts.insert(1, _n("{n} column", "{n} columns", sum(columns.values())) + more)
    share = _("all of them for training and validation, none for a test")
    if data.test:
        share = _("{rows:,} for training and validation, {test:,} for the test", rows=data.development, test=data.test)
    yield from labelled(_("data"), [f"{', '.join(parts)}; {share}", *(printable(retold(note)) for note in data.notes)])


def _plain(answer: Answer) -> Iterator[str]:
    plain, epochs = answer.plain, answer.plan.epochs
    last = _("validation loss {validation}", validation=number(plain.validation))
    if plain.training is not None or plain.validation is None:
        last = _("training loss {training}, {validation_loss}", training=number(plain.training), validation_loss=last)
    if epochs > 1:
        last = _("{losses} after the last epoch", losses=last)
    gap, rise = (
        change_with_interval(retold_estimate(ends))
        for ends in ((plain.gap, plain.gap_low, plain.gap_high), (plain.rise, plain.rise_low, plain.rise_high))
    )
    if plain.overfits == "rises":
        overfitting = _(
            "overfits after epoch {epoch}; validation loss then rises by {rise}", epoch=plain.epoch, rise=rise
        )
    elif plain.overfits == "gap":
        overfitting = _(
            "overfits: validation loss exceeds training loss by {gap}; no clear rise in validation loss", gap=gap
        )
    elif plain.validation is None:
        overfitting = _("diverges in some fold")
    elif plain.gap is None:
        overfitting = _(
            "no overfitting found: from the best epoch to the last, validation loss changes by {rise}", rise=rise
        )
        overfitting = overfitting if epochs > 1 else ""
    elif plain.gap > answer.judgement.margin_share * abs(plain.validation):
        overfitting = _("may overfit (CI includes 0): validation loss exceeds training loss by {gap}", gap=gap)
    else:
        overfitting = _("no overfitting found: generalization gap {gap}", gap=gap)
        if words.of_networks(answer):
            overfitting = _(
                "{found}; wider layers ({option}) might overfit", found=overfitting, option=option("hidden")
            )
    yield from labelled(_("plain"), [last, *([overfitting] if overfitting else [])])
    if answer.class_weight:
        yield from labelled("", [_("(every class counts alike in all losses)")])
    if answer.data.classes is None:
        yield from labelled("", [_("(the loss is the {loss})", loss=printable(retold(answer.judgement.loss)))])


def _trained(answer: Answer) -> Iterator[str]:
    trained, plan = answer.trained, answer.plan
    parts = [words.trials(answer, trained.networks)]
    parts += [_("{count:,} of them diverged", count=trained.diverged)] * bool(trained.diverged)
    parts += [_("{count:,} of them failed", count=trained.failed)] * bool(trained.failed)
    parts += [] if trained.steps is None else [_("{count:,} steps", count=trained.steps)]
    folds = _("{folds}-fold CV", folds=plan.folds)
    if plan.partitions > 1:
        folds = _("{partitions} x {folds}-fold CV", partitions=plan.partitions, folds=plan.folds)
    design = [
        _("{count} combinations", count=plan.arms),
        _n("{n} configuration each", "{n} configurations each", plan.configurations),
        folds,
        *([_("{count} epochs", count=plan.epochs)] if plan.epochs > 1 else []),
    ]
    summary = f"{', '.join([*parts, _('{seconds:.0f} s', seconds=answer.seconds)])} ({', '.join(design)})"
    yield from labelled(_("trained"), [summary, *(printable(retold(one)) for one in plan.shortfalls)])


def _failures(answer: Answer) -> Iterator[str]:
    lines = [
        _(
            "{combination}: {failed:,} of {trials}: {reason}",
            combination=shown(retold(one.arm)),
            failed=one.failed,
            trials=words.trials(answer, one.of),
            reason=shown(one.last_line, WIDTH),
        )
        for one in answer.failures
    ]
    yield from labelled(_("failed"), lines)


def _effects(answer: Answer) -> Iterator[str]:
    judgement = answer.judgement
    plain = judgement.plain_loss
    yield from table(_rows(answer, _("effect of each technique"), answer.effects))
    if any_unknown(answer.effects):
        yield retold(TOO_FEW)
    if plain is not None:
        relative = _("relative to the {plain}'s {loss}", plain=words.plain(answer), loss=number(plain))
        known = any(effect.low is not None for effect in answer.effects)
        yield _("{relative}; intervals are simultaneous", relative=relative) if known else relative
    if sentence := words.looked(judgement):
        yield f"({sentence})"


def _removals(answer: Answer) -> Iterator[str]:
    if removals := words.removals(answer):
        yield from table(_rows(answer, _("in the best combination"), removals))
        yield ""


def _rows(answer: Answer, title: str, effects: Sequence[EffectFound]) -> list[tuple[str, ...]]:
    judgement, there = answer.judgement, answer.data.rows
    plain = judgement.plain_loss
    rows: list[tuple[str, ...]] = [
        (
            title,
            _("change in {measure}", measure=retold(judgement.measure)),
            _("{confidence} interval", confidence=confidence_in_words(judgement.confidence)),
            _("verdict"),
        )
    ]
    for effect in effects:
        name = shown(retold(effect.name))
        verdict = words.verdict_in_words(effect)
        if effect.change is None:
            rows.append((name, words.failure_reason(answer), "", verdict))
            continue
        if effect.verdict == "negligible":
            verdict = _("negligible (< {margin:.0%})", margin=judgement.margin_share)
        change, interval = in_loss(effect)
        share = f" ({effect.change / plain:+.1%})" if plain else ""
        rows.append((name, change + share, interval, _to_decide(effect, verdict, there, words.of_networks(answer))))
    return rows


def _to_decide(effect: EffectFound, verdict: str, there: int, of_networks: bool) -> str:
    """The verdict, and what it would take to decide what is inconclusive."""
    if effect.configurations_to_decide and of_networks:
        return _("{verdict}; try a larger budget", verdict=verdict)
    if effect.configurations_to_decide:
        return _("{verdict}; try more configurations", verdict=verdict)
    rows = effect.rows_to_decide
    if rows is None:
        return verdict
    if rows > MOST_TIMES_THE_ROWS * there:
        return _("{verdict}; needs over {times}x the rows", verdict=verdict, times=MOST_TIMES_THE_ROWS)
    digits = len(str(rows)) - 2  # two digits are as much as can be said
    return _("{verdict}; needs about {rows:,} rows", verdict=verdict, rows=round(rows, -max(digits, 0)))


def _recommended(answer: Answer) -> Iterator[str]:
    """One line a configuration; the final model is of one or more."""
    lines = [_configuration(answer, one) for one in answer.recommended]
    if answer.chosen_by == "score":
        score = number(answer.scores.get(answer.recommended[0].arm))
        lines.append(_("(chosen by its score on validation rows, {score})", score=score))
    if answer.selection == "greedy" and len(lines) > 1:
        lines.append(
            _("(selected by their validation predictions: better than an even share by over one standard error)")
        )
    if answer.temperature != 1:
        lines.append(_("temperature scaling on validation rows, T = {temperature:.2f}", temperature=answer.temperature))
    if words.has_simplest(answer):
        simplest = shown(words.simplest(answer))
        lines.append(_("simplest within one standard error of the best: {simplest}", simplest=simplest))
    yield from labelled(_("recommended"), lines)


def _configuration(answer: Answer, one: Recommendation) -> str:
    line = shown(retold(one.words), 2 * WIDTH)
    if one.schedule_epochs > 1:
        line = _(
            "{words}, stopped at epoch {epoch} of {epochs}", words=line, epoch=one.epochs, epochs=one.schedule_epochs
        )
    return f"{line}: {words.trials(answer, one.networks)}" if words.of_networks(answer) else line


def _network(network: Network, measure: str) -> Iterator[str]:
    parts = ["-".join(map(str, network.widths)), network.activation, _("batches of {rows}", rows=network.batch_size)]
    lines = [", ".join([*parts, network.optimizer, _("{kind} schedule", kind=network.schedule)])]
    if network.search_inputs is not None:
        lines.append(_("(in the search on a sample of the rows: {count:,} inputs)", count=network.search_inputs))
    if network.numbers != "scaled":
        squares = network.numbers == "squares"
        encoded = _("squares of numbers added") if squares else _("piecewise-linear encoding added")
        look = network.first_look
        if look and (chosen := look.squares if squares else look.pieces) is not None:
            loss, scaled = numbers([chosen, look.scaled])
            encoded = _(
                "{encoding}: {measure} {loss} instead of {scaled} in a pilot run",
                encoding=encoded,
                measure=measure,
                loss=loss,
                scaled=scaled,
            )
        lines.append(encoded)
    yield from labelled(_("network"), lines)


def _test(answer: Answer) -> Iterator[str]:
    figures = list(answer.test[0].figures)
    of_networks = words.of_networks(answer)
    rows = [(_("test"), *([_("networks")] if of_networks else []), *map(retold, figures))]
    final, main = final_scores(answer), main_figure(answer)
    for entry in answer.test:
        values = [_figure(name, entry.figures[name]) + _half(entry, name) * (name == main) for name in figures]
        count = [f"{entry.networks or '-'}"] if of_networks else []
        rows.append((shown(retold(entry.arm)), *count, *values, *([_("final model")] if entry is final else [])))
    yield from table(rows, first=LABEL)
    for warned in warning(answer):
        yield from wrapped(_("warning: {what}", what=warned))
    if of_networks and not answer.against_networks:
        yield _("non-neural baselines were skipped: too slow for this budget")


def _figure(name: str, value: float | None) -> str:
    return "-" if value is None else number(value) if name == "error" else f"{value:.3f}"


def _half(entry: ModelScores, name: str) -> str:
    """Half of the 95 % interval of a figure."""
    interval, value = entry.intervals.get(name), entry.figures[name]
    return "" if interval is None or value is None else f" ± {numbers([value, (interval[1] - interval[0]) / 2])[1]}"


def table(rows: Sequence[Sequence[str]], first: int = 0) -> Iterator[str]:
    """Columns of text, each as wide as its widest cell."""
    columns = max(len(row) for row in rows)
    widths = [max((cell_len(row[i]) for row in rows if i < len(row)), default=0) + 2 for i in range(columns)]
    widths[0] = max(widths[0], first)
    for row in rows:
        yield "".join(_padded(cell, width) for cell, width in zip(row, widths, strict=False)).rstrip()


def wrapped(text: str) -> list[str]:
    """A text as lines of `WIDTH`; letters of some languages are twice as wide as others."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if cell_len(longer) <= WIDTH or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
