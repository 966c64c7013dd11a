"""Names in pictures, on several lines: Plotly does not break them, and a phone is narrow."""

import textwrap

from rich.cells import cell_len

from goru.report.pictures.style import text


def wrapped(said: str, width: int, most: int) -> list[str]:
    """Lines of at most so many characters, each as Plotly shows it as it is; what does not fit ends in `…`.

    **Arguments:**

    - `most`: lines.
    """
    letters = max(width * len(said) // max(cell_len(said), 1), 1)  # some languages' are twice as wide
    lines = textwrap.wrap(said, letters) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: letters - 1]}…"]
    return [text(line, width) for line in lines]
