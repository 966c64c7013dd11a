"""Names in pictures, on several lines: Plotly does not break them, and a phone is narrow."""

import textwrap

from goru.report.pictures.style import text


def wrapped(said: str, width: int, most: int) -> list[str]:
    """Lines of at most so many characters, each as Plotly shows it as it is; what does not fit ends in `…`.

    **Arguments:**

    - `most`: lines.
    """
    lines = textwrap.wrap(said, width) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: width - 1]}…"]
    return [text(line, width) for line in lines]
