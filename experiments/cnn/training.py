"""How networks are trained: what the numbers in the table depend on."""

STEPS = 9000  # of Adam, at most
BATCH = 16
LEARNING_RATE = 2e-3
WARM_UP = 50  # steps
EVALUATE_EVERY = (10, 150)  # steps, rising with the step in between
# Without a better validation error for so many steps (or for half as many as came before, where
# that is more) the rate is halved; at one more than HALVINGS the run is over.
PATIENCE = 150
HALVINGS = 3
