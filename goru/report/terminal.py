"""The answer of a study as lines of text."""

from collections.abc import Iterator, Sequence
from typing import Any


def printable(text: object) -> str:
    """Text in which whatever a terminal would obey (control characters, marks of direction) is written out."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in str(text))


def answer_lines(answer: dict[str, Any]) -> Iterator[str]:
    """The whole answer, without colours."""
    yield from _data(answer["data"])
    yield from _network(answer["network"])
    yield from _plain(answer["plain"], answer["data"])
    yield from _trained(answer)
    yield ""
    yield from _effects(answer)
    yield ""
    yield from _recommended(answer["recommended"])
    yield from _test(answer)


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
    yield from _labelled("data", [f"{', '.join(parts)}; {share}", *(printable(note) for note in data["notes"])])


def _plain(plain: dict[str, Any], data: dict[str, Any]) -> Iterator[str]:
    losses = f"fit loss {number(plain['fit'])}, held-out loss {number(plain['held_out'])}"
    if plain["rises"]:
        told = f"overfits, from epoch {plain['epoch']} on, where the held-out loss was {number(plain['best'])}"
    elif plain["gap"]:
        told = "overfits, though its held-out loss does not rise"
    else:
        told = "does not overfit; wider layers or more epochs (a larger budget) would show more"
    yield from _labelled("plain", [f"{losses}: {told}"])
    if data["classes"] is None:
        yield from _labelled("", ["(the loss is the squared error over the target's variance)"])


def _trained(answer: dict[str, Any]) -> Iterator[str]:
    trained, plan = answer["trained"], answer["plan"]
    diverged = f", {trained['diverged']:,} of them diverged" if trained["diverged"] else ""
    each = f"{plan['arms']} arms, {plan['draws']} draw{'s' * (plan['draws'] != 1)} each, {plan['folds']} folds"
    said = (
        f"{trained['networks']:,} networks{diverged}, {trained['steps']:,} steps, {answer['seconds']:.0f} s "
        f"({each}, {plan['epochs']} epochs)"
    )
    yield from _labelled("trained", [said, *plan["shortfalls"]])


def _effects(answer: dict[str, Any]) -> Iterator[str]:
    judgement = answer["judgement"]
    plain, confidence = judgement["plain_loss"], judgement["confidence"]
    rows = [("what helps", "change in held-out loss", f"{confidence:.0%} interval", "verdict")]
    for effect in answer["effects"]:
        if effect["change"] is None:
            rows.append((effect["name"], "a network diverged", "", effect["verdict"]))
            continue
        change = f"{signed(effect['change'])} ({effect['change'] / plain:+.1%})" if plain else signed(effect["change"])
        interval = f"{signed(effect['low'])} to {signed(effect['high'])}"
        rows.append((effect["name"], change, interval, effect["verdict"]))
    yield from table(rows)
    if plain is not None:
        yield (
            f"against the plain network's {number(plain)}; less than {judgement['margin_share']:.0%} of it is "
            "no effect worth having; all intervals hold together"
        )


def _recommended(recommended: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One line a draw; the networks that are handed over are of one or more."""
    yield from _labelled("recommended", [f"{_draw(draw)}: {draw['networks']} networks" for draw in recommended])


def _draw(draw: dict[str, Any]) -> str:
    parts = [
        *([f"batch norm {draw['batch_norm']} the activation"] if draw["batch_norm"] else []),
        *([f"dropout {draw['dropout_rate']:.2f}"] if draw["dropout_rate"] is not None else []),
        *([f"weight decay {draw['weight_decay']:.2g}"] if draw["weight_decay"] is not None else []),
    ] or ["none of the techniques"]
    epochs = f"{draw['epochs']} of {draw['schedule_epochs']} epochs"
    return ", ".join([*parts, f"learning rate {draw['learning_rate']:.1e}", epochs])


def _network(network: dict[str, Any]) -> Iterator[str]:
    widths = "-".join(map(str, network["widths"]))
    parts = [widths, network["activation"], f"batches of {network['batch_size']}"]
    yield from _labelled("network", [", ".join([*parts, f"{network['optimizer']}, {network['schedule']} schedule"])])


def _test(answer: dict[str, Any]) -> Iterator[str]:
    figures = [name for name in answer["test"][0] if name not in ("networks", "arm")]
    rows = [("test", "networks", *figures)]
    for entry in answer["test"]:
        handed = entry["arm"] == "recommended" and entry["networks"] > 1
        values = [
            number(entry[name]) if name == "error" or entry[name] is None else f"{entry[name]:.3f}" for name in figures
        ]
        rows.append((entry["arm"], f"{entry['networks'] or '-'}", *values, *(["handed over"] if handed else [])))
    yield from table(rows, first=14)


def table(rows: Sequence[Sequence[str]], first: int = 0) -> Iterator[str]:
    """Columns of text, each as wide as its widest cell."""
    columns = max(len(row) for row in rows)
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) + 2 for i in range(columns)]
    widths[0] = max(widths[0], first)
    for row in rows:
        yield "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def number(value: float | None) -> str:
    """A figure in a few digits."""
    if value is None:
        return "not finite"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return f"{value:.2e}"


def signed(value: float | None) -> str:
    """A figure with its sign."""
    return "not finite" if value is None else ("+" if value > 0 else "") + number(value)
