"""Run claims, and put their figures and figures' numbers into the tutorials.

    python docs/update.py            # all
    python docs/update.py mixup ...  # some

Writes `docs/claims/*.svg`, and in `docs/claims.md` and `docs/claims.ko.md` the tables between `<!-- NAME -->` and
`<!-- end of NAME -->`. The prose is written by hand: read it again where a verdict has changed.
"""

import sys
from pathlib import Path

from goru.claims.claim import ClaimOutcome
from goru.claims.figures import write_svg
from goru.claims.running import NAMES, run_all

DOCS = Path(__file__).parent
HEADS = {
    "en": ("what changes", "by (95 % interval)", "verdict", "The claim"),
    "ko": ("무엇이 달라지는가", "얼마나 (95 % 구간)", "판정", "이 주장은"),
}
KOREAN = {
    "helps": "도움이 된다",
    "higher": "높다",
    "lower": "낮다",
    "hurts": "해롭다",
    "negligible": "쓸 만한 효과 없음",
    "inconclusive": "판정 보류",
    "holds": "성립한다",
    "holds in part": "일부만 성립한다",
    "does not hold": "성립하지 않는다",
}
UNITS = {"points": "%p", "scales": "개"}
# What each effect is of, in the order of the claims' effects.
WHAT = {
    "activations": (
        "배치 정규화 없이 쓰이는 뉴런의 비율, 알맞은 표준편차 대 알맞지 않은 표준편차",
        "알맞지 않은 표준편차에서 쓰이는 뉴런의 비율, 배치 정규화 있음 대 없음",
    ),
    "bn-speed": ("필요한 에폭 수, 양쪽 모두 자신에게 가장 좋은 학습률에서", "필요한 에폭 수, 양쪽이 같은 학습률에서"),
    "bn-init": ("학습이 되는 표준편차의 개수",),
    "bn-overfit": ("학습 데이터와 테스트 데이터의 정확도 차이(일반화 격차)", "테스트 손실"),
    "bn-placement": ("테스트 손실, 활성화 함수 뒤 대 앞",),
    "bn-hyper": (
        "ε, 모멘텀, γ, β를 흔한 값 가까이에서 바꿀 때 테스트 손실의 범위",
        "배치 크기를 흔한 값 가까이에서 바꿀 때의 범위",
        "모두를 흔한 값에서 멀리 바꿀 때의 범위",
    ),
    "bn-suffices": ("테스트 손실, 배치 정규화에 드롭아웃과 가중치 감소 중 가장 좋은 것을 더함 대 배치 정규화만",),
    "layer-norm": (
        "필요한 에폭 수, 층 정규화 대 정규화 없음, 양쪽 모두 자신에게 가장 좋은 학습률에서",
        "학습이 되는 배율의 개수, 층 정규화 대 정규화 없음",
        "필요한 에폭 수, RMS 정규화 대 정규화 없음, 양쪽 모두 자신에게 가장 좋은 학습률에서",
        "학습이 되는 배율의 개수, RMS 정규화 대 정규화 없음",
    ),
    "overfitting": (
        "학습 데이터와 테스트 데이터의 정확도 차이(일반화 격차)",
        "일반화 격차, 가장 적은 행 대 가장 많은 행",
        "일반화 격차, 가장 넓은 층 대 가장 좁은 층",
    ),
    "large-weights": ("여러 신경망에 걸친 ‖W‖와 일반화 격차의 순위 상관", "학습 중의 ‖W‖와 일반화 격차의 순위 상관"),
    "weight-decay": ("일반화 격차, λ = 0.1 대 0", "테스트 손실, 다른 시드들에서 가장 좋은 λ 대 0"),
    "decay-or-dropout": (
        "테스트 손실, 가장 큰 신경망에서 가장 좋은 드롭아웃 대 가장 좋은 가중치 감소",
        "그 차이, 가장 작은 신경망에서의 차이와 견주어",
    ),
    "dropout": (
        "일반화 격차, 드롭아웃 0.2 대 없음",
        "테스트 손실, 드롭아웃 0.2 대 없음",
        "테스트 손실, 삭제한 비율을 곱할 때 대 남긴 비율을 곱할 때",
    ),
    "dropout-ensemble": (
        "테스트 손실, 드롭아웃 신경망 하나 대 기법 없는 신경망 하나",
        "테스트 손실, 드롭아웃 신경망 하나 대 자신의 마스크 500개의 평균",
        "테스트 손실, 드롭아웃 신경망 하나 대 기법 없는 신경망 32개의 평균",
    ),
    "mixup": (
        "테스트 손실, 드롭아웃 있음(믹스업 위에 또는 홀로) 대 믹스업만",
        "테스트 데이터의 정확도, 같은 비교",
    ),
}


def block(outcome: ClaimOutcome, language: str) -> str:
    """The table of one claim."""
    what, by, verdict, promise = HEADS[language]

    def told(word: str) -> str:
        return KOREAN[word] if language == "ko" else word

    lines = [f"| {what} | {by} | {verdict} |", "| --- | --- | --- |"]
    for index, effect in enumerate(outcome.effects):
        name = WHAT[outcome.name][index] if language == "ko" else effect.what
        numbers = effect.numbers
        if language == "ko":
            numbers = numbers.replace(" to ", " ~ ")
            numbers = numbers.replace(f" {effect.unit}", UNITS.get(effect.unit, f" {effect.unit}"))
        lines.append(f"| {name} | {numbers} | {told(effect.word(effect.verdict))} |")
    return "\n".join([*lines, "", f"{promise} **{told(outcome.said)}**" + "."])


def put(page: Path, name: str, text: str) -> None:
    """Put a text between the marks of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    if not found:
        raise SystemExit(f"{page}: there is no place marked {begin}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


def main() -> None:
    """Run claims, and write."""
    figures = DOCS / "claims"
    figures.mkdir(exist_ok=True)
    for outcome in run_all(sys.argv[1:] or NAMES):
        print(f"{outcome!r}\n", flush=True)
        (figures / f"{outcome.name}.svg").write_text(write_svg(outcome.figure()), encoding="utf-8")
        for language, page in (("en", "claims.md"), ("ko", "claims.ko.md")):
            put(DOCS / page, outcome.name, block(outcome, language))


if __name__ == "__main__":
    main()
