"""Whole histories of two systems, their people and our runs, each drawn from one seed.

`scopes.py` says under which rules, `history.py` lets one happen, `people.py`, `deeds.py` and
`duties.py` are what people do, `faults.py` what goes wrong, `world.py` who is served first, and
`recorder.py` and `checker/` say whether a promise was broken.
`python -m tests.simulation SEED` replays one.
"""
