"""Text files that are hardly tables: ragged rows, quotes, separators, line ends, encodings, headers, enormous cells."""

import csv
import io
from pathlib import Path

import pytest
from calling import call, place
from counting import cases
from hypothesis import given
from hypothesis import strategies as st
from made_up import cells, make_table, names

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7", "shift_jis")
ENDS = ("\n", "\r\n", "\r", "\n\n", "\r\r\n", "\n\r", "\x0b", "\u2028", "")
SEPARATORS = (",", ",", ",", "\t", ";", "|", ":", " ", "", ",,", ", ", "\x00", "\x1f")
LINES = (
    "",
    " ",
    ",",
    '"',
    '""',
    '"""',
    ",,,,,,,",
    "#comment",
    "\x00",
    "\ufeff",
    "sep=;",
    '"a',
    'a"',
    "\t",
    "\x1a",
    "---",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("structure") / "here"


@st.composite
def odd_texts(draw: st.DrawFn) -> bytes:
    """A good table, written in an odd way, and then with some of its lines changed."""
    separator, end = draw(st.sampled_from(SEPARATORS)), draw(st.sampled_from(ENDS))
    rows = draw(st.sampled_from([60, 60, 60, 0, 1, 29, 30]))
    lines = make_table(60).head(rows).to_csv(index=False).splitlines()
    if draw(st.booleans()):
        lines = [line.replace(",", separator) for line in lines]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines)))
        odd = draw(st.one_of(st.sampled_from(LINES), st.lists(cells, max_size=9).map(separator.join)))
        match draw(st.sampled_from(["insert", "replace", "lengthen", "shorten", "quote", "double"])):
            case "insert":
                lines.insert(at, odd)
            case "replace":
                lines[at : at + 1] = [odd]
            case "lengthen":
                lines[at : at + 1] = [line + separator + odd for line in lines[at : at + 1]]
            case "shorten":
                lines[at : at + 1] = [line[: len(line) // 2] for line in lines[at : at + 1]]
            case "quote":
                lines[at : at + 1] = [f'"{line}"' for line in lines[at : at + 1]]
            case "double":
                lines[at : at + 1] = lines[at : at + 1] * 2
    text = end.join(lines) + draw(st.sampled_from([end, "", "\n\n\n", "\x1a"]))
    return text.encode(draw(st.sampled_from(ENCODINGS)), errors=draw(st.sampled_from(["replace", "ignore"])))


@cases(10)
@given(content=odd_texts(), name=st.sampled_from(["t.csv", "t.csv", "t.tsv", "T.CSV"]), target=st.booleans())
def test_text_of_odd_structure(here, content, name, target):
    with place(here):
        Path(name).write_bytes(content)
        call("fit", name, *(["--target", "kind"] if target else []), topic="structure of text")


@cases(5)
@given(header=st.lists(names, max_size=9), quoted=st.booleans(), separator=st.sampled_from([",", "\t"]))
def test_headers(here, header, quoted, separator):
    """As many columns as the header says, whatever it says."""
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, quoting=quoting)
    writer.writerow(header)
    for row in make_table(40).iloc[:, : len(header)].to_numpy().tolist():
        writer.writerow([*row, *[1] * (len(header) - len(row))])
    with place(here):
        name = "t.csv" if separator == "," else "t.tsv"
        Path(name).write_text(text.getvalue(), encoding="utf-8", newline="")
        call("fit", name, topic="headers")


@cases(2)
@given(
    kind=st.sampled_from(["cell", "name", "row", "rows", "names", "quotes", "doubles"]),
    count=st.sampled_from([1_000, 20_000, 200_000]),
    letter=st.sampled_from(["x", "9", "🙂", '"', " ", ",", "a,", "\r", "\\", '""', "\u0301"]),
)
def test_enormous_texts(here, kind, count, letter):
    table = make_table(40)
    text = table.to_csv(index=False)
    header, body = text.split("\n", 1)
    long = letter * count
    match kind:
        case "cell":
            text = text.replace("red", f'"{long}"', 1)
        case "name":
            text = f"{long},{header}\n" + "".join(f"{n % 7},{line}\n" for n, line in enumerate(body.splitlines()))
        case "row":
            text += long + "\n"
        case "rows":
            text += f"{letter}\n" * (count // 10)
        case "names":
            text = ",".join(f"{letter.strip()}{n}" for n in range(count // 100)) + "\n" + "1,\n" * 40
        case "quotes":
            text += '"' * count
        case "doubles":
            text = ",".join([letter.strip(',"\r') or "x"] * (count // 2)) + "\n1\n"
    with place(here):
        Path("t.csv").write_text(text, encoding="utf-8", newline="")
        call("fit", "t.csv", topic="enormous texts")
