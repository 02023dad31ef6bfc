"""The guide as tests: each row of what Apollo's own integration does, and the tests that show it.

`rows.toml` has the rows, `page.py` sets tests and rows side by side, `make guide` prints that.
Other tests carry rows, too; those here are told as a user would tell them, over both simulated
systems, with the verbs of `team.py`.
"""
