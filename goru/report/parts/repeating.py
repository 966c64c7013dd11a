"""Everything that it takes to run a study again."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from goru.errors import option
from goru.experiment.findings.answer import Answer
from goru.language import _, _n, retold
from goru.report.parts import words as wording
from goru.report.pictures.picture import Table
from goru.studies.asked.options import Options
from goru.studies.runs.run import FRAME


def command(config: Mapping[str, Any]) -> str | None:
    """The command that was given, with what it found out by itself, or the call; nothing where there was neither."""
    table = config.get("table")
    if not table:  # rows that a program has given to a training function
        return None
    if table["source"] == FRAME:
        return _call(config)
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
    """Options that are not as they are by default; runs of earlier versions lack some. The seed always."""
    words = []
    for name, value in _not_usual(options).items():
        flag = f"--{name.replace('_', '-')}"
        if name == "factors":
            words += [word for factor in value for word in (flag, factor)]
        elif name == "budget":
            words += [flag, _seconds(value)]
        elif value is True:
            words.append(flag)
        else:
            words += [flag, ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]
    return [*words, "--seed", str(options["seed"])]


def _not_usual(options: Mapping[str, Any]) -> dict[str, Any]:
    usual = {name: default for name, default in asdict(Options()).items() if name != "seed"}
    return {name: options[name] for name, default in usual.items() if options.get(name, default) != default}


def _call(config: Mapping[str, Any]) -> str:
    """In Python, where the rows are a frame that only the program knows that has made it."""
    given = {name: value for name, value in config["table"].items() if value and name != "source"}
    given |= _not_usual(config["options"]) | {"seed": config["options"]["seed"]}
    arguments = [f"{name}={'test_frame' if value == FRAME else repr(value)}" for name, value in given.items()]
    return f"goru.fit({', '.join(['frame', *arguments])})"


def _seconds(budget: float) -> str:
    return f"{str(budget).removesuffix('.0')}s"


def _as_csv(column: str) -> str:
    """A column's name as the command reads it, which takes commas and ends of lines for ends of names."""
    return f'"{column.replace(chr(34), chr(34) * 2)}"' if set(column) & set(',"\n\r') else column


def how_alike(config: Mapping[str, Any] | None, answer: Answer) -> str:
    """What will be the same in a run made again."""
    if not wording.of_networks(answer):
        return _(
            "Splits, configurations and the seeds that the training function is given are functions of the seed. How "
            "alike two runs are is a matter of that function; with a budget, of the machine too."
        )
    if config is not None and config["options"]["networks"] is not None:
        return _(
            "With the same table, versions and kind of processor runs are bit-for-bit reproducible: everything random "
            "follows from the seed."
        )
    return _(
        "With a budget, how many networks are trained depends on the machine: another run may train more or fewer than "
        "{configurations} of each combination. With {networks} instead of {budget} runs are bit-for-bit reproducible. "
        "Everything random follows from the seed.",
        configurations=_n("{n} configuration", "{n} configurations", answer.plan.configurations),
        networks=option("networks"),
        budget=option("budget"),
    )


def made_by(config: Mapping[str, Any] | None, answer: Answer) -> Table:
    """Versions, the machine, and the fingerprint of the table."""
    rows = [(retold(name), str(value)) for name, value in answer.environment.items()]
    for name, sha256 in (config or {}).get("sha256", {}).items():
        rows.append((_("SHA-256 of the table") if name == "source" else _("SHA-256 of the test rows"), sha256))
    return Table((_("what"), _("which")), rows)
