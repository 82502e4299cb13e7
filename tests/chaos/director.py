"""Injects one fault after the other, looks after each whether all goes on and nothing is wrong, lets
everything come to its end, and counts.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

import psycopg2

from scripts.console import say

from .checks import Checks, Findings, Ledger
from .faults import Fault
from .house import House, utc_now
from .users import NEVER_ENDS, Crowd, Supervisor

GO_ON_SECONDS, DRAIN_SECONDS = 60.0, 420.0
# What waits at a dialer is taken back a minute before the hours end; a dialer that cannot be asked
# in that minute calls on, and nobody can help it.
QUIET_BEFORE_END = timedelta(seconds=80)
LONG_WAITS = """
UPDATE ecm_contact SET next_attempt_at = now() AT TIME ZONE 'UTC'
 WHERE state = 'pending' AND next_attempt_at > now() AT TIME ZONE 'UTC' + interval '3 minutes'
"""
OPEN = """
SELECT (SELECT count(*) FROM ecm_contact c LEFT JOIN ecm_attempt a ON a.id = c.current_attempt_id
         WHERE c.campaign_id = ANY(%s) AND c.state IN ('pending', 'sent_to_dialer')
           AND phone_1 NOT LIKE %s AND COALESCE(a.key, '') <> ALL(%s))
     + (SELECT count(*) FROM ecm_attempt
         WHERE state IN ('claimed', 'sent') AND number NOT LIKE %s AND key <> ALL(%s))
"""
AGE_ENDLESS = """
UPDATE ecm_attempt SET claimed_at = claimed_at - interval '3 days'
 WHERE state = 'sent' AND (number LIKE %s OR key = ANY(%s))
   AND claimed_at > now() AT TIME ZONE 'UTC' - interval '2 days'
"""
# An engine that restarts forgets the calls that it makes, and what it deletes then it calls no more:
# nobody knows what became of them, and they end as Dangling.
DELETED_AFTER_A_CALL = """
SELECT accountnumber FROM {table}
 WHERE NOT active AND callstatus NOT IN (2, 3, 4, 5) AND callsmadetophone01 > 0
