"""Everything that it takes to run a study again."""

import shlex
from collections.abc import Mapping
from typing import Any

from goru.errors import option
from goru.experiment.findings.answer import Answer
from goru.report import words as wording
from goru.report.pictures.picture import Table
from goru.wording import counted


def command(config: Mapping[str, Any]) -> str | None:
    """The command that was given, with what it found out by itself; nothing where there was none."""
    table = config.get("table")
    if not table:  # rows that a program has handed over
        return None
    first, last = [table["source"]], list[str]()
    if table["source"].startswith("-"):
        first, last = [], ["--", table["source"]]
    if function := config.get("function"):
        return shlex.join(
            ["goru", "study", function, *first, *_of_table(table), *_on_the_command_line(config["options"]), *last]
        )
    return shlex.join(["goru", "fit", *first, *_of_table(table), *_of_networks(config["options"]), *last])


def _of_table(table: Mapping[str, Any]) -> list[str]:
    words = []
    for name in ("target", "task", "groups", "time", "test"):
        if table.get(name) is not None:
            words += [f"--{name}", str(table[name])]
    for name in ("drop", "categorical"):
        for column in table.get(name, ()):
            words += [f"--{name}", _as_csv(column)]
    return words + [f"--{name.replace('_', '-')}" for name in ("merge_rare", "group_duplicates") if table.get(name)]


def _on_the_command_line(options: Mapping[str, Any]) -> list[str]:
    """Options, but those that are off or were left out."""
    words = []
    for name, value in options.items():
        if value is None or value is False:
            continue
        words.append(f"--{name.replace('_', '-')}")
        if name == "budget":
            words.append(_seconds(value))
        elif value is not True:
            words.append(",".join(map(str, value)) if isinstance(value, list) else str(value))
    return words


def _of_networks(options: Mapping[str, Any]) -> list[str]:
    words = []
    if options["budget"] is not None:
        words += ["--budget", _seconds(options["budget"])]
    if options["networks"] is not None:
        words += ["--networks", str(options["networks"])]
    if options["hidden"] is not None:
        words += ["--hidden", ",".join(map(str, options["hidden"]))]
    for name, default in (("activation", "relu"), ("batch_size", None), ("numbers", "auto"), ("class_weight", None)):
        if options[name] != default:
            words += [f"--{name.replace('_', '-')}", str(options[name])]
    for factor in options.get("factors") or ():  # earlier runs have none
        words += ["--factors", factor]
    words += [f"--{name.replace('_', '-')}" for name in ("single", "search_batch_norm") if options[name]]
    return [*words, "--seed", str(options["seed"])]


def _seconds(budget: float) -> str:
    return f"{str(budget).removesuffix('.0')}s"


def _as_csv(column: str) -> str:
    """A column's name as the command reads it, which takes commas and ends of lines for ends of names."""
    return f'"{column.replace(chr(34), chr(34) * 2)}"' if set(column) & set(',"\n\r') else column


def how_alike(config: Mapping[str, Any] | None, answer: Answer) -> str:
    """What will be the same in a run made again."""
    if not wording.of_networks(answer):
        return (
            "Splits, configurations and the seeds that the training function is given are functions of the seed. How "
            "alike two runs are is a matter of that function; with a budget, of the machine too."
        )
    if config is not None and config["options"]["networks"] is not None:
        return (
            "With the same table, versions and kind of processor every run gives the same bits: everything random is a "
            "function of the seed."
        )
    return (
        "A budget pays for as many networks as the machine trains in that time, so another run, or another machine, "
        f"may train more or fewer than {counted(answer.plan.configurations, 'configuration')} of each combination. "
        f"With {option('networks')} instead of {option('budget')} every run gives the same bits. "
        "Everything random is a function of the seed."
    )


def made_by(config: Mapping[str, Any] | None, answer: Answer) -> Table:
    """Versions, the machine, and the fingerprint of the table."""
    rows = [(name, str(value)) for name, value in answer.environment.items()]
    for name, sha256 in (config or {}).get("sha256", {}).items():
        rows.append((f"SHA-256 of the {'table' if name == 'source' else 'test rows'}", sha256))
    return Table(("what", "which"), rows)
