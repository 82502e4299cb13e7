"""Odoo's own cron thread in this process, so that what is measured runs as in production."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

START_S = 2


@contextmanager
def running(database: str) -> Iterator[None]:
    """One thread runs the scheduled actions of a database, as long as the block runs."""
    from odoo.service import server

    from odoo.addons.base.models.ir_cron import IrCron

    databases = [database]
    turn = threading.Lock()
    process_jobs = IrCron._process_jobs

    def process(name: str) -> None:
        with turn:
            if databases:
                process_jobs(name)

    with (
        patch.object(server, "cron_database_list", lambda: databases),
        patch.object(IrCron, "_process_jobs", staticmethod(process)),
    ):
        threaded = server.ThreadedServer(None)
        thread = threading.Thread(target=threaded.cron_thread, args=(0,), daemon=True)
        thread.start()
        # What is triggered before it listens would wait for a minute.
        time.sleep(START_S)
        try:
            yield
        finally:
            # The thread never ends by itself: it finds nothing more to do.
            with turn:
                databases.clear()
