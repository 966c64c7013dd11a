"""Results are told in the language of the locale, or in the one that `--lang` names; what programs read is not."""

import re

import pytest

KOREAN = re.compile("[가-힣]")


@pytest.fixture
def korean_locale(monkeypatch):
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")


class TestShow:
    def test_the_locale_says_which(self, goru, credit_run, korean_locale):
        outcome = goru("show", credit_run.folder)
        assert "기법별 효과" in outcome.stdout
        assert "드롭아웃" in outcome.stdout

    def test_lang_says_otherwise_and_for_one_command_alone(self, goru, credit_run, korean_locale):
        english = goru("show", credit_run.folder, "--lang", "en").stdout
        assert not KOREAN.search(english)
        assert KOREAN.search(goru("show", credit_run.folder).stdout)

    def test_json_is_the_same_in_every_language(self, goru, credit_run):
        outcomes = [goru("show", credit_run.folder, "--json", "--lang", lang).stdout for lang in ("en", "ko")]
        assert outcomes[0] == outcomes[1]
        assert not KOREAN.search(outcomes[1])


def test_a_report_is_in_its_language(goru, bring, credit_run):
    folder = bring(credit_run)
    assert goru("report", folder, "--lang", "ko").stdout.startswith("저장 위치")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="ko">' in page
    assert "최종 모델" in page
    goru("report", folder)
    assert '<html lang="en">' in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", [["show", "run"], ["report", "run"], ["fit", "iris"], ["claims", "--list"]])
def test_a_language_that_there_is_not_is_refused_in_a_line(goru, command):
    outcome = goru(*command, "--lang", "xx")
    assert outcome.code == 2
    assert outcome.stderr == "goru: --lang xx: unknown language. There are en and ko.\n"
    assert outcome.after == outcome.before
