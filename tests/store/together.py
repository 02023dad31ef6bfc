"""Several programs that open one state at the same moment."""

from __future__ import annotations

import threading

from syncrules.engine.store.database import Database


def opened_at_once(url: str) -> list[BaseException]:
    """What went wrong where four open a state together, and close it."""
    failed: list[BaseException] = []
    together = threading.Barrier(4)

    def open_it() -> None:
        together.wait()
        try:
            Database(url).close()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return failed
