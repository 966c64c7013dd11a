"""Test rows that are no judges: copies of rows that models were trained on."""

from goru.errors import option
from goru.experiment.findings.answer import Answer
from goru.language import _


def repeated_test_rows(answer: Answer) -> str:
    """How many of the test rows are copies; nothing if none is."""
    copies = answer.data.repeated_test_rows
    if not copies:
        return ""
    return _("{copies:,} of {rows:,} test rows are duplicates of training rows", copies=copies, rows=answer.data.test)


def warning(answer: Answer) -> list[str]:
    """What is to be said beside test figures, and what to do; nothing if no row is a copy."""
    if not (copies := repeated_test_rows(answer)):
        return []
    return [
        _(
            "{copies}, so test figures are optimistic. Remove the duplicates; if both come from one table, {option} "
            "keeps them together.",
            copies=copies,
            option=option("group_duplicates", True),
        )
    ]
