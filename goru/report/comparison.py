"""Several runs side by side, as one page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goru.data.numbers import number
from goru.errors import InputError, option
from goru.language import _, _n, retold
from goru.report.page import render
from goru.report.parts import leakage
from goru.report.parts.estimates import change_with_interval, in_shares
from goru.report.parts.final_scores import final_scores, main_figure
from goru.report.parts.recommended import recommended_table
from goru.report.parts.repeating import command
from goru.report.parts.words import of_networks
from goru.report.pictures.compared import (
    compared_curves_picture,
    compared_effects_picture,
    compared_test_picture,
    verdicts,
)
from goru.report.pictures.picture import Table
from goru.report.pictures.style import short_name
from goru.studies.runs.run import RunFolder, open_run
from goru.wording import counted, listing

FEWEST, MOST = 2, 12
Runs = Mapping[str, RunFolder]


def comparison_page(folders: Sequence[Path]) -> str:
    """The page.

    **Raises:** `InputError` for fewer than two runs, for too many, and for what is no finished run.
    """
    if not FEWEST <= len(folders) <= MOST:
        raise InputError(f"{option('compare')}: {counted(len(folders), 'run')} given. Give {FEWEST} to {MOST}.")
    runs = {name: open_run(folder) for name, folder in zip(run_names(folders), folders, strict=True)}
    pictures = [compared_effects_picture(runs), compared_curves_picture(runs)]
    test = compared_test_picture(runs)
    pictures += [test] if test else []
    titles = {
        "effects": ("helps", _("Effect of each technique, by run")),
        "curves": ("learning", _("Learning")),
        "test": ("test", _("On the test rows")),
    }
    sections = [(*titles[picture.name], picture) for picture in pictures]
    contents = [
        ("runs", _("The runs")),
        *((id, title) for id, title, _ in sections),
        ("made-of", _("The final model")),
        ("commands", _("How to reproduce them")),
    ]
    return render(
        "comparison.html",
        contents,
        pictures,
        headline=headline(runs),
        warnings=warnings(runs),
        runs=_runs(runs),
        verdicts=_verdicts(runs),
        sections=sections,
        recommended=_recommended(runs),
        differences=_differences(runs),
        commands=[(name, command_line) for name, run in runs.items() if (command_line := command(run.config))],
    )


def run_names(folders: Sequence[Path]) -> list[str]:
    """The shortest ends of paths that differ from one another.

    **Raises:** `InputError` if a run is given twice.
    """
    paths = [folder.resolve().parts for folder in folders]
    if len(set(paths)) < len(paths):
        twice = next(folder for folder, path in zip(folders, paths, strict=True) if paths.count(path) > 1)
        raise InputError(f"{option('compare')}: {twice} is given twice. Name every run once.")
    for length in range(1, max(map(len, paths)) + 1):
        names = ["/".join(path[-length:]) for path in paths]
        if len(set(names)) == len(names):
            break
    return names


def headline(runs: Runs) -> str:
    """On how many questions the runs agree, which is to say that all decide them and alike; how many they contradict
    each other on, or leave open; and whether they recommend the same."""
    verdicts_on = {question: set(row) for question, row in verdicts(runs).items()}  # "" of a run that has not asked
    against = [question for question, words in verdicts_on.items() if {"helps", "hurts"} <= words]
    alike = sum(len(words) == 1 and "inconclusive" not in words for words in verdicts_on.values())
    rest = {question: words for question, words in verdicts_on.items() if question not in against}
    inconclusive = sum("inconclusive" in words for words in rest.values())
    alone = sum("" in words and "inconclusive" not in words for words in rest.values())
    differing = len(verdicts_on) - len(against) - alike - inconclusive - alone
    questions = _n("{n} question", "{n} questions", len(verdicts_on))
    parts = [_("The {count} runs agree on {alike} of {questions}", count=len(runs), alike=alike, questions=questions)]
    parts += [_("they differ on {count}", count=differing)] * bool(differing)
    parts += [
        _n("{n} is inconclusive in at least one run", "{n} are inconclusive in at least one run", inconclusive)
    ] * bool(inconclusive)
    parts += [_n("{n} is not asked in every run", "{n} are not asked in every run", alone)] * bool(alone)
    parts += [
        _("they contradict each other on {names}", names=retold(listing(short_name(retold(one)) for one in against)))
    ] * bool(against)
    return f"{'; '.join(parts)}. {_recommendations(runs)}"


def _recommendations(runs: Runs) -> str:
    """Whether they are the same."""
    count = len({frozenset(_arms(run)) for run in runs.values()})
    if count > 1:
        return _("Their recommendations differ: {count} in {runs} runs.", count=count, runs=len(runs))
    return _("All recommend the same: {names}.", names="; ".join(map(short_name, _arms(next(iter(runs.values()))))))


def _arms(run: RunFolder) -> list[str]:
    return list(dict.fromkeys(retold(configuration.arm) for configuration in run.answer.recommended))


def warnings(runs: Runs) -> list[str]:
    """What makes runs hard to compare."""
    sentences = []
    tables = {name: _table_of(run) for name, run in runs.items()}
    if len(set(tables.values())) > 1:
        sentences.append(
            _(
                "The runs are of different tables or targets. Changes are shares of each run's own plain network's "
                "loss; other figures are not to be compared."
            )
        )
    elif len({run.config["options"].get("seed") for run in runs.values()}) > 1:
        sentences.append(
            _("The seeds differ, and with them which rows are test rows: test figures are of different rows.")
        )
    if len({tuple(_environment(run).items()) for run in runs.values()}) > 1:
        sentences.append(_("Versions or machines differ; they are listed below."))
    copies = {name: leakage.repeated_test_rows(run.answer) for name, run in runs.items()}
    sentences += [
        _("{run}: {copies}, so its test figures are optimistic.", run=name, copies=copied)
        for name, copied in copies.items()
        if copied
    ]
    return sentences


def _table_of(run: RunFolder) -> tuple[Any, ...]:
    data, digest = run.answer.data, run.config.get("sha256", {}).get("source")
    return (digest or data.name, data.rows, data.target)


def _environment(run: RunFolder) -> dict[str, str]:
    return {name: str(value) for name, value in run.answer.environment.items()}


def _runs(runs: Runs) -> Table:
    rows = []
    for name, run in runs.items():
        answer = run.answer
        best, plain = answer.effects[-1], answer.judgement.plain_loss
        change = change_with_interval(in_shares(best, plain)) if plain and best.change is not None else ""
        test = ""
        if answer.test:
            figure = main_figure(answer)
            test = f"{retold(figure)} {number(final_scores(answer).figures[figure])}"
        trained = _("{count:,} in {seconds:.0f} s", count=answer.trained.networks, seconds=answer.seconds)
        rows.append(
            (
                name,
                answer.data.name,
                f"{answer.data.rows:,}",
                "; ".join(_arms(run)),
                change,
                retold(best.verdict),
                test,
                trained,
            )
        )
    return Table(
        (
            _("run"),
            _("table"),
            _("rows"),
            _("recommended"),
            _("best combination against plain"),
            _("verdict"),
            _("final model, on test rows"),
            _("networks") if all(of_networks(run.answer) for run in runs.values()) else _("trials"),
        ),
        rows,
    )


def _verdicts(runs: Runs) -> Table:
    return Table(
        (_("question"), *runs), [tuple(map(retold, (question, *row))) for question, row in verdicts(runs).items()]
    )


def _recommended(runs: Runs) -> Table:
    configurations = [(name, configuration) for name, run in runs.items() for configuration in run.answer.recommended]
    table = recommended_table(
        [one for _name, one in configurations],
        all(of_networks(run.answer) for run in runs.values()),
    )
    rows = [(name, *row) for (name, _one), row in zip(configurations, table.rows, strict=True)]
    return Table((_("run"), *table.columns), rows)


def _differences(runs: Runs) -> Table:
    """What was asked, or by what it was made, where that is not the same in all runs."""
    made = {
        name: {
            **{f"table: {key}": value for key, value in (run.config.get("table") or {}).items()},
            **run.config["options"],
            **{f"version: {key}": value for key, value in _environment(run).items()},
            **{f"SHA-256: {key}": value for key, value in run.config.get("sha256", {}).items()},
        }
        for name, run in runs.items()
    }
    keys = list(dict.fromkeys(key for settings in made.values() for key in settings))
    rows = [
        (key.replace("_", " "), *shown)
        for key in keys
        if len(set(shown := [_shown(settings.get(key)) for settings in made.values()])) > 1
    ]
    return Table((_("difference"), *runs), rows)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
