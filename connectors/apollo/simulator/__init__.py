"""A made-up Apollo for tests and the demo: `simulate(options)` makes a team of made-up people.

It answers as the real API was recorded to, oddities included. `server.py` is the way in.
"""

from ...base.serve import SimulatorOptions
from .faults import Fault
from .server import ApolloSimulator


def simulate(options: SimulatorOptions) -> ApolloSimulator:
    """A simulated Apollo with `options.records` contacts and the accounts they work for."""
    return ApolloSimulator(options)


__all__ = ["ApolloSimulator", "Fault", "simulate"]
