"""Korean particles follow the sound before them."""

import pytest

from goru.particles import with_particles


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("손실이(가) 낮습니다", "손실이 낮습니다"),
        ("정확도이(가) 높습니다", "정확도가 높습니다"),
        ("0.3을(를) 씁니다", "0.3을 씁니다"),
        ("12%은(는) 많습니다", "12%는 많습니다"),
        ("서울(으)로", "서울로"),
        ("조합(으)로", "조합으로"),
        ("버전 2(으)로", "버전 2로"),
    ],
)
def test_the_one_that_fits_is_read(text, read):
    assert with_particles(text) == read


@pytest.mark.parametrize("text", ["'age'을(를) 뺐습니다", "dropout을(를)", "을(를)"])
def test_both_stand_where_nobody_knows_the_sound(text):
    assert with_particles(text) == text
