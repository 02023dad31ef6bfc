"""A simulated Salesforce org for tests and the demo, behind one function from request to response.

`server.py` routes; `resources.py`, `composite.py` and `bulk.py` are the resources; `soql.py` and
`query.py` read; `saves.py` writes. Imports nothing of the product but `connectors/base`.
"""

from __future__ import annotations

from ...base.serve import SimulatorOptions
from .server import SalesforceSimulator

__all__ = ["SalesforceSimulator", "simulate"]


def simulate(options: SimulatorOptions) -> SalesforceSimulator:
    """A simulated org with `options.records` people and what goes with them."""
    return SalesforceSimulator(options)
