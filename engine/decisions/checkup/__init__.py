"""The check-up of a run: what a careful colleague would look at first. One file for each kind of question."""
