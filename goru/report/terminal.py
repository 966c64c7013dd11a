"""The answer of a study as lines of text."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from goru.data.numbers import estimate, number, numbers
from goru.data.wording import repeated
from goru.report.estimates import TOO_FEW, any_unknown, in_loss, together
from goru.report.leakage import warning

WIDTH = 100  # of running text
MOST_TIMES_THE_ROWS = 50  # beyond, how many rows would decide is no help to anybody


def printable(text: object) -> str:
    """Text in which whatever a terminal would obey (control characters, marks of direction) is written out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))


def answer_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The whole answer, without colours."""
    yield from _data(answer["data"])
    yield from _network(answer["network"])
    yield from _plain(answer["plain"], answer)
    yield from _trained(answer)
    yield ""
    yield from _effects(answer)
    yield ""
    yield from _recommended(answer)
    yield ""
    if answer["test"]:
        yield from _test(answer)
        yield ""
    yield from _labelled("advice", textwrap.wrap(answer["advice"], WIDTH))


def _labelled(label: str, texts: Sequence[str]) -> Iterator[str]:
    for index, text in enumerate(texts):
        yield f"{label if index == 0 else '':<14}{text}"


def _data(data: dict[str, Any]) -> Iterator[str]:
    columns = data["columns"]
    kinds = [
        f"{columns[kind]:,} {word}"
        for kind, word in (("categorical", "categorical"), ("date", "dates"), ("dropped", "dropped"))
        if columns[kind]
    ]
    total = sum(columns.values())
    parts = [
        f"{data['rows']:,} rows",
        f"{total:,} column{'s' * (total != 1)}" + (f" ({', '.join(kinds)})" if kinds else ""),
        "regression" if data["classes"] is None else f"{len(data['classes']):,} classes",
    ]
    share = f"{data['development']:,} rows for development, {data['test']:,} for the test"
    if not data["test"]:
        share = "all of them for development, none for a test"
    yield from _labelled("data", [f"{', '.join(parts)}; {share}", *(printable(note) for note in data["notes"])])


def _plain(plain: dict[str, Any], answer: dict[str, Any]) -> Iterator[str]:
    last = f"fit loss {number(plain['fit'])}, held-out loss {number(plain['held_out'])} after the last epoch"
    gap, rise = (together(estimate([plain[name + end] for end in ("", "_low", "_high")])) for name in ("gap", "rise"))
    if plain["overfits"] == "rises":
        told = f"overfits from epoch {plain['epoch']} on: until the last, the held-out loss rises by {rise}"
    elif plain["overfits"] == "gap":
        told = f"overfits: its loss on held-out rows is higher by {gap}; that it rises again is not sure"
    elif plain["gap"] is None:
        told = "diverges in some fold"
    elif plain["gap"] > answer["judgement"]["margin_share"] * abs(plain["held_out"]):
        told = f"seems to overfit, which is not sure: its loss on held-out rows is higher by {gap}"
    else:
        told = f"no overfitting found: generalization gap {gap}; wider layers (--hidden) might overfit"
    yield from _labelled("plain", [last, told])
    if answer["options"]["class_weight"]:
        yield from _labelled("", ["(every class counts alike in all losses)"])
    if answer["data"]["classes"] is None:
        yield from _labelled("", ["(the loss is the squared error over the target's variance)"])


def _trained(answer: dict[str, Any]) -> Iterator[str]:
    trained, plan = answer["trained"], answer["plan"]
    diverged = f", {trained['diverged']:,} of them diverged" if trained["diverged"] else ""
    folds = f"{plan['folds']} folds" + (f", {repeated(plan['partitions'])}" if plan["partitions"] > 1 else "")
    each = f"{plan['arms']} arms, {plan['draws']} draw{'s' * (plan['draws'] != 1)} each, {folds}"
    said = (
        f"{trained['networks']:,} networks{diverged}, {trained['steps']:,} steps, {answer['seconds']:.0f} s "
        f"({each}, {plan['epochs']} epochs)"
    )
    yield from _labelled("trained", [said, *plan["shortfalls"]])


def _effects(answer: dict[str, Any]) -> Iterator[str]:
    judgement = answer["judgement"]
    plain, confidence, there = judgement["plain_loss"], judgement["confidence"], answer["data"]["rows"]
    rows = [("what helps", "change in held-out loss", f"{confidence:.0%} interval", "verdict")]
    for effect in answer["effects"]:
        if effect["change"] is None:
            rows.append((effect["name"], "a network diverged", "", effect["verdict"]))
            continue
        change, interval = in_loss(effect)
        share = f" ({effect['change'] / plain:+.1%})" if plain else ""
        rows.append((effect["name"], change + share, interval, effect["verdict"] + _to_decide(effect, there)))
    yield from table(rows)
    if any_unknown(answer["effects"]):
        yield TOO_FEW
    if plain is not None:
        known = any(effect["low"] is not None for effect in answer["effects"])
        yield (
            f"against the plain network's {number(plain)}; less than {judgement['margin_share']:.0%} of it is "
            f"no effect worth having{'; all intervals hold together' * known}"
        )


def _to_decide(effect: dict[str, Any], there: int) -> str:
    """What it would take to decide what is undecided."""
    if effect["draws_to_decide"]:
        return "; more draws (a larger budget) might decide"
    rows = effect["rows_to_decide"]
    if rows is None:
        return ""
    if rows > MOST_TIMES_THE_ROWS * there:
        return f"; over {MOST_TIMES_THE_ROWS} times the rows would decide"
    digits = len(str(rows)) - 2  # two digits are as much as can be said
    return f"; about {round(rows, -max(digits, 0)):,} rows would decide"


def _recommended(answer: dict[str, Any]) -> Iterator[str]:
    """One line a draw; the networks that are handed over are of one or more."""
    lines = [
        f"{_draw(draw)}: {draw['networks']} network{'s' * (draw['networks'] != 1)}" for draw in answer["recommended"]
    ]
    if answer.get("chosen_by") == "score":  # an answer on disk may be older than scores are
        lines.append(
            f"(chosen by its score on held-out rows, {number(answer['scores'][answer['recommended'][0]['arm']])})"
        )
    if answer["selection"] == "greedy" and len(lines) > 1:
        lines.append("(selected by their validation predictions: better than an even share by over one standard error)")
    if answer["temperature"] != 1:
        lines.append(f"probabilities calibrated on held-out rows, by the temperature {answer['temperature']:.2f}")
    yield from _labelled("recommended", lines)


def _draw(draw: dict[str, Any]) -> str:
    parts = [
        *([f"batch norm {draw['batch_norm']} the activation"] if draw["batch_norm"] else []),
        *([f"dropout {draw['dropout_rate']:.2f}"] if draw["dropout_rate"] is not None else []),
        *([f"weight decay {draw['weight_decay']:.2g}"] if draw["weight_decay"] is not None else []),
    ] or ["none of the techniques"]
    if "batch_norm_scale" in draw:
        parts.append(
            f"γ {draw['batch_norm_scale']:.2g}, β {draw['batch_norm_shift']:.2g}, ε {draw['batch_norm_epsilon']:.1e}, "
            f"momentum {draw['batch_norm_momentum']:.2f}"
        )
    epochs = f"{draw['epochs']} of {draw['schedule_epochs']} epochs"
    return ", ".join([*parts, f"learning rate {draw['learning_rate']:.1e}", epochs])


def _network(network: dict[str, Any]) -> Iterator[str]:
    widths = "-".join(map(str, network["widths"]))
    parts = [widths, network["activation"], f"batches of {network['batch_size']}"]
    lines = [", ".join([*parts, f"{network['optimizer']}, {network['schedule']} schedule"])]
    if network.get("numbers") == "pieces":
        said = "numbers cut into pieces as well"
        if look := network["first_look"]:
            losses = " instead of ".join(numbers([look["pieces"], look["scaled"]]))
            said = f"{said}: held-out loss {losses} in a first look"
        lines.append(said)
    yield from _labelled("network", lines)


def _test(answer: dict[str, Any]) -> Iterator[str]:
    figures = [name for name in answer["test"][0] if name not in ("networks", "arm")]
    rows = [("test", "networks", *figures)]
    count = sum(candidate["networks"] for candidate in answer["recommended"])
    for entry in answer["test"]:
        handed = (entry["arm"], entry["networks"]) == ("recommended", count)
        values = [_figure(name, entry[name]) for name in figures]
        rows.append((entry["arm"], f"{entry['networks'] or '-'}", *values, *(["handed over"] if handed else [])))
    yield from table(rows, first=14)
    for warned in warning(answer):
        yield from textwrap.wrap(f"warning: {warned}", WIDTH)
    if len(answer["against_networks"]) == 0:
        yield "linear and boosted models were left out: they would take too much of the budget"


def _figure(name: str, value: float | None) -> str:
    return "-" if value is None else number(value) if name == "error" else f"{value:.3f}"


def table(rows: Sequence[Sequence[str]], first: int = 0) -> Iterator[str]:
    """Columns of text, each as wide as its widest cell."""
    columns = max(len(row) for row in rows)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) + 2 for i in range(columns)]
    widths[0] = max(widths[0], first)
    for row in rows:
        yield "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
