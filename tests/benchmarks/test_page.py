"""The page of benchmarks: every table stands beside the commit that it measured, and none is empty."""

import re
import subprocess
from datetime import UTC, datetime

import page
import pytest

MEASURED = re.compile(r"\bat commit `[0-9a-f]{7,}`[^\n]*, \d{4}-\d\d-\d\d\b")


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A page and a program, committed."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (folder / "README.md").write_text("# Measured\n\n<!-- speed -->\nold\n<!-- end of speed -->\n\nMore.\n")
    (tmp_path / "program.py").write_text("pass\n")
    monkeypatch.setattr(page, "PAGE", folder / "README.md")
    identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
    for words in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def commit_of(repository) -> str:
    words = ["git", "rev-parse", "HEAD"]
    return subprocess.run(words, cwd=repository, check=True, capture_output=True, text=True).stdout[:7]


class TestTheCommit:
    def test_is_the_one_that_is_checked_out(self, repository):
        assert page.code_measured() == f"commit `{commit_of(repository)}`"

    def test_is_not_all_where_something_was_changed_but_the_page(self, repository):
        (repository / "benchmarks" / "README.md").write_text("other figures")
        assert page.code_measured() == f"commit `{commit_of(repository)}`"
        (repository / "program.py").write_text("raise SystemExit\n")
        assert page.code_measured() == f"commit `{commit_of(repository)}` with changes that are not in it"

    def test_is_unknown_where_there_is_none(self, tmp_path, monkeypatch):
        monkeypatch.setattr(page, "PAGE", tmp_path / "README.md")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert page.code_measured() == "an unknown commit"


class TestWriting:
    def test_puts_a_text_between_its_marks_with_the_commit_and_the_date(self, repository, monkeypatch):
        monkeypatch.setattr(page, "CODE", page.code_measured())
        page.write("speed", "| a | table |")
        written, measured = page.PAGE.read_text(), f"commit `{commit_of(repository)}`, {datetime.now(UTC).date()}"
        assert written == (
            f"# Measured\n\n<!-- speed -->\nMeasured at {measured}.\n\n| a | table |\n<!-- end of speed -->\n\nMore.\n"
        )
        assert MEASURED.search(written)

    def test_there_has_to_be_a_place(self, repository):
        with pytest.raises(SystemExit, match="there is no place marked <!-- size -->"):
            page.write("size", "| a | table |")


class TestThePage:
    """As it is."""

    TEXT = page.PAGE.read_text()

    @pytest.mark.parametrize("name", re.findall(r"<!-- (\w+) -->", TEXT))
    def test_has_a_table_and_its_commit_between_all_marks(self, name):
        between = self.TEXT.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- end of {name} -->")[0]
        assert MEASURED.search(between.partition("\n")[0])
        assert re.search(r"^\|(?: -+ \|)+$", between, re.MULTILINE)

    @pytest.mark.parametrize("name", ["README.md", "tried.md"])
    def test_has_a_commit_before_all_other_tables_too(self, name):
        text = page.PAGE.with_name(name).read_text()
        by_hand = re.sub(r"<!-- (\w+) -->.*?<!-- end of \1 -->", "", text, flags=re.DOTALL)
        for section in re.split(r"^#+ ", by_hand, flags=re.MULTILINE):
            if "\n| --- |" in section:
                assert MEASURED.search(section.partition("\n|")[0]), section.partition("\n")[0]
