"""What an experiment does when nobody says otherwise, whatever it is that is trained."""

EPOCHS = 100  # the score is recorded after each; the best one is chosen on other folds
FOLDS = 5
PARTITIONS = 2  # the rows are cut into folds so many times, each time anew
FEWEST_FOLDS = 3  # a budget too small for five
FEWEST_CONFIGURATIONS = 3  # of each arm, and in every split: with fewer nothing is tuned, and so nothing is decided
FEWEST_EPOCHS = 8  # a budget too small even then: the schedule is shortened, and the answer says so
MOST_CONFIGURATIONS = 32  # of each arm: more would only search a plateau more finely
KEPT = 0.5  # the share of an arm's configurations that go on to the second partition
PARTS = 40  # of the rows: by their differences it is told how far an effect is a matter of which rows judge
LIKELY = 0.8  # the least probability of what is called likely
CONFIDENCE = 0.95  # of all intervals together
MARGIN = 0.02  # of the plain arm's loss: what is inside is negligible
