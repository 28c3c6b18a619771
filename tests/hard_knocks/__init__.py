"""What the project withstands: damage, endings, full disks, hostile inputs and long use, tried at random and counted.

    python -m tests.hard_knocks --quick          # two minutes; a part of CI
    python -m tests.hard_knocks --full           # half an hour on two cores
    python -m tests.hard_knocks --full --only run_file --seed 7

Each file in `knocks` is a knock: a generator that gives, for each try, None where the project stood and one line that
says what went wrong where it fell (tests.hard_knocks.knock). Inputs that made it fall once are kept as tests for good.
"""
