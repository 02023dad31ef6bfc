"""Bugs that are put into the product on purpose, to see whether the histories find them.

`seeded/` has them as data, `bugs.py` makes the source that each leads to, `trial.py` plays
histories with one of them in a process of its own, and `page.py` is the table of them in
`docs/reliability.md`. `python -m tests.mutants [ID ...]` tries all, or some.
"""
