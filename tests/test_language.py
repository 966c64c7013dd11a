"""What people read is in their language, what is kept in English."""

import threading

import pytest

from goru.errors import InputError
from goru.language import _, _n, kept, language, of_locale, retold, spoken


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8", "LANGUAGE": "de:ko:en"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LANGUAGE": "en_US:ko"}, "en"),
        ({"LC_ALL": "C.UTF-8", "LANGUAGE": "ko"}, "en"),
        ({"LC_ALL": "", "LANG": "ko_KR@euro"}, "ko"),
    ],
)
def test_the_locale_says_which_as_gettext_reads_it(environment, expected):
    assert of_locale(environment) == expected


class TestChoosing:
    def test_by_default_it_is_the_locales(self, monkeypatch):
        assert language() == "en"
        monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
        assert language() == "ko"
        with spoken("en"):
            assert language() == "en"

    def test_a_choice_ends_with_its_block_and_holds_in_its_thread_alone(self):
        heard = []
        with spoken("ko"):
            with spoken(None):
                assert language() == "ko"
            thread = threading.Thread(target=lambda: heard.append(language()))
            thread.start()
            thread.join()
        assert language() == "en"
        assert heard == ["en"]

    def test_a_language_that_there_is_not_is_refused(self):
        with pytest.raises(InputError, match=r"lang='xx': unknown language\. There are en and ko\."), spoken("xx"):
            pass
        assert language() == "en"


class TestSentences:
    def test_values_stand_in_their_places(self):
        assert _("{rows:,} rows", rows=1204) == "1,204 rows"
        with spoken("ko"):
            assert _("{rows:,} rows", rows=1204) == "1,204행"

    def test_a_number_of_things_agrees_with_it(self):
        assert [_n("{n} row", "{n} rows", n) for n in (1, 1204)] == ["1 row", "1,204 rows"]
        with spoken("ko"):
            assert [_n("{n} row", "{n} rows", n) for n in (1, 1204)] == ["1행", "1,204행"]

    def test_what_no_catalogue_knows_stays_as_it_is(self):
        with spoken("ko"):
            assert _("Nobody has ever said this.") == "Nobody has ever said this."

    def test_braces_in_values_are_nothing_special(self):
        with spoken("ko"):
            assert _("dropped: {reason}", reason="{x}") == "제외: {x}"


class TestKept:
    def test_it_is_english_whatever_is_spoken(self):
        with spoken("ko"):
            assert kept("exceeded the {budget:g} s budget ({why}).", budget=60.0, why="x") == (
                "exceeded the 60 s budget (x)."
            )

    def test_it_is_told_again_with_what_stands_in_its_places(self):
        sentence = "exceeded the 60 s budget (took 75 s: slower than estimated)."
        assert retold(sentence) == sentence
        with spoken("ko"):
            assert retold(sentence) == "예산 60초를 넘겼습니다(75초 걸림: 예상보다 느림)."

    @pytest.mark.parametrize(
        ("sentence", "told"),
        [
            ("dropout", "드롭아웃"),
            ("batch norm before + dropout", "배치 정규화(앞) + 드롭아웃"),
            ("batch norm after instead of before", "배치 정규화(뒤) 대 앞"),
            ("dropout 0.31, learning rate 4.6e-03", "드롭아웃 0.31, 학습률 4.6e-03"),
            ("Logistic regression", "로지스틱 회귀"),
        ],
    )
    def test_names_are_told_too_and_lists_of_names(self, sentence, told):
        with spoken("ko"):
            assert retold(sentence) == told

    def test_a_list_within_a_sentence_is_told_item_by_item(self):
        cuts = "3 folds instead of 5, 11 epochs instead of 100"
        with spoken("ko"):
            assert retold(cuts) == "폴드 5개 대신 3개, 100에폭 대신 11에폭"

    def test_so_is_one_of_items_with_brackets(self):
        note = "Taken for levels, though they may mean missing: {items}."
        items = "'-', '?' in 'a' (7 rows), 'none' in 'b' (1 row)"
        with spoken("ko"):
            assert retold(note.format(items=items)) == (
                "결측을 뜻할 수도 있지만 수준으로 봅니다: 'a'의 '-', '?'(7행), 'b'의 'none'(1행)."
            )

    def test_of_several_sentences_each_is(self):
        advice = (
            "Use the plain network: nothing shows that a combination does better. Logistic regression, which is "
            "simpler, may do as well: test loss -3.0%, 95% CI -9.0% to +3.0%."
        )
        with spoken("ko"):
            assert retold(advice) == (
                "추천: 기본 신경망. 더 나은 조합이 있다는 근거가 없습니다. "
                "더 단순한 로지스틱 회귀도 그만큼 좋을 수 있습니다: 테스트 손실 -3.0%, 95% CI -9.0% ~ +3.0%."
            )

    def test_what_somebody_has_named_is_nobodys_word(self):
        with spoken("ko"):
            note = retold("'dropout' has 2 cells 'none', taken as missing.")
        assert note == "'dropout'의 값 'none' 2개를 결측으로 봅니다."

    @pytest.mark.parametrize("text", ["", "resnet", "dropout and my own trick", "a, b", "No. 7. It is known."])
    def test_what_nobody_knows_stays_as_it_is(self, text):
        with spoken("ko"):
            assert retold(text) == text
