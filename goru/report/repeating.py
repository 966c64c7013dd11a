"""Everything that it takes to run a study again."""

import shlex
from collections.abc import Mapping
from typing import Any

from goru.data.wording import counted
from goru.report.pictures.picture import Table


def command(config: Mapping[str, Any]) -> str:
    """The command that was given, with what it found out by itself."""
    table, options = config["table"], config["options"]
    words = ["goru", "fit", *([] if table["source"].startswith("-") else [table["source"]])]
    for name in ("target", "task", "groups", "time", "test"):
        if table[name] is not None:
            words += [f"--{name}", str(table[name])]
    for name in ("drop", "categorical"):
        for column in table[name]:
            words += [f"--{name}", _as_csv(column)]
    if table["merge_rare"]:
        words.append("--merge-rare")
    if table.get("group_duplicates"):  # older runs do not know it
        words.append("--group-duplicates")
    if options["budget"] is not None:
        words += ["--budget", f"{str(options['budget']).removesuffix('.0')}s"]
    if options["networks"] is not None:
        words += ["--networks", str(options["networks"])]
    if options["hidden"] is not None:
        words += ["--hidden", ",".join(map(str, options["hidden"]))]
    for name, default in (("activation", "relu"), ("batch_size", None), ("numbers", "auto"), ("class_weight", None)):
        if options[name] != default:
            words += [f"--{name.replace('_', '-')}", str(options[name])]
    words += [f"--{name.replace('_', '-')}" for name in ("single", "search_batch_norm") if options[name]]
    words += ["--seed", str(options["seed"])]
    if table["source"].startswith("-"):
        words += ["--", table["source"]]
    return shlex.join(words)


def _as_csv(column: str) -> str:
    """A column's name as the command reads it, which takes commas and ends of lines for ends of names."""
    return f'"{column.replace(chr(34), chr(34) * 2)}"' if set(column) & set(',"\n\r') else column


def how_alike(config: Mapping[str, Any] | None, answer: Mapping[str, Any]) -> str:
    """What will be the same in a run made again."""
    if config is not None and config["options"]["networks"] is not None:
        return (
            "With the same table, versions and kind of processor every run gives the same bits: everything random is a "
            "function of the seed."
        )
    return (
        "A budget pays for as many networks as the machine trains in that time, so another run, or another machine, "
        f"may train more or fewer than {counted(answer['plan']['draws'], 'draw')} of each combination. With --networks "
        "instead of --budget every run gives the same bits. Everything random is a function of the seed."
    )


def made_by(config: Mapping[str, Any] | None, answer: Mapping[str, Any]) -> Table:
    """Versions, the machine, and the fingerprint of the table."""
    rows = [(name, str(value)) for name, value in answer.get("environment", {}).items()]
    for name, found in (config or {}).get("sha256", {}).items():
        rows.append((f"SHA-256 of the {'table' if name == 'source' else 'test rows'}", found))
    return Table(("what", "which"), rows)
