"""How names that come from tables are written in pictures, and that colours can be told apart."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.report.pictures import style
from goru.report.pictures.style import LONGEST, SERIES, blank, known_values, short_name, text, titled

ISOLATED = re.compile("\u2068(.*)\u2069", re.DOTALL)
NAMES = st.text(st.characters(codec="utf-8"), max_size=60)
# What Plotly takes for a format, and what it takes for a place to fill in.
TAGS = re.compile(r"<[^>]*>")


def as_shown(said: str) -> str:
    """What Plotly makes of a text, without what has no width."""
    return re.sub("[\u2068\u2069\u200b]", "", html.unescape(said))


class TestANameInAPicture:
    @pytest.mark.parametrize(
        "name",
        [
            *(
                "income",
                "a b",
                "<script>alert(1)</script>",
                "<b>bold</b>",
                "a<br>b",
                '"quoted", it\'s',
                "&amp;",
                "&lt;",
            ),
            *("%{x}", "%{customdata}", "$x^2$", "{{ 7*7 }}", "🙂 émoji", "#0072B2", "שלום", "50%", "", "漢字"),
        ],
    )
    def test_is_shown_as_it_is(self, name):
        assert as_shown(text(name)) == name

    @given(NAMES)
    def test_holds_no_format_and_no_place_to_fill_in(self, name):
        said = text(name, 100)
        assert TAGS.search(said) is None
        assert "%{" not in said
        assert "$" not in said

    @given(NAMES)
    def test_is_on_one_line_and_no_longer_than_asked(self, name):
        said = as_shown(text(name))
        assert said.isprintable()
        assert len(said) <= LONGEST
        assert len(as_shown(text(name, 5))) <= 5

    def test_is_cut_with_a_sign_that_it_was(self):
        assert as_shown(text("n" * 300)) == "n" * 27 + "…"
        assert as_shown(text("n" * 28)) == "n" * 28
        assert as_shown(text("n" * 29, 5)) == "nnnn…"

    def test_wide_letters_count_twice(self):
        assert as_shown(text("漢" * 14)) == "漢" * 14
        assert as_shown(text("漢" * 15)) == "漢" * 13 + "…"
        assert as_shown(text("a漢" * 10)) == ("a漢" * 9) + "…"

    @pytest.mark.parametrize("name", ["\u202eabc", "שלום", "a\u2067b", "\u202e" * 5 + "é"])
    def test_that_turns_directions_turns_nothing_beside_it(self, name):
        said = text(name)
        assert not set("\u202a\u202b\u202d\u202e\u2066\u2067") & set(said)
        assert said.isascii() or ISOLATED.fullmatch(said)

    @given(NAMES)
    def test_ends_whatever_it_isolates(self, name):
        said = text(name)
        assert said.count("\u2068") == said.count("\u2069") <= 1

    def test_may_be_no_string(self):
        assert text(12) == "12"
        assert text(None) == "None"

    def test_in_a_sentence_is_not_escaped(self):
        assert short_name("<b>&amp;") == "<b>&amp;"
        assert short_name("n" * 61) == "\u2068" + "n" * 59 + "…\u2069"


class TestTheTitleOfAnAxis:
    def test_gives_a_long_name_a_line_of_its_own(self):
        assert titled("predicted", "price") == "predicted price"
        assert titled("predicted", "a price of houses") == "predicted<br>a price of houses"


def luminance(colour: str) -> float:
    """Of WCAG 2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


class TestColours:
    def test_are_okabe_and_ito_s(self):
        assert set(SERIES) == {"#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"}

    def test_of_networks_and_verdicts_are_readable_as_text(self):
        for colour in (style.PLAIN, style.RECOMMENDED, style.GREEN, style.SOFT, style.INK):
            assert 1.05 / (luminance(colour) + 0.05) >= 3

    def test_of_the_two_networks_differ_in_lightness_as_well(self):
        dark, light = sorted(luminance(colour) for colour in (style.PLAIN, style.RECOMMENDED))
        assert (light + 0.05) / (dark + 0.05) > 1.2


class TestABlankFigure:
    def test_is_as_high_as_asked_and_as_wide_as_the_page(self):
        figure = blank(300)
        assert figure.layout.height == 300
        assert figure.layout.width is None

    def test_makes_room_for_what_is_written_beside_its_axes(self):
        figure = blank(300)
        assert figure.layout.template.layout.xaxis.automargin
        assert figure.layout.template.layout.yaxis.automargin

    def test_layout_may_be_changed(self):
        assert blank(300, showlegend=False).layout.showlegend is False


def test_fit_leaves_out_what_is_no_number():
    assert known_values([1.0, None, 0.0]) == [1.0, 0.0]
