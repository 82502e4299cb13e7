"""The control port: plain HTTP on loopback to switch faults, run the midnight job and read what was
dialled.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from psycopg2.extras import RealDictCursor

from .. import clock
from . import faults as fault_module
from .campaigns import CampaignStore
from .database import Database
from .dialing_hours import HoursStore
from .engine import Engine
from .faults import Faults
from .options import Options

_logger = logging.getLogger(__name__)

Answer = Callable[[dict[str, Any]], Any]


class Control:
    """Operations of the control port; each takes the query or the JSON body and returns JSON."""

    def __init__(
        self,
        options: Options,
        database: Database,
        engine: Engine,
        faults: Faults,
        seed: Callable[[], None],
    ) -> None:
        self._database = database
        self._engine = engine
        self._faults = faults
        self._seed = seed
        self._options = options
        # By method and path: the whole of the control port, in the order of README.
        self.operations: dict[tuple[str, str], Answer] = {
            ("GET", "/control/state"): self.state,
            ("GET", "/control/dialled"): self.dialled,
            ("GET", "/control/faults"): self.show_faults,
            ("POST", "/control/faults"): self.set_faults,
            ("DELETE", "/control/faults"): self.clear_faults,
            ("POST", "/control/midnight"): self._run(engine.midnight),
            ("POST", "/control/engine-restart"): self._run(engine.restart),
            ("POST", "/control/engine-online"): self._run(engine.come_online),
            ("POST", "/control/engine-failover"): self._run(engine.fail_over),
            ("POST", "/control/replicate"): self._run(database.replicate),
            ("POST", "/control/pause"): self.pause,
            ("POST", "/control/resume"): self.resume,
            ("POST", "/control/hours"): self.set_hours,
            ("POST", "/control/clock"): self.set_clock,
            ("POST", "/control/reset"): self.reset,
        }

    def _run(self, action: Callable[[], None]) -> Answer:
        def answer(_values: dict[str, Any]) -> Any:
            action()
            return self.state({})

        return answer

    def state(self, _values: dict[str, Any]) -> Any:
        """Counters: contacts by campaign and callstatus, history, calls, imports."""
        with self._database.transaction() as cursor:
            return {
                "contacts": _count_contacts(cursor),
                "inactive": _count(cursor, "dialinglist WHERE NOT active"),
                "history": _count(cursor, "dialinglisthistory"),
                "dialled": _count(cursor, "sim_dialled"),
                "imports_running": _count(cursor, "sim_import WHERE state = 'IN_PROGRESS'"),
                "calls_in_progress": self._engine.calls_in_progress(),
                "paused": self._engine.paused,
                "faults": self._faults.as_values(),
            }

    def dialled(self, values: dict[str, Any]) -> Any:
        """Every call placed, in order; ``?since=ID`` only later ones."""
        with self._database.transaction(RealDictCursor) as cursor:
            cursor.execute(
                "SELECT id, dialled_at, dialinglistid, campaignid, accountnumber, phone, callresult"
                " FROM sim_dialled WHERE id > %s ORDER BY id",
                (int(values.get("since", 0)),),
            )
            return list(map(dict, cursor.fetchall()))

    def show_faults(self, _values: dict[str, Any]) -> Any:
        return {"faults": self._faults.as_values()}

    def set_faults(self, values: dict[str, Any]) -> Any:
        faults = list(map(fault_module.from_values, values["faults"]))
        self._faults.replace(faults)
        return self.show_faults({})

    def clear_faults(self, _values: dict[str, Any]) -> Any:
        return self.set_faults({"faults": []})

    def pause(self, _values: dict[str, Any]) -> Any:
        self._engine.paused = True
        return self.state({})

    def resume(self, _values: dict[str, Any]) -> Any:
        self._engine.paused = False
        return self.state({})

    def set_hours(self, values: dict[str, Any]) -> Any:
        """Change when the dialer may call: hours of campaigns, the Customer Dialing Time Range, the
        zones of numbers; what is not named stays.
        """
        store = HoursStore(self._options)
        with self._database.transaction() as cursor:
            for key, (start, end) in values.get("campaigns", {}).items():
                CampaignStore(self._options).set_hours(cursor, int(key), start, end)
            if "range" in values:
                first, last = values["range"]
                document = {**store.general(cursor), "startTime": first, "endTime": last}
                store.set_general(cursor, document)
            if "zones" in values:
                store.set_zones(cursor, values["zones"])
        return self.state({})

    def set_clock(self, values: dict[str, Any]) -> Any:
        """Set the clock forward or back, by seconds."""
        return {"ahead": clock.jump(float(values["seconds"]))}

    def reset(self, _values: dict[str, Any]) -> Any:
        # Faults first: a closed port opens again before anything else is expected of it.
        self.clear_faults({})
        self._engine.reset()
        self._seed()
        return self.state({})


def _count(cursor: Any, rows: str) -> int:
    cursor.execute(f"SELECT count(*) FROM {rows}")
    return int(cursor.fetchone()[0])


def _count_contacts(cursor: Any) -> dict[str, dict[str, int]]:
    """Contacts by campaign, then by callstatus; JSON has texts for keys."""
    cursor.execute(
        "SELECT campaignid, callstatus, count(*) FROM dialinglist"
        " WHERE active GROUP BY 1, 2 ORDER BY 1, 2"
    )
    counts: dict[str, dict[str, int]] = {}
    for campaign, status, count in cursor.fetchall():
        of_campaign = counts.setdefault(str(campaign), {})
        of_campaign[str(status)] = count
    return counts
