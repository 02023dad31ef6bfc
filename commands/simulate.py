"""`syncrules simulate`: serves a made-up system; the server is `engine/simulate.py`."""

from __future__ import annotations

from pathlib import Path

import click

from ..terminal import Shell, command
from .shared import FORMAT


@command(
    "simulate",
    "syncrules simulate apollo --port 8701 --records 200\n"
    "syncrules simulate salesforce --format json",
    project=False,
)
@click.argument("system")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 (the default): any free.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same people.")
@click.option("--records", type=click.IntRange(0), default=1000, show_default=True, help="People.")
@click.option(
    "--describe",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of recorded object descriptions.",
)
@FORMAT
def simulate(
    shell: Shell,
    *,
    system: str,
    port: int,
    seed: int,
    records: int,
    describe: Path | None,
    shape: str,
) -> int:
    """Serve a made-up SYSTEM until it is stopped.

    It listens on this machine only, and has people, their accounts and what goes with them.
    Simulators of one seed share about a third of their people.

    Other programs can be tried on it, too. Salesforce has REST with queries, Collections and
    composites, Bulk API 2.0, and the sign-ins by OAuth and SOAP: what simple-salesforce and jsforce
    ask for. There are no rate limits, delays or faults unless they are asked for.
    """
    from ..connectors.base.serve import SimulatorOptions
    from ..engine.simulate import serve

    options = SimulatorOptions(seed=seed, records=records, describe=describe)
    serve(
        system,
        port,
        options,
        lambda found: shell.data(found.as_json() if shape == "json" else found.as_text()),
    )
    return 0
