"""What a study has done so far, in memory."""

from experiments import make_trial

from goru.experiment.racing.record import Record


class TestRecord:
    def test_trials_are_kept_in_their_order(self):
        record = Record()
        blocks = [[make_trial(configuration=0), make_trial(configuration=1)], [make_trial(configuration=2)]]
        for block in blocks:
            assert record.add(iter(block)) == block
        assert record.trials == [*blocks[0], *blocks[1]]

    def test_what_was_decided_is_recalled_and_nothing_else(self):
        record = Record()
        record.remember("plan", {"configurations": 3})
        assert (record.recall("plan"), record.recall("look")) == ({"configurations": 3}, None)

    def test_nothing_has_been_spent_so_that_a_study_begins_when_its_process_does(self):
        record = Record()
        assert record.spent == 0
        assert record.go_on(17.5) == 17.5

    def test_what_has_been_spent_puts_its_beginning_back(self):
        record = Record()
        record.spent = 10.0
        assert record.go_on(17.5) == 7.5
