"""What a race asks of goru's own networks: trained in blocks, by the programs of their arms, with numbers in common."""

import itertools

import numpy as np
import pytest
from studies import EPOCHS, FakeLaboratory, constant, grid, key, keys, places

from goru.experiment.racing.laboratory import Job
from goru.experiment.racing.race import trial_id
from goru.studies.asked.design import ARMS, PLAIN, arm_of, design, hyperparameters
from goru.studies.blocks import Blocks

CONFIGURATIONS = {
    arm: [hyperparameters(values, 100)._asdict() for values in design().configurations(arm, 8, 0)] for arm in ARMS
}


def jobs_of(numbers=range(4), splits=range(6), arms=ARMS, seed=0, configurations=CONFIGURATIONS) -> list[Job]:
    return [
        Job(
            arm,
            configuration,
            split,
            configurations[arm][configuration],
            trial_id(seed, ARMS.index(arm), configuration, split),
        )
        for arm, configuration, split in itertools.product(arms, numbers, splits)
    ]


def train(laboratory, jobs, splits=None, watch=lambda done: True):
    splits = splits or [split for partition in laboratory.partitions for split in partition]
    return list(itertools.chain(*Blocks(laboratory, splits, EPOCHS).train(jobs, watch)))


@pytest.fixture
def pretended():
    return FakeLaboratory()


