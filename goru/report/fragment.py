"""A study in a notebook: its answer, a forest plot and a table, without a script."""

from goru.experiment.findings.answer import Answer
from goru.language import retold
from goru.report.page import environment
from goru.report.parts.forest import forest
from goru.report.pictures.effects import effects_table
from goru.report.study_page import cards, summary


def fragment(answer: Answer) -> str:
    """HTML for a cell of a notebook."""
    return environment().get_template("fragment.html").render(
        answer=answer,
        advice=retold(answer.advice),
        summary=summary(answer),
        cards=cards(answer),
        drawing=forest(answer.effects),
        table=effects_table(answer, answer.effects),
    )  # fmt: skip
