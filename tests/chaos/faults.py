"""Kinds of faults, each with a way to inject one and to tell whether it took place."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from scripts import cluster, databases

from .checks import Ledger
from .house import House, utc_now
from .users import Provocations, Supervisor

_PAGE = Path(__file__).parents[2] / "docs" / "crash-points.md"
REACH_SECONDS, LEAD_SECONDS = 25.0, 4.0
# A doubt is asked about no sooner than that.
DOUBT_REACH_SECONDS = 75.0
HIT_SECONDS = 20.0
# Of channels and callbacks that are not in the house: they have tests of their own.
ABSENT = {"sms", "email", "callback"}
# To come there the dialer has to fail as well.
HIDING = {
    "feed.halved",
    "feed.put_off",
    "feed.given_back",
    "feed.paused",
    "doubt.asking",
    "doubt.asked",
    "doubt.settled",
    "results.taken_back",
}


class Fault(NamedTuple):
    """A fault that can be injected.

    :ivar kind: a line of the table
    :ivar inject: does it; whether it took place
    :ivar hides: whether a dialer cannot be asked meanwhile: who stands there when the hours end
        would be called after them, which nobody could help
    """

    kind: str
    name: str
    inject: Callable[[], bool]
    hides: bool = False


def crash_points() -> list[str]:
    """All that can be reached here: a new one takes part by itself."""
    lines = _PAGE.read_text().splitlines()
    points = [line.split("`")[1] for line in lines if line.startswith("| `")]
    return [point for point in points if point.partition(".")[0] not in ABSENT]


class Faults:
    """Makes faults in a house."""

    def __init__(self, house: House, ledger: Ledger, draw: random.Random) -> None:
        self._house, self._ledger, self._draw = house, ledger, draw
        self._people = []
        for number in range(len(house.servers)):
            self._people.append(Supervisor(house, ledger, number, draw))

    def all(self, with_cluster: bool) -> list[Fault]:
        """Every fault once.

        :param with_cluster: also restart PostgreSQL, with all that others have in it
        """
        faults = [self.kill_at(point) for point in crash_points()]
        faults += [
            Fault("kill -9 of a whole server", "server", self._kill_server),
            Fault("backends terminated", "all", self._terminate_all),
            Fault("backends terminated", "at random", self._terminate_some),
            *self.of_uccx(),
            *self.of_cce(),
        ]
        if with_cluster:
            restart = "PostgreSQL restarted (immediate)"
            faults.append(Fault(restart, "cluster", self._restart_cluster, hides=True))
        return faults

    def of_uccx(self) -> list[Fault]:
        """On the wire to UCCX, and in it."""
        status = {"method": "GET", "path": "contacts/status"}
        return [
            Fault("dialer killed before it accepts", "UCCX", self._kill_uccx, hides=True),
            Fault("dialer killed after it accepted", "UCCX", self._uccx_dies_after, hides=True),
            self.on_wire("answer lost", {"name": "lose_answer"}),
            self.on_wire("connection reset mid-body", {"name": "reset_request"}),
            self.on_wire("connection reset mid-body", {"name": "reset_answer", "method": "POST"}),
            self.on_wire("connection reset mid-body", {"name": "reset_answer", **status}),
            self.on_wire("slow-drip answers", {"name": "drip", "seconds": 4, "method": "POST"}),
            self.on_wire("slow-drip answers", {"name": "drip", "seconds": 4, **status}),
            self.on_wire("dialer hangs", {"name": "hang", "seconds": 3, "when": "late"}),
            self.on_wire("server errors", {"name": "server_error", "method": "POST"}),
            Fault("results late, reordered", "UCCX", lambda: self._disturb_results("late_rows")),
            Fault("results twice", "UCCX", lambda: self._disturb_results("duplicate_rows")),
            Fault("engine restart at the dialer", "UCCX", self._restart_uccx),
            Fault("clock of the dialer jumps", "UCCX", lambda: self._jump(self._house.uccx)),
        ]

    def of_cce(self) -> list[Fault]:
        """The same of CCE."""
        return [
            Fault("dialer killed before it accepts", "CCE", lambda: self._cce_dies("die"), True),
            Fault(
                "dialer killed after it accepted", "CCE", lambda: self._cce_dies("die_after"), True
            ),
            self.on_cce("answer lost", {"name": "lose_answer", "verb": "commit"}),
            self.on_cce("connection dropped", {"name": "drop", "verb": "insert"}),
            self.on_cce("connection dropped", {"name": "drop", "verb": "select"}),
            self.on_cce("deadlocks", {"name": "deadlock", "verb": "insert"}),
            self.on_cce("dialer hangs", {"name": "hang", "seconds": 3, "verb": "commit"}),
            Fault("results late, reordered", "CCE", self._disturb_cce_results),
            Fault("engine restart at the dialer", "CCE", self._restart_cce),
            Fault("clock of the dialer jumps", "CCE", lambda: self._jump(self._house.cce)),
        ]

    # -- processes of Odoo ------------------------------------------------------------------------

    def kill_at(self, point: str) -> Fault:
        """A worker dies at a named point."""
        kind = f"kill -9 at {point.partition('.')[0]}.*"
        return Fault(kind, point, lambda: self._kill_at(point), hides=point in HIDING)

    def _kill_at(self, point: str) -> bool:
        number = self._draw.randrange(len(self._people))
        orders = [self._house.order_of(each) for each in range(len(self._people))]
        # Whichever server comes there first; the provocation is done at the other one, if it is a
        # button's, or at this.
        provocations = Provocations(self._people[number])
        for order in orders:
            order.write_text(point)
        longest = DOUBT_REACH_SECONDS if point.startswith("doubt.") else REACH_SECONDS
        deadline = time.monotonic() + longest
        while time.monotonic() < deadline:
            provocations.lead_to(point)
            if _wait(lambda: not all(order.exists() for order in orders), LEAD_SECONDS):
                break
        is_hit = not all(order.exists() for order in orders)
        for order in orders:
            order.unlink(missing_ok=True)
        provocations.end()
        return is_hit

    def _kill_server(self) -> bool:
        server = self._draw.choice(self._house.servers)
        with self._house.watch:
            server.kill()
            time.sleep(self._draw.uniform(0, 2))
            server.start()
        return True

    # -- PostgreSQL -------------------------------------------------------------------------------

    def _terminate_all(self) -> bool:
        return self._terminate("TRUE")

    def _terminate_some(self) -> bool:
        return self._terminate("random() < 0.4")

    def _terminate(self, condition: str) -> bool:
        with databases.connect() as cursor:
            cursor.execute(
                f"""SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                     WHERE datname = %s AND backend_type = 'client backend'
                       AND pid <> pg_backend_pid() AND {condition}""",
                [self._house.name],
            )
            return bool(cursor.fetchone()[0])

    def _restart_cluster(self) -> bool:
        server = cluster.load()
        server._pg_ctl("stop", "-w", "-m", "immediate")
        server.start()
        return True

    # -- UCCX -------------------------------------------------------------------------------------

    def on_wire(self, kind: str, fault: dict[str, Any]) -> Fault:
        """One answer of UCCX goes wrong."""
        name = f"UCCX {fault['name']} {fault.get('method', '')}".strip()
        return Fault(kind, name, lambda: self._disturb(self._house.uccx, fault), hides=True)

    def on_cce(self, kind: str, fault: dict[str, Any]) -> Fault:
        name = f"CCE {fault['name']} {fault['verb']}"
        return Fault(kind, name, lambda: self._disturb(self._house.cce, fault), hides=True)

    def _disturb(self, simulator: Any, fault: dict[str, Any]) -> bool:
        simulator.faults({**fault, "times": 1})
        self._bring_contacts(simulator)
        is_hit = _wait(lambda: not simulator.state()["faults"][0]["times"], HIT_SECONDS)
        simulator.faults()
        return is_hit

    def _bring_contacts(self, simulator: Any) -> None:
        """Something to send to a dialer."""
        is_uccx = simulator is self._house.uccx
        campaign = self._house.campaigns[0 if is_uccx else 2]
        self._draw.choice(self._people).upload(6, campaign)

    def _kill_uccx(self) -> bool:
        self._house.uccx.kill()
        self._bring_contacts(self._house.uccx)
        time.sleep(self._draw.uniform(0.5, 2))
        self._start_uccx()
        return True

    def _uccx_dies_after(self) -> bool:
        self._house.uccx.faults({"name": "die_after_accept"})
        self._bring_contacts(self._house.uccx)
        is_hit = _wait(lambda: not self._house.uccx.is_running, HIT_SECONDS)
        if not is_hit:
            self._house.uccx.faults()
            return False
        self._house.uccx.wait_for_exit()
        self._start_uccx()
        return True

    def _start_uccx(self) -> None:
        """It comes back as UCCX does: what was being called waits again."""
        self._ledger.restarts["uccx"].append(utc_now())
        self._house.uccx.start()
        self._restart_uccx()

    def _restart_uccx(self) -> bool:
        self._ledger.restarts["uccx"].append(utc_now())
        self._house.uccx.fail_over()
        self._ledger.restarts["uccx"].append(utc_now())
        return True

    def _disturb_results(self, name: str) -> bool:
        fault: dict[str, Any] = {"name": name}
        if name == "late_rows":
            fault["seconds"] = 3
        self._house.uccx.faults(fault)
        self._bring_contacts(self._house.uccx)
        before = self._house.uccx.state()["dialled"]
        is_hit = _wait(lambda: self._house.uccx.state()["dialled"] > before + 2, HIT_SECONDS)
        time.sleep(2)
        self._house.uccx.faults()
        return is_hit

    # -- CCE --------------------------------------------------------------------------------------

    def _cce_dies(self, name: str) -> bool:
        cce = self._house.cce
        cce.faults({"name": name, "verb": "commit"})
        self._bring_contacts(cce)
        is_hit = _wait(lambda: not cce.is_running, HIT_SECONDS)
        if not is_hit:
            cce.faults()
            return False
        cce.wait_for_exit()
        self._ledger.restarts["cce"].append(utc_now())
        cce.start()
        self._restart_cce()
        return True

    def _restart_cce(self) -> bool:
        self._ledger.restarts["cce"].append(utc_now())
        self._house.cce.restart()
        # What was unknown is pending an hour of its clock later.
        return True

    def _disturb_cce_results(self) -> bool:
        cce = self._house.cce
        cce.faults({"name": "late_rows", "seconds": 3})
        self._bring_contacts(cce)
        before = cce.state()["dialled"]
        is_hit = _wait(lambda: cce.state()["dialled"] > before + 2, HIT_SECONDS)
        time.sleep(2)
        cce.faults()
        return is_hit

    # -- clocks -----------------------------------------------------------------------------------

    def _jump(self, simulator: Any) -> bool:
        """Forward or back, and after some calls to the right time."""
        seconds = self._draw.choice((-600, -90, 90, 600))
        simulator.jump(seconds)
        self._bring_contacts(simulator)
        time.sleep(3)
        simulator.jump(-seconds)
        return True


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
