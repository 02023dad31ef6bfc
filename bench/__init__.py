"""What the product costs: requests, journalled writes, decisions and memory, as a table.

`python -m bench` measures all of it, `python -m bench --quick` the same on small worlds. Nothing
here judges a time: figures are for people, who compare them with those of the same machine.
"""
