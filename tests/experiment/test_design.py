"""What is varied, what is tuned, and what makes no sense."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.errors import InputError
from goru.experiment.arms import Arm
from goru.experiment.design import MOST_ARMS, Design
from goru.experiment.knobs import integers, log_uniform, uniform
from goru.experiment.questions import Contrast

NORM = {"norm": ["none", "batch", "layer"], "dropout": [False, True]}
KNOBS = {
    "learning_rate": log_uniform(1e-4, 1e-1),
    "rate": uniform(0.05, 0.6, when={"dropout": True}),
    "momentum": uniform(0.5, 0.99, when={"norm": "batch"}),
    "epsilon": log_uniform(1e-6, 1e-1, when={"norm": ["batch", "layer"]}),
    "warmup": integers(1, 10, when={"norm": "layer", "dropout": True}),
}
DESIGN = Design(NORM, KNOBS)


class TestArms:
    def test_are_all_combinations_the_reference_first(self):
        arms = DESIGN.arms
        assert [tuple(arm.values()) for arm in arms] == list(
            itertools.product(["none", "batch", "layer"], [False, True])
        )
        assert DESIGN.plain == arms[0]
        assert DESIGN.plain.name == "plain"

    def test_the_first_level_is_the_reference_whatever_it_is(self):
        design = Design({"skip": [True, False], "depth": [3, 1, 2]})
        assert dict(design.plain) == {"skip": True, "depth": 3}
        assert design.arm(skip=False).name == "skip off"

    def test_one_is_found_by_its_levels_and_the_reference_of_all_others(self):
        assert DESIGN.arm() == DESIGN.plain
        found = DESIGN.arm({"norm": "layer"})
        assert (dict(found), found.name) == ({"norm": "layer", "dropout": False}, "norm layer")
        assert DESIGN.arm(norm="layer") == found
        assert DESIGN.arm({"norm": "layer"}, dropout=True).name == "norm layer + dropout"

    def test_what_makes_no_sense_is_left_out(self):
        design = Design(NORM, exclude=[{"norm": "batch", "dropout": True}])
        assert len(design.arms) == 5
        with pytest.raises(InputError, match="excluded"):
            design.arm(norm="batch", dropout=True)
        assert len(Design(NORM, exclude=[{"norm": ["batch", "layer"], "dropout": True}]).arms) == 4

    def test_lists_and_tuples_of_levels_are_alike(self):
        assert Design({"a": (1, 2)}) == Design({"a": [1, 2]})


HOSTILE = {
    "levels that read alike": {"on": [False, True, "on", "True", "off"]},
    "a number and its text": {"depth": [1.0, "1.0", 2, "2"]},
    "nothing and its text": {"norm": [None, "None", "none"]},
    "a factor like the level of another": {"norm": [False, "batch after"], "norm batch": [False, "after"]},
    "factors that differ in an underscore": {"weight_decay": [False, True], "weight decay": [False, True]},
    "a factor like the plain arm": {"plain": [False, True], "a": [False, True]},
    "a level like two": {"a": [False, True], "b": [False, True], "a + b": [False, True]},
    "an equation": {"a": ["0", "1"], "a=1 + b": [0, 2], "b": [0, 2], "a 1": [False, True]},
    "quotes": {"a": ["0", "1' + b='2", '1" + b="2'], "b": ["0", "2"]},
    "markup": {"<script>": [False, "</td><b>&amp;"], "'; drop table trials; --": [False, True]},
    "several lines": {"a\nb": [False, True], "a": ["", "\n", "\x1b[2J"]},
    "other scripts": {"고루": [False, True], "Größe": ["klein", "groß"]},
}


class TestNames:
    @pytest.mark.parametrize("factors", HOSTILE.values(), ids=HOSTILE)
    def test_of_arms_and_of_questions_of_a_kind_are_unique_and_one_line(self, factors):
        design = Design(factors)
        for names in ([arm.name for arm in design.arms], *([each.name for each in kind] for kind in design.asked)):
            assert len(set(names)) == len(names)
            assert all(len(name.splitlines()) == 1 and name.isprintable() for name in names)
        assert [arm.name for arm in design.arms if arm.name == "plain"] == ["plain"]

    levels = st.one_of(
        st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.5, 1.0, "1", "on", "a b", "", "_"])
    )
    names = st.text("ab_ =+'", min_size=1, max_size=4).filter(str.strip)

    @given(st.dictionaries(names, st.lists(levels, min_size=2, max_size=3, unique=True), min_size=1, max_size=3))
    def test_whatever_they_are(self, factors):
        names = [arm.name for arm in Design(factors).arms]
        assert len(set(names)) == len(names) == math.prod(map(len, factors.values()))

    def test_are_short_where_that_is_enough(self):
        assert [arm.name for arm in Design(NORM).arms][-1] == "norm layer + dropout"


class TestShown:
    def test_as_it_is_given_without_what_nobody_gave(self):
        assert repr(Design({"a": [0, 1]})) == "Design(factors={'a': (0, 1)})"
        assert repr(Design(NORM, removals=())).endswith(", removals=())")

    def test_in_python_it_is_the_same_again(self):
        design = Design(NORM, KNOBS, exclude=[{"norm": "batch", "dropout": True}])
        known = {"Design": Design, "integers": integers, "log_uniform": log_uniform, "uniform": uniform}
        assert eval(repr(design), known) == design


class TestKnobs:
    @pytest.mark.parametrize(
        ("levels", "knobs"),
        [
            ({}, ["learning_rate"]),
            ({"dropout": True}, ["learning_rate", "rate", "warmup"]),
            ({"norm": "batch"}, ["learning_rate", "momentum", "epsilon"]),
            ({"norm": "layer"}, ["learning_rate", "epsilon", "warmup"]),  # of several conditions one is enough
            ({"norm": "batch", "dropout": True}, ["learning_rate", "rate", "momentum", "epsilon", "warmup"]),
        ],
    )
    def test_an_arm_has_those_whose_conditions_it_meets(self, levels, knobs):
        arm = DESIGN.arm(levels)
        assert list(DESIGN.knobs_of(arm)) == knobs
        for values in DESIGN.configurations(arm, 3, seed=0):
            assert list(values) == knobs


class TestConfigurations:
    FULL = DESIGN.arm(norm="batch", dropout=True)

    def test_are_in_their_ranges_in_plain_types(self):
        for arm in DESIGN.arms:
            for values in DESIGN.configurations(arm, 64, seed=3):
                for name, value in values.items():
                    assert KNOBS[name].low <= value <= KNOBS[name].high
                    assert type(value) is (int if name == "warmup" else float)
        assert {values["warmup"] for values in DESIGN.configurations(self.FULL, 64, 0)} == set(range(1, 11))

    def test_are_spread_evenly_on_their_scales(self):
        """Eight points of a Sobol sequence: one in each eighth of every range."""
        drawn = DESIGN.configurations(self.FULL, 8, seed=0)
        for name, scale in (
            ("learning_rate", np.log),
            ("rate", np.asarray),
            ("momentum", np.asarray),
            ("epsilon", np.log),
        ):
            low, high = scale([KNOBS[name].low, KNOBS[name].high])
            values = scale([values[name] for values in drawn])
            assert sorted(((values - low) / (high - low) * 8).astype(int)) == list(range(8))

    @pytest.mark.parametrize("arm", DESIGN.arms, ids=lambda arm: arm.name)
    def test_asking_for_more_leaves_the_first_ones_as_they_are(self, arm):
        most = DESIGN.configurations(arm, 33, seed=1)
        assert len(most) == 33
        for count in (0, 1, 2, 3, 4, 5, 8, 9, 32):
            assert DESIGN.configurations(arm, count, seed=1) == most[:count]

    def test_one_has_the_same_numbers_in_all_arms_that_have_them(self):
        full = DESIGN.configurations(self.FULL, 5, seed=2)
        for arm in DESIGN.arms:
            for own, every in zip(DESIGN.configurations(arm, 5, seed=2), full, strict=True):
                assert own.items() <= every.items()

    def test_are_a_function_of_the_seed(self):
        def drawn(seed):
            return DESIGN.configurations(DESIGN.plain, 4, seed)

        assert drawn(0) == drawn(0)
        assert drawn(0) != drawn(1)
        assert drawn((0, 1)) != drawn((0, 2))

    def test_where_nothing_is_tuned_they_are_empty(self):
        assert Design(NORM).configurations(DESIGN.plain, 3, 0) == [{}, {}, {}]


class TestJson:
    def test_it_is_plain_and_tells_designs_apart(self):
        told = DESIGN.to_json()
        assert json.loads(json.dumps(told, allow_nan=False)) == told
        assert told["factors"] == NORM
        assert told["knobs"]["epsilon"]["when"] == {"norm": ["batch", "layer"]}
        assert told["knobs"]["rate"]["low"] == 0.05
        others = [
            Design({**NORM, "norm": ["none", "layer", "batch"]}, KNOBS),
            Design(NORM, KNOBS | {"learning_rate": uniform(1e-4, 1e-1)}),
            Design(NORM, KNOBS | {"rate": uniform(0.05, 0.6)}),
            Design(NORM, KNOBS, exclude=[{"norm": "batch", "dropout": True}]),
            Design(NORM, KNOBS, contrasts=[Contrast("all", DESIGN.arms, (DESIGN.plain,))]),
        ]
        assert all(other.to_json() != told for other in others)


class TestQuestions:
    def test_those_that_are_given_are_asked_instead(self):
        contrast = Contrast("both", (DESIGN.arm(norm="batch"), DESIGN.arm(norm="layer")), (DESIGN.plain,))
        assert Design(NORM, contrasts=[contrast], interactions=[], removals=()).asked == ((contrast,), (), ())
        assert Design(NORM, contrasts=[contrast]).asked[1:] == Design(NORM).asked[1:]


TWO = {"a": [0, 1], "b": [0, 1]}


class TestRefused:
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"factors": {}}, "factors"),
            ({"factors": ["a", "b"]}, "factors"),
            ({"factors": {"": [0, 1]}}, "name"),
            ({"factors": {" ": [0, 1]}}, "name"),
            ({"factors": {1: [0, 1]}}, "name"),
            ({"factors": {"\ud800": [0, 1]}}, "name"),
            ({"factors": {"a": [0]}}, "'a'.*two levels"),
            ({"factors": {"a": "on"}}, "'a'.*list"),
            ({"factors": {"a": 3}}, "'a'.*list"),
            ({"factors": {"a": {0, 1}}}, "'a'.*list"),
            ({"factors": {"a": np.array([0, 1])}}, "'a'.*list"),
            ({"factors": {"a": [0, 0]}}, "'a'.*equal"),
            ({"factors": {"a": [1, True]}}, "'a'.*equal"),
            ({"factors": {"a": [0, math.nan]}}, "'a'.*nan"),
            ({"factors": {"a": [0, math.inf]}}, "'a'.*inf"),
            ({"factors": {"a": [0, [1]]}}, "'a'.*\\[1\\]"),
            ({"factors": {"a": [0, "\udcff"]}}, "'a'"),
            ({"factors": {f"f{n}": [0, 1] for n in range(9)}}, f"512 .*{MOST_ARMS}"),
            ({"factors": {f"f{n}": [0, 1] for n in range(64)}}, f"{MOST_ARMS}"),
            ({"factors": TWO, "knobs": [uniform(0, 1)]}, "knobs"),
            ({"factors": TWO, "knobs": {"rate": (0, 1)}}, "'rate'.*range"),
            ({"factors": TWO, "knobs": {3: uniform(0, 1)}}, "3"),
            ({"factors": TWO, "knobs": {"a": uniform(0, 1)}}, "'a'.*factor and a knob"),
            ({"factors": TWO, "knobs": {"rate": uniform(0, 1, when={"A": 1})}}, "'rate'.*no factor 'A'.*'a'"),
            ({"factors": TWO, "knobs": {"rate": uniform(0, 1, when={"a": 2})}}, "'rate'.*no level 2"),
            ({"factors": TWO, "knobs": {"rate": uniform(0, 1, when={"a": [1, 2]})}}, "'rate'.*no level 2"),
            ({"factors": TWO, "exclude": {"a": 1}}, "exclude.*list"),
            ({"factors": TWO, "exclude": ["a"]}, "exclude.*list"),
            ({"factors": TWO, "exclude": [{"c": 1}]}, "exclude.*no factor 'c'"),
            ({"factors": TWO, "exclude": [{"a": 2}]}, "exclude.*no level 2"),
            ({"factors": TWO, "exclude": [{"a": 0, "b": 0}]}, "exclude.*first levels"),
            ({"factors": TWO, "exclude": [{}]}, "exclude"),
            ({"factors": TWO, "exclude": [{"a": 1}, {"b": 1}]}, "exclude.*nothing left"),
            ({"factors": TWO, "exclude": [{"a": 1}]}, "exclude.*'a' at 1"),
        ],
    )
    def test_in_one_line_that_says_what_is_wrong(self, given, said):
        with pytest.raises(InputError, match=said) as error:
            Design(**given)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize(("levels", "said"), [({"c": 1}, "no factor"), ({"a": 7}, "no level 7")])
    def test_an_arm_that_there_is_none_of(self, levels, said):
        with pytest.raises(InputError, match=said):
            Design(TWO).arm(levels)

    def test_an_arm_is_no_level(self):
        with pytest.raises(InputError):
            Design({"a": [0, Arm(())]})
