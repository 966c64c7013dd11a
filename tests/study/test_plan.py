"""What a number of networks, or a time, pays for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goru.study import defaults
from goru.study.design import ARMS
from goru.study.plan import Plan, plan_networks, plan_seconds

FULL, FEW, EPOCHS = defaults.FOLDS, defaults.FEWEST_FOLDS, defaults.EPOCHS
SMALLEST = len(ARMS) * FEW

seconds = st.floats(-10, 1e4)
costs = st.builds(
    lambda fixed, per_epoch: lambda folds, epochs: fixed + folds * epochs * per_epoch,
    st.floats(0, 100),
    st.floats(1e-3, 60),
)


def said(plan: Plan) -> str:
    return " ".join(plan.shortfalls)


class TestNetworks:
    @pytest.mark.parametrize(
        ("networks", "folds", "draws"),
        [
            (1, FEW, 1),
            (35, FEW, 1),
            (36, FEW, 1),
            (71, FEW, 1),
            (72, FEW, 2),
            (119, FEW, 3),
            (179, FEW, 4),
            (180, FULL, 3),
            (600, FULL, 10),
        ],
    )
    def test_they_are_shared_out_over_folds_and_draws(self, networks, folds, draws):
        plan = plan_networks(networks)
        assert (plan.folds, plan.draws, plan.epochs) == (folds, draws, EPOCHS)

    def test_a_plan_counts_its_networks(self):
        assert Plan(folds=5, draws=2, epochs=100).networks == 12 * 5 * 2

    @given(st.integers(SMALLEST, 100_000))
    def test_never_more_are_trained_than_asked_for_and_all_but_a_draw_of_every_arm(self, networks):
        plan = plan_networks(networks)
        assert networks - len(ARMS) * plan.folds < plan.networks <= networks

    @given(st.integers(1, 100_000))
    def test_one_more_network_never_means_fewer(self, networks):
        less, more = plan_networks(networks), plan_networks(networks + 1)
        assert less.folds <= more.folds
        assert less.networks <= more.networks

    @pytest.mark.parametrize(
        ("networks", "words"),
        [
            (5, ("5 networks are too few", "trained 36 instead", "1 draw of each arm", "nothing is decided")),
            (36, ("36 networks are too few", "3 folds instead of 5", "1 draw of each arm", "nothing is decided")),
            (72, ("72 networks are too few", "3 folds instead of 5", "2 draws of each arm", "nothing is decided")),
            (108, ("108 networks are too few", "3 folds instead of 5")),
        ],
    )
    def test_what_was_given_up_is_said(self, networks, words):
        plan = plan_networks(networks)
        assert [word for word in words if word not in said(plan)] == []
        assert ("nothing is decided" in said(plan)) == (plan.draws < 3)

    def test_nothing_is_said_of_a_full_study(self):
        assert plan_networks(180).shortfalls == ()


class TestSeconds:
    """Every fold takes a second an epoch, and all that follows the race ten."""

    @pytest.mark.parametrize(
        ("seconds", "folds", "epochs"),
        [
            (1000, 5, 100),
            (510, 5, 100),
            (509, 5, 99),
            (260, 5, 50),  # half the schedule is still worth more than two folds
            (259, 3, 83),
            (34, 3, 8),
            (33, 3, 8),  # the smallest study there is, whether there is time for it or not
            (-5, 3, 8),
        ],
    )
    def test_some_epochs_are_given_up_first_then_folds_then_more_epochs(self, seconds, folds, epochs):
        plan = plan_seconds(seconds, lambda folds, epochs: 10 + folds * epochs, draws=4)
        assert (plan.folds, plan.epochs, plan.draws) == (folds, epochs, 4)

    @given(seconds, costs)
    def test_never_below_the_floors_and_never_above_a_full_study(self, seconds, cost):
        plan = plan_seconds(seconds, cost, 4)
        assert FEW <= plan.folds <= FULL
        assert defaults.FEWEST_EPOCHS <= plan.epochs <= EPOCHS

    @given(seconds, costs)
    def test_it_fits_unless_it_stands_on_the_floor(self, seconds, cost):
        plan = plan_seconds(seconds, cost, 4)
        on_the_floor = (plan.folds, plan.epochs) == (FEW, defaults.FEWEST_EPOCHS)
        assert on_the_floor or cost(plan.folds, plan.epochs) <= seconds

    @given(seconds, costs)
    def test_one_epoch_more_would_not_have_fitted(self, seconds, cost):
        plan = plan_seconds(seconds, cost, 4)
        assert plan.epochs == EPOCHS or cost(plan.folds, plan.epochs + 1) > seconds

    @given(seconds, st.floats(0, 1e4), costs)
    def test_more_time_never_means_fewer_folds_nor_fewer_epochs_in_as_many(self, seconds, more, cost):
        before, after = (plan_seconds(time, cost, 4) for time in (seconds, seconds + more))
        assert (before.folds, before.epochs) <= (after.folds, after.epochs)

    @given(seconds, costs)
    def test_exactly_what_was_given_up_is_said(self, seconds, cost):
        plan = plan_seconds(seconds, cost, 4)
        assert (f"{FEW} folds instead of {FULL}" in said(plan)) == (plan.folds < FULL)
        assert (f"{plan.epochs} epochs instead of {EPOCHS}" in said(plan)) == (plan.epochs < EPOCHS)
        assert bool(plan.shortfalls) == (plan.folds < FULL or plan.epochs < EPOCHS)

    def test_what_a_full_study_would_take_is_said(self):
        assert "about 510 s" in said(plan_seconds(50, lambda folds, epochs: 10 + folds * epochs, draws=4))
