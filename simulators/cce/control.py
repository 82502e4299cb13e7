"""The control port: plain HTTP on loopback to switch faults, run events and read what was dialled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from .. import clock
from . import faults as fault_module
from . import schema
from .dialer import Dialer
from .faults import Faults
from .options import Options

_logger = logging.getLogger(__name__)

Answer = Callable[[dict[str, Any]], Any]
_DIALLED = (
    "id",
    "dialled_at",
    "campaign_id",
    "dialing_list_id",
    "account_number",
    "phone",
    "call_result",
)


class Control:
    """Operations of the control port; each takes the query or the JSON body and returns JSON."""

    def __init__(self, options: Options, dialer: Dialer, faults: Faults) -> None:
        self._options = options
        self._dialer = dialer
        self._faults = faults
        self.operations: dict[tuple[str, str], Answer] = {
            ("GET", "/control/state"): self.state,
            ("GET", "/control/dialled"): self.dialled,
            ("POST", "/control/faults"): self.set_faults,
            ("POST", "/control/midnight"): self._run(dialer.midnight),
            ("POST", "/control/restart"): self._run(dialer.restart),
            ("POST", "/control/takeover"): self._run(dialer.take_over),
            ("POST", "/control/pause"): self._run(self._pause),
            ("POST", "/control/resume"): self._run(self._resume),
            ("POST", "/control/clock"): self.set_clock,
            ("POST", "/control/reset"): self.reset,
        }

    def _run(self, action: Callable[[], None]) -> Answer:
        def answer(_values: dict[str, Any]) -> Any:
            action()
            return self.state({})

        return answer

    def state(self, _values: dict[str, Any]) -> Any:
        """Counters: contacts by campaign and status, rows of the history, calls."""
        history, outbound = schema.names(self._options)[1:]
        with self._dialer.transaction() as cursor:
            cursor.execute(
                """SELECT table_name FROM information_schema.tables
                    WHERE table_schema = %s AND table_name LIKE 'dl\\_%%' ORDER BY 1""",
                (outbound,),
            )
            tables = [name for (name,) in cursor.fetchall()]
            contacts = {}
            for table in tables:
                campaign = table.split("_")[1]
                cursor.execute(
                    f"SELECT callstatuszone1, count(*) FROM {outbound}.{table} GROUP BY 1"
                )
                contacts[campaign] = dict(cursor.fetchall())
            cursor.execute(
                f"""SELECT (SELECT count(*) FROM {history}.t_dialer_detail),
                           (SELECT count(*) FROM sim.detail),
                           (SELECT count(*) FROM sim.dialled),
                           (SELECT count(*) FROM sim.call),
                           (SELECT count(*) FROM sim.import)"""
            )
            names = ("history", "buffered", "dialled", "calls_in_progress", "imports_waiting")
            counts = dict(zip(names, cursor.fetchone(), strict=True))
        faults = self._faults.as_values()
        return {"contacts": contacts, **counts, "paused": self._dialer.paused, "faults": faults}

    def dialled(self, values: dict[str, Any]) -> Any:
        """Every call placed, in order; ``?since=ID`` only later ones."""
        with self._dialer.transaction() as cursor:
            cursor.execute(
                f"SELECT {', '.join(_DIALLED)} FROM sim.dialled WHERE id > %s ORDER BY id",
                (int(values.get("since", 0)),),
            )
            return [dict(zip(_DIALLED, row, strict=True)) for row in cursor.fetchall()]

    def set_faults(self, values: dict[str, Any]) -> Any:
        self._faults.replace(map(fault_module.from_values, values["faults"]))
        return {"faults": self._faults.as_values()}

    def _pause(self) -> None:
        self._dialer.paused = True

    def _resume(self) -> None:
        self._dialer.paused = False

    def set_clock(self, values: dict[str, Any]) -> Any:
        """Set the clock forward or back, by seconds."""
        return {"ahead": clock.jump(float(values["seconds"]))}

    def reset(self, _values: dict[str, Any]) -> Any:
        self._faults.replace(())
        self._dialer.reset()
        return self.state({})
