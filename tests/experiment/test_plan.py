"""What a number of networks, or a time, pays for."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from goru.experiment import defaults
from goru.experiment.plan import FEWEST_STEPS, Asked, Plan, plan_seconds, plan_trials, shortest

ARMS = 12
MOST = 32  # configurations
SMALLEST = 36  # networks: one of each of twelve arms in three folds


def shape(plan: Plan) -> tuple[int, int, int, int]:
    """Partitions, folds, epochs and configurations: the more of the first, the better the plan."""
    return plan.partitions, plan.folds, plan.epochs, plan.configurations


def said(plan: Plan) -> str:
    return " ".join(plan.shortfalls)


class TestPlan:
    @pytest.mark.parametrize(
        ("configurations", "kept"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 3), (6, 3), (7, 4), (8, 4), (9, 5), (32, 16)]
    )
    def test_the_better_half_goes_on_and_three_at_least(self, configurations, kept):
        assert Plan(configurations).kept == kept

    def test_a_full_study_cuts_the_rows_twice_into_five_folds(self):
        assert Plan(8) == Plan(8, partitions=2, folds=5, epochs=100, shortfalls=())

    @pytest.mark.parametrize(
        ("plan", "networks"),
        [
            (Plan(8), 12 * 5 * (8 + 4)),
            (Plan(8, partitions=1), 12 * 5 * 8),
            (Plan(3, partitions=2), 12 * 5 * (3 + 3)),
            (Plan(4, partitions=3, folds=3), 12 * 3 * (4 + 3 + 3)),
        ],
    )
    def test_it_counts_its_networks(self, plan, networks):
        assert plan.trials(ARMS) == networks

    @pytest.mark.parametrize(
        ("plan", "full"),
        [(Plan(3), True), (Plan(9, 1), False), (Plan(9, folds=3), False), (Plan(9, epochs=99), False)],
    )
    def test_it_is_full_if_partitions_folds_and_epochs_are_as_many_as_they_should_be(self, plan, full):
        assert plan.full is full

    @pytest.mark.parametrize(
        ("plan", "full"),
        [
            (Plan(3, 2, 4, 30), True),
            (Plan(3, 3, 4, 30), True),  # more than twice is no less
            (Plan(3, 1, 4, 30), False),
            (Plan(3, 2, 2, 30), False),
            (Plan(3, 2, 4, 29), False),
        ],
    )
    def test_where_something_else_was_asked_for_it_is_full_by_that(self, plan, full):
        assert replace(plan, asked=Asked((4, 2), 30)).full is full


class TestNetworks:
    @pytest.mark.parametrize(
        ("networks", "partitions", "folds", "configurations", "trained"),
        [
            (720, 2, 5, 8, 720),  # 60 for a configuration in five folds: 8 configurations, and 4 of them again
            (719, 2, 5, 7, 660),  # 7 and 4
            (480, 2, 5, 5, 480),  # 5 and 3
            (479, 2, 5, 4, 420),  # 4 and 3
            (360, 2, 5, 3, 360),  # 3 and 3
            (359, 1, 5, 5, 300),  # fewer than three configurations tune nothing: rather one partition
            (180, 1, 5, 3, 180),
            (179, 1, 3, 4, 144),
            (108, 1, 3, 3, 108),
            (107, 1, 3, 2, 72),
            (71, 1, 3, 1, 36),
            (36, 1, 3, 1, 36),
            (10, 1, 3, 1, 36),
            (1, 1, 3, 1, 36),
        ],
    )
    def test_they_pay_for_configurations_partitions_and_folds(
        self, networks, partitions, folds, configurations, trained
    ):
        plan = plan_trials(networks, ARMS)
        assert shape(plan) == (partitions, folds, 100, configurations)
        assert plan.trials(ARMS) == trained

    @pytest.mark.parametrize(
        ("networks", "folds", "configurations"), [(720, 5, 12), (360, 5, 6), (180, 5, 3), (36, 3, 1)]
    )
    def test_where_there_is_one_partition_only_they_all_go_into_it(self, networks, folds, configurations):
        plan = plan_trials(networks, ARMS, partitions=1)
        assert shape(plan) == (1, folds, 100, configurations)
        assert plan.trials(ARMS) == networks

    def test_there_may_be_more_configurations_than_a_race_against_time_makes(self):
        # 60 networks a configuration: of a hundred configurations 66 and again 33, of a hundred and one 67 and again
        # 34.
        assert (plan_trials(6_000, ARMS).configurations, plan_trials(6_060, ARMS).configurations) == (66, 67)

    @given(st.integers(SMALLEST, 100_000), st.integers(1, 2))
    def test_never_more_are_trained_than_asked_for_and_nearly_all(self, networks, partitions):
        plan = plan_trials(networks, ARMS, partitions)
        assert plan.trials(ARMS) <= networks
        one_more = Plan(plan.configurations + 1, plan.partitions, plan.folds)
        assert one_more.trials(ARMS) > networks

    @given(st.integers(1, 100_000), st.integers(1, 2))
    def test_one_more_network_never_means_fewer(self, networks, partitions):
        less, more = plan_trials(networks, ARMS, partitions), plan_trials(networks + 1, ARMS, partitions)
        assert shape(less) <= shape(more)
        assert less.trials(ARMS) <= more.trials(ARMS)

    @given(st.integers(1, SMALLEST - 1))
    def test_where_more_are_trained_than_asked_for_it_is_said(self, networks):
        plan = plan_trials(networks, ARMS)
        assert plan.trials(ARMS) == SMALLEST > networks
        assert f"{networks} networks are too few for 12 arms in 3 folds; trained 36 instead" in said(plan)

    @pytest.mark.parametrize(
        ("networks", "words"),
        [
            (
                36,
                "36 networks are too few for a full study: 3 folds instead of 5, 1 configuration of each combination, "
                "too few to tune",
            ),
            (
                72,
                "72 networks are too few for a full study: 3 folds instead of 5, 2 configurations of each combination, "
                "too few to tu",
            ),
            (108, "108 networks are too few for a full study: 3 folds instead of 5."),
        ],
    )
    def test_what_was_given_up_is_said(self, networks, words):
        assert words in said(plan_trials(networks, ARMS))

    @given(st.integers(1, 2_000))
    def test_that_nothing_is_decided_is_said_where_there_are_fewer_than_three_configurations(self, networks):
        plan = plan_trials(networks, ARMS)
        assert ("all inconclusive" in said(plan)) == (plan.configurations < 3)
        assert ("3 folds instead of 5" in said(plan)) == (plan.folds == 3)
        assert "epochs" not in said(plan)

    @given(st.integers(180, 2_000))
    def test_nothing_is_said_of_enough_configurations_in_five_folds(self, networks):
        # In how many partitions they are, the answer says itself.
        assert plan_trials(networks, ARMS).shortfalls == ()


GIVEN = Asked(folds=(4,), epochs=30)


class TestWhatElseMayBeAskedFor:
    """Four folds, neither more nor fewer, and thirty epochs; three times, if there is room."""

    @pytest.mark.parametrize(
        ("networks", "partitions", "configurations", "trained"),
        [
            (48 * 9, 3, 3, 48 * 9),
            (48 * 9 - 1, 2, 5, 48 * 8),
            (48 * 3, 1, 3, 48 * 3),
            (48 * 3 - 1, 1, 2, 48 * 2),
            (48, 1, 1, 48),
            (1, 1, 1, 48),
        ],
    )
    def test_networks_never_mean_fewer_folds_nor_epochs(self, networks, partitions, configurations, trained):
        plan = plan_trials(networks, ARMS, 3, GIVEN)
        assert (shape(plan), plan.asked) == ((partitions, 4, 30, configurations), GIVEN)
        assert plan.trials(ARMS) == trained
        assert "folds instead" not in said(plan)
        assert bool(plan.shortfalls) == (configurations < 3)

    @given(st.floats(-10, 1e4), st.integers(1, 4), st.integers(1, 200))
    def test_seconds_never_mean_fewer_folds_and_what_epochs_are_missing_is_said(self, seconds, partitions, epochs):
        plan = plan_seconds(seconds, cost_of, partitions, asked=Asked((4,), epochs))
        assert plan.folds == 4
        assert min(epochs, defaults.FEWEST_EPOCHS) <= plan.epochs <= epochs
        assert (f"{plan.epochs} epochs instead of {epochs}" in said(plan)) == (plan.epochs < epochs)
        assert bool(plan.shortfalls) == (plan.epochs < epochs)

    @pytest.mark.parametrize(("seconds", "epochs"), [(22, 100), (21, 91), (16, 50), (11, 8)])
    def test_a_time_too_short_for_them_shortens_the_schedule_alone(self, seconds, epochs):
        # 10 s and 12 s for three configurations in four folds at full length
        assert shape(plan_seconds(seconds, cost_of, 1, asked=Asked((4,)))) == (1, 4, epochs, 3)

    def test_where_that_will_not_do_there_are_fewer_configurations(self):
        # Eight epochs are 0.32 s a configuration.
        assert [shape(plan_seconds(10 + left, cost_of, 1, asked=Asked((4,)))) for left in (0.97, 0.95, 0.6, 0)] == [
            (1, 4, 8, configurations) for configurations in (3, 2, 1, 1)
        ]

    @pytest.mark.parametrize("epochs", [1, 3, 8])
    def test_a_schedule_that_is_short_already_is_not_shortened(self, epochs):
        plan = plan_seconds(-10, cost_of, asked=Asked(epochs=epochs))
        assert shape(plan) == (1, 3, epochs, 1)
        assert "epochs instead" not in said(plan)


def cost_of(plan: Plan, fixed: float = 10, for_a_configuration: float = 1) -> float:
    """Ten seconds for what follows the race; a configuration of all arms in a fold takes one, at full length."""
    return fixed + for_a_configuration * plan.folds * plan.epochs / 100 * (
        plan.configurations + (plan.partitions - 1) * plan.kept
    )


seconds = st.floats(-10, 1e4)
partitions = st.integers(1, 2)
steps = st.integers(1, 5_000)
costs = st.builds(
    lambda fixed, for_a_configuration: partial(cost_of, fixed=fixed, for_a_configuration=for_a_configuration),
    st.floats(0, 100),
    st.floats(1e-2, 60),
)


class TestSeconds:
    @pytest.mark.parametrize(
        ("seconds", "partitions", "folds", "configurations", "epochs"),
        [
            (1_000, 2, 5, 32, 100),  # no more configurations than that, however much time there is
            (250, 2, 5, 32, 100),  # 10 + 5 x (32 + 16)
            (249, 2, 5, 31, 100),  # 10 + 5 x (31 + 16) = 245
            (70, 2, 5, 8, 100),  # 10 + 5 x (8 + 4)
            (40, 2, 5, 3, 100),  # 10 + 5 x (3 + 3)
            (39, 1, 5, 5, 100),  # 10 + 5 x 5 = 35
            (25, 1, 5, 3, 100),  # 10 + 5 x 3
            (24, 1, 5, 3, 93),  # 14 of 15 s
            (17.5, 1, 5, 3, 50),  # half the schedule is worth more than two folds
            (17.4, 1, 3, 3, 82),  # 7.4 of 9 s
            (10.8, 1, 3, 3, 8),
            (10.5, 1, 3, 2, 8),  # too few to be told apart
            (10.3, 1, 3, 1, 8),
            (10, 1, 3, 1, 8),  # the smallest study there is, whether there is time for it or not
            (-5, 1, 3, 1, 8),
        ],
    )
    def test_configurations_are_given_up_first_then_a_partition_then_epochs_then_folds_and_at_last_configurations_again(
        self, seconds, partitions, folds, configurations, epochs
    ):
        assert shape(plan_seconds(seconds, cost_of)) == (partitions, folds, epochs, configurations)

    @pytest.mark.parametrize(
        ("seconds", "configurations", "epochs"),
        [
            (10.45, 3, 5),  # 40 steps an epoch: five of them are 200
            (10.4, 2, 5),
            (10.2, 1, 5),
            (10.1, 1, 3),
            (10, 1, 1),  # and one of them 40
        ],
    )
    def test_of_many_rows_fewer_epochs_teach_as_much(self, seconds, configurations, epochs):
        assert shape(plan_seconds(seconds, cost_of, steps=40)) == (1, 3, epochs, configurations)

    def test_where_there_is_one_partition_only_its_configurations_may_be_as_many(self):
        assert shape(plan_seconds(70, cost_of, partitions=1)) == (1, 5, 100, 12)

    @given(seconds, costs, partitions)
    def test_never_below_the_floors_and_never_above_a_full_study(self, seconds, cost, partitions):
        plan = plan_seconds(seconds, cost, partitions)
        assert plan.folds in (3, 5)
        assert 8 <= plan.epochs <= 100
        assert 1 <= plan.configurations <= MOST
        assert 1 <= plan.partitions <= partitions

    @given(seconds, costs, partitions, steps)
    def test_it_fits_unless_it_stands_on_the_floor(self, seconds, cost, partitions, steps):
        plan = plan_seconds(seconds, cost, partitions, steps=steps)
        assert shape(plan) == (1, 3, shortest(100, steps, FEWEST_STEPS), 1) or cost(plan) <= seconds

    @given(seconds, st.floats(0, 1e4), costs, partitions, steps)
    def test_a_larger_budget_is_never_planned_to_take_less(self, seconds, more, cost, partitions, steps):
        less, more = (plan_seconds(time, cost, partitions, steps=steps) for time in (seconds, seconds + more))
        assert cost(less) <= cost(more)

    @given(seconds, costs, partitions)
    def test_nothing_is_given_up_that_there_is_time_for(self, seconds, cost, partitions):
        plan = plan_seconds(seconds, cost, partitions)
        if plan.configurations < MOST and plan.epochs == 100 and plan.folds == 5:
            assert cost(Plan(plan.configurations + 1, plan.partitions)) > seconds
        if plan.configurations < 3:
            assert cost(Plan(plan.configurations + 1, 1, 3, 8)) > seconds
        if plan.partitions < partitions:
            assert cost(Plan(3, plan.partitions + 1)) > seconds
        if plan.epochs < 100:
            assert cost(Plan(3, 1, plan.folds, plan.epochs + 1)) > seconds
        if plan.folds < 5:
            assert cost(Plan(3, 1, 5, 50)) > seconds

    @given(seconds, st.floats(0, 1e4), costs, partitions)
    def test_more_time_never_means_fewer_partitions_folds_epochs_or_configurations(
        self, seconds, more, cost, partitions
    ):
        before, after = (plan_seconds(time, cost, partitions) for time in (seconds, seconds + more))
        assert shape(before) <= shape(after)

    @given(seconds, costs, partitions)
    def test_configurations_are_given_up_before_anything_else(self, seconds, cost, partitions):
        plan = plan_seconds(seconds, cost, partitions)
        assume(plan.epochs < 100 or plan.folds < 5)
        assert plan.partitions == 1
        assert plan.configurations == defaults.FEWEST_CONFIGURATIONS or (
            plan.configurations < defaults.FEWEST_CONFIGURATIONS and plan.epochs == 8
        )

    @given(seconds, costs, partitions)
    def test_exactly_what_was_given_up_is_said(self, seconds, cost, partitions):
        """But for configurations, and the second partition: whether there is time for them shows in the race alone."""
        plan = plan_seconds(seconds, cost, partitions)
        assert ("3 folds instead of 5" in said(plan)) == (plan.folds < 5)
        assert (f"{plan.epochs} epochs instead of 100" in said(plan)) == (plan.epochs < 100)
        assert bool(plan.shortfalls) == (plan.folds < 5 or plan.epochs < 100)

    @pytest.mark.parametrize(("partitions", "full"), [(2, 40), (1, 25)])
    def test_what_a_full_study_would_take_is_said(self, partitions, full):
        words = f"3 folds instead of 5, 82 epochs instead of 100 (that would take about {full} s here)."
        assert words in said(plan_seconds(17.4, cost_of, partitions))

    def test_with_what_is_spent_already(self):
        assert "about 45 s here" in said(plan_seconds(17.4, cost_of, spent=5))
