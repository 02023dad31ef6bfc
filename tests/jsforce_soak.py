"""jsforce, the client that JavaScript has for Salesforce, against our simulated one over real HTTP.

What it is asked is in `node/jsforce.js`. Its packages go into a folder that is gone afterwards; so
this needs Node and the registry of npm, and is no test of the suite. simple-salesforce is: see
`test_salesforce_clients.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from syncrules.connectors.base.serve import Server, SimulatorOptions
from syncrules.connectors.salesforce.simulator import simulate

HERE = Path(__file__).parent / "node"
RECORDS = 4500
"""Enough for more than a page of contacts."""
PATIENCE = 600.0

_INSTALL = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def soak() -> tuple[int, str]:
    """The exit code and what to say: 0 also where there is no Node to run it with."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return 0, "jsforce is left out: Node and npm are not on the PATH"
    with tempfile.TemporaryDirectory() as folder:
        for path in HERE.iterdir():
            shutil.copy(path, folder)
        installed = _run(folder, npm, *_INSTALL)
        if installed.returncode:
            reason = (installed.stderr.strip().splitlines() or ["no word from npm"])[0]
            return 0, f"jsforce is left out, npm could not install it: {reason}"
        sim = simulate(SimulatorOptions(records=RECORDS, seed=3))
        with Server(sim) as server:
            ended = _run(folder, node, "jsforce.js", SIGN_IN=json.dumps(sim.sign_in(server.url)))
    return ended.returncode, (ended.stdout + ended.stderr).strip()


def _run(folder: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