class TestTrials:
    def test_each_job_is_one(self, pretended):
        jobs = jobs_of()
        trials = train(pretended, jobs[::-1])
        assert keys(trials) == keys(jobs) == grid(range(4), range(6))

    def test_a_trial_says_what_was_trained(self, pretended):
        trials = train(pretended, jobs_of())
        members = {member.id: member for block in pretended.blocks for member in block.members}
        for trial in trials:
            assert trial.id == trial_id(0, ARMS.index(trial.arm), trial.configuration, trial.split)
            assert trial.values == members[trial.id].hyper._asdict() == CONFIGURATIONS[trial.arm][trial.configuration]
            assert trial.seed == members[trial.id].seed
            assert len(trial.curves) == len(trial.parts) == EPOCHS
            np.testing.assert_allclose(trial.parts.sum(axis=1), trial.curves[:, 1, 0])

    def test_each_is_trained_on_the_rows_of_its_split(self, pretended):
        train(pretended, jobs_of())
        found = places()
        for block in pretended.blocks:
            assert {found[member.id][2] for member in block.members} == {pretended.split_of(block)}

    def test_each_is_trained_by_the_program_of_its_arm(self, pretended):
        train(pretended, jobs_of())
        found = places()
        for trainer in pretended.trainers:
            trained = {found[member.id][0] for block in trainer.blocks for member in block.members}
            assert trained == {arm for arm in ARMS if pretended.trainer(arm) is trainer}

    def test_no_block_is_overfull_and_all_train_as_long_as_planned(self, pretended):
        train(pretended, jobs_of(range(5)))
        assert max(len(block.members) for block in pretended.blocks) == 4
        assert {block.epochs for block in pretended.blocks} == {EPOCHS}

    def test_one_that_diverged_is_marked(self):
        lost = trial_id(0, 0, 1, 2)
        trials = train(FakeLaboratory(curves=lambda member: constant(np.nan if member.id == lost else 0.5)), jobs_of())
        assert [key(trial) for trial in trials if trial.ended == "diverged"] == [(PLAIN, 1, 2)]

    def test_it_is_told_how_many_are_done(self, pretended):
        told = []
        train(pretended, jobs_of(), watch=lambda done: told.append(done) or True)
        assert told == [4] * (12 * 4 * 6 // 4)

    def test_where_it_is_told_to_stop_what_is_under_way_is_not_handed_over(self, pretended):
        told = itertools.count(1)
        trials = train(pretended, jobs_of(), watch=lambda done: next(told) < 3)
        assert len(trials) == 2 * 4
        assert len(pretended.blocks) == 3

    def test_as_many_are_trained_at_once_as_the_laboratory_has_room_for(self, pretended):
        blocks = Blocks(pretended, [], EPOCHS)
        assert (blocks.configurations_at_once, blocks.splits_at_once) == (2, 1)


class TestCommonRandomNumbers:
    def test_arms_and_configurations_share_initial_weights_and_batch_order_within_a_split_alone(self, pretended):
        train(pretended, jobs_of(range(5)))
        by_split = {}
        for block in pretended.blocks:
            own = by_split.setdefault(pretended.split_of(block), set())
            own.update((member.seed, block.order) for member in block.members)
        assert by_split.keys() == set(range(6))
        assert {len(shared) for shared in by_split.values()} == {1}
        (seeds, orders) = zip(*itertools.chain(*by_split.values()), strict=True)
        assert len({*seeds, *orders}) == 12  # and no two of them are the same numbers

    @pytest.mark.parametrize("networks", [2, 8, 64])
    def test_how_networks_are_put_into_blocks_changes_nothing(self, pretended, networks):
        other = FakeLaboratory()
        other.shape.networks = networks
        one, same = ({key(trial): trial for trial in train(where, jobs_of())} for where in (pretended, other))
        assert {len(block.members) for block in other.blocks} != {4}
        assert one.keys() == same.keys()
        for place, trial in one.items():
            assert (trial.id, trial.seed, trial.values) == (same[place].id, same[place].seed, same[place].values)

    def test_another_study_seed_changes_everything_random(self):
        one, other = FakeLaboratory(seed=0), FakeLaboratory(seed=1)
        for laboratory in (one, other):
            train(laboratory, jobs_of(seed=laboratory.seed))
        one, other = one.blocks[0], other.blocks[0]
        assert one.order != other.order
        assert one.members[0].seed != other.members[0].seed
        assert one.members[0].id != other.members[0].id

    def test_arms_train_alike_where_their_numbers_are_alike(self, laboratory, splits):
        """Really trained: a decay of zero is no decay, and dropout changes nothing that has not learned yet."""
        dropout, decay = arm_of(dropout=True), arm_of(weight_decay=True)
        frozen, learning = CONFIGURATIONS[PLAIN][0] | {"learning_rate": 0.0}, CONFIGURATIONS[PLAIN][1]
        changed = {PLAIN: [frozen, learning], dropout: [frozen, learning], decay: [frozen, learning]}
        jobs = jobs_of(range(2), range(3), changed, configurations=changed)
        curves = {key(trial): trial.curves for trial in train(laboratory, jobs, splits)}
        for split in range(3):
            without_decay = curves[decay, 1, split]
            np.testing.assert_array_equal(without_decay, curves[PLAIN, 1, split])
            initial = curves[dropout, 0, split]
            np.testing.assert_allclose(initial, curves[PLAIN, 0, split], rtol=1e-6)
            assert (np.ptp(without_decay[:, 0, 0]), np.ptp(initial[:, 0, 0])) > (0, 0)
        assert not np.array_equal(curves[PLAIN, 1, 0], curves[PLAIN, 1, 1])

    def test_what_parts_of_the_rows_add_is_the_loss(self, laboratory, splits):
        for trial in train(laboratory, jobs_of(range(1), range(3)), splits):
            np.testing.assert_allclose(trial.parts.sum(axis=1), trial.curves[:, 1, 0], rtol=1e-5)

    def test_a_network_that_really_diverges_does_not_spoil_its_neighbours(self, laboratory, splits):
        def trained(learning_rate):
            first, second = CONFIGURATIONS[PLAIN][:2]
            changed = CONFIGURATIONS | {PLAIN: [first | learning_rate, second]}
            jobs = jobs_of(range(2), range(3), configurations=changed)
            return {key(trial): trial for trial in train(laboratory, jobs, splits)}

        sound, spoilt = trained({}), trained({"learning_rate": 1e38})
        assert {place for place, trial in spoilt.items() if trial.ended == "diverged"} == {
            (PLAIN, 0, split) for split in range(3)
        }
        assert all(trial.ended == "finished" for trial in sound.values())
        for place in grid(range(2), range(3)):
            if place[:2] != (PLAIN, 0):
                np.testing.assert_array_equal(spoilt[place].curves, sound[place].curves)