"""
END_ENDLESS = """
UPDATE dialinglist SET callstatus = 3, callresult = 1 WHERE callstatus IN (1, 2, 7) AND phone01 LIKE %s
"""
NEVER = f"%{NEVER_ENDS}"


class Director:
    """One run.

    :param seed: decides what is drawn; when things happen no seed decides
    """

    def __init__(self, house: House, seed: int, crowd_pause: float = 1.5) -> None:
        self.house = house
        self.ledger = Ledger()
        self.draw = random.Random(seed)
        self.injected: Counter[str] = Counter()
        self.survived: Counter[str] = Counter()
        self.missed: list[str] = []
        self._checks = Checks(house, self.ledger)
        self._crowd = Crowd(house, self.ledger, seed, crowd_pause)
        self._known: set[str] = set()
        self.findings = Findings([], [], [])

    def begin(self) -> None:
        """Contacts come in, some of whose calls never end, and people begin to work."""
        person = Supervisor(self.house, self.ledger, 0, self.draw)
        for campaign in self.house.campaigns:
            person.upload(40, campaign)
        person.upload(2, self.house.campaigns[0], endings=(NEVER_ENDS,))
        self._crowd.start()

    def play(self, faults: Iterable[Fault], until: float | None = None) -> None:
        """Inject these faults, in an order that keeps dialers reachable when hours end.

        :param until: on the monotonic clock; what is left then is left out
        """
        waiting = list(faults)
        while waiting and (until is None or time.monotonic() < until):
            fault = self._next(waiting)
            if fault is None:
                time.sleep(1)
                continue
            waiting.remove(fault)
            self._inject(fault)

    def _next(self, waiting: list[Fault]) -> Fault | None:
        is_quiet = self._must_be_quiet()
        return next((fault for fault in waiting if not (is_quiet and fault.hides)), None)

    def _must_be_quiet(self) -> bool:
        now = utc_now()
        for campaign in self.house.campaigns:
            for _start, end in campaign.windows or ():
                if end - QUIET_BEFORE_END <= now <= end:
                    return True
        return False

    def _inject(self, fault: Fault) -> None:
        started = time.monotonic()
        if not self._try(fault.inject):
            self.missed.append(f"{fault.kind}: {fault.name}")
            say(f"    not reached: {fault.kind}, {fault.name}")
            return
        self.injected[fault.kind] += 1
        goes_on = self._goes_on()
        found = self._look()
        if goes_on and not found:
            self.survived[fault.kind] += 1
        elapsed = time.monotonic() - started
        total = self.injected.total()
        end = "" if goes_on else "  DOES NOT GO ON"
        say(f"{total:4} {fault.kind}: {fault.name} ({elapsed:.1f} s){end}")

    def _try(self, inject: Callable[[], bool]) -> bool:
        """What goes wrong in the injection itself is told, and counts as no fault."""
        try:
            return inject()
        except (OSError, AssertionError, RuntimeError, psycopg2.Error) as error:
            say(f"    {type(error).__name__}: {error}")
            return False

    def _goes_on(self) -> bool:
        """Whether the results of all dialers are read again, by whichever server."""
        # Odoo keeps whole seconds.
        since = utc_now().replace(microsecond=0)
        deadline = time.monotonic() + GO_ON_SECONDS
        while time.monotonic() < deadline:
            [[oldest]] = self.house.sql("SELECT min(last_sync_at) FROM ecm_dialer")
            if oldest and oldest > since:
                return True
            time.sleep(0.2)
        return False

    def _look(self, is_over: bool = False) -> bool:
        """Whether something is wrong that was not known."""
        found = self._checks.run(is_over)
        fresh = [line for line in found.lines() if line not in self._known]
        self._known.update(fresh)
        for line in fresh:
            say(f"  WRONG: {line}")
        self.findings = found if len(found.lines()) >= len(self.findings.lines()) else self.findings
        return bool(fresh)

    # -- the end ----------------------------------------------------------------------------------

    def finish(self) -> bool:
        """Let everybody be called who will be; whether all is well."""
        self._crowd.stop()
        say("Faults and people have stopped: everybody is called to the end")
        for simulator in (self.house.uccx, self.house.cce):
            simulator.faults()
        self._open_for_good()
        Supervisor(self.house, self.ledger, 0, self.draw).start()
        self._let_uccx_call_all()
        is_drained = self._wait_for(self._is_drained, DRAIN_SECONDS)
        self._give_up_endless()
        has_problems = self._look(is_over=True)
        if not is_drained:
            say("  WRONG: not everybody was called to the end in time")
        return is_drained and not has_problems and not self._known

    def _open_for_good(self) -> None:
        for campaign in self.house.campaigns:
            if campaign.windows:
                campaign.windows.append((utc_now(), utc_now() + timedelta(hours=1)))
                values = {"calendar_id": False}
                self.house.admin = self.house.servers[0].client()
                self.house.admin.call("ecm.campaign", "write", [campaign.id], values)

    def _let_uccx_call_all(self) -> None:
        self.ledger.restarts["uccx"].append(utc_now())
        self.house.uccx.fail_over()
        self.ledger.restarts["uccx"].append(utc_now())

    def _is_drained(self) -> bool:
        self.house.sql(LONG_WAITS)
        # What stands in a queue of REST may be sent still, and what is in none was.
        if not self.house.cce.state()["imports_waiting"]:
            self.house.settle_old_doubts(over_rest=True)
        ids = [campaign.id for campaign in self.house.campaigns]
        forgotten = self._find_forgotten()
        [[count]] = self.house.sql(OPEN, ids, NEVER, forgotten, NEVER, forgotten)
        return not count

    def _find_forgotten(self) -> list[str]:
        """Keys of contacts that UCCX was calling and will tell nothing of."""
        found = []
        for table in ("dialinglist", "dialinglisthistory"):
            rows = self.house.uccx_sql(DELETED_AFTER_A_CALL.format(table=table))
            found += [key for (key,) in rows]
        return found

    def _give_up_endless(self) -> None:
        """Who has no result dangles, and a late one leads to nothing."""
        self.house.sql(AGE_ENDLESS, NEVER, self._find_forgotten())
        waiting = "SELECT count(*) FROM ecm_attempt WHERE state IN ('claimed', 'sent')"
        self._wait_for(lambda: self.house.sql(waiting) == [(0,)], 60)
        self.house.uccx_sql(END_ENDLESS, NEVER)
        self.house.sql("UPDATE ecm_dialer SET last_late_sync_at = NULL")
        late = "SELECT count(*) FROM ecm_attempt WHERE state = 'dangling'"
        self._wait_for(lambda: self.house.sql(late) == [(0,)], 30)

    def _wait_for(self, condition: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if condition():
                    return True
            time.sleep(1)
        return False

    # -- what is told -----------------------------------------------------------------------------

    def table(self) -> list[str]:
        """Lines: kinds of faults, how often injected, how often survived; the last one is the sum."""
        width = max(map(len, self.injected), default=20) + 2
        lines = [f"{'Fault':<{width}}{'injected':>9}{'survived':>9}"]
        for kind in sorted(self.injected):
            lines.append(f"{kind:<{width}}{self.injected[kind]:>9}{self.survived[kind]:>9}")
        if self.missed:
            lines.append(f"Not reached: {', '.join(sorted(set(self.missed)))}")
        done = ", ".join(f"{name} {count}" for name, count in self._crowd.counts.items())
        [[contacts, attempts]] = self.house.sql(
            "SELECT (SELECT count(*) FROM ecm_contact), (SELECT count(*) FROM ecm_attempt)"
        )
        lines.append(f"Meanwhile: {done}; {contacts} contacts, {attempts} attempts")
        return [*lines, self.summary()]

    def summary(self) -> str:
        lost, doubled = len(self.findings.lost), len(self.findings.doubled)
        injected, survived = self.injected.total(), self.survived.total()
        return f"{injected} faults, {survived} survived, {lost} lost, {doubled} doubled"
