"""A server whose worker dies where a test says: one database, one simulator and one server for all
cases, since only the worker has to come back.
"""

import contextlib
import gzip
import http.client
import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, NamedTuple

import psycopg2

from scripts import demo, demo_upload
from scripts.odoo_server import OdooServer
from scripts.web_client import RpcError

from .rehearsal import CceFileRehearsal, CceRehearsal, Rehearsal, RestRehearsal

VOICE, BUSY_THEN_VOICE, CALLBACK = "1", "09", "48"
# How often a number that ends so is called, and by how many attempts: UCCX calls back by itself.
CALLS = {VOICE: 1, BUSY_THEN_VOICE: 2, CALLBACK: 2}
ATTEMPTS = {VOICE: 1, BUSY_THEN_VOICE: 2, CALLBACK: 1}

ALL_DUE = """
UPDATE ecm_contact SET next_attempt_at = now() AT TIME ZONE 'UTC'
 WHERE campaign_id = %s AND state = 'pending' AND next_attempt_at IS NOT NULL
"""
# What was refused was never called, and is offered again.
LEDGER = """
SELECT c.phone_1, c.attempt_count, a.key, a.state
  FROM ecm_contact c
  JOIN ecm_attempt a ON a.contact_id = c.id
  LEFT JOIN ecm_outcome o ON o.id = a.outcome_id
 WHERE c.campaign_id = %s AND o.code IS DISTINCT FROM 'dialer_rejected'
"""


class Case(NamedTuple):
    """A point and how it is reached.

    :param way: called with a house and this
    :param times: how often it is reached before the worker dies
    """

    point: str
    way: Callable
    times: int = 1
    is_quick: bool = False

    def __str__(self):
        return f"{self.point}-{self.way.__name__}-{self.times}"


class CrashHouse(Rehearsal):
    """Cases follow each other here, each with a campaign and numbers of its own."""

    finished_query = "SELECT count(*) FROM dialinglist WHERE active AND callstatus IN (3, 5)"
    # The answer to a send, and to a deletion.
    lost_answer: ClassVar = {"name": "lose_answer", "method": "POST", "times": 1}
    lost_deletion: ClassVar = {"name": "lose_answer", "method": "DELETE", "times": 1}

    def __init__(self, server: OdooServer, simulator, order: Path) -> None:
        super().__init__(server, simulator)
        self.order = order
        self._strategy_id = self._get_strategy_id()
        self._cases = itertools.count(10)
        self._endings: dict[str, str] = {}

    # -- a case -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """A campaign of its own, and nothing of the cases before."""
        self._case, self._endings = next(self._cases), {}
        # A name is there once.
        name = {"name": f"Before case {self._case}"}
        self.client.call("ecm.campaign", "write", [self.campaign_id], name)
        self.campaign_id = demo.create_campaign(self.client, self.dialer_id, self._strategy_id)
        self._log_start = len(self.server.log_text())
        self._calls_before = max((call["id"] for call in self.simulator.dialled()), default=0)

    def end(self) -> None:
        """Leave nothing that the next case would meet, also after a failure."""
        self.order.unlink(missing_ok=True)
        self.simulator.faults()
        self.simulator.resume()
        self.set_rows(500)
        self.client.call("ecm.campaign", "action_stop", [self.campaign_id])

    def die(self, point: str, work, times: int = 1) -> None:
        """Have the worker die at a point, and another one follow it.

        :param times: how often the point is reached
        """
        self.order.write_text(f"{point} {times}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            work()
        assert not self.order.exists(), f"{point} was not reached"

    def die_in_job(self, point: str, cron: str, times: int = 1) -> None:
        """The same, where a scheduled action comes there: perhaps not in its first slice."""

        def run() -> None:
            for _slice in range(5):
                self.run(cron)

        self.die(point, run, times)
        # Whatever is left is worked through by others.
        run()

    def set_rows(self, count: int) -> None:
        """How many contacts a request to the dialer carries."""
        values = {"rows_per_request": count}
        self.client.call("ecm.dialer", "write", [self.dialer_id], values)

    # -- contacts ---------------------------------------------------------------------------------

    def numbers(self, count: int, ending: str = VOICE) -> list[str]:
        """Numbers in Berlin that no other case has."""
        start, digits = len(self._endings), 6 - len(ending)
        found = [f"+4930{self._case}{start + n:0{digits}d}{ending}" for n in range(count)]
        self._endings |= dict.fromkeys(found, ending)
        return found

    def send_nothing_yet(self, *endings: str) -> None:
        """Contacts that are ready, in a campaign that runs."""
        wanted = []
        for ending in endings or (VOICE, BUSY_THEN_VOICE):
            wanted += self.numbers(4, ending)
        self.upload(wanted)
        self.start()

    def send_and_stop(self) -> None:
        """Contacts that stand at the dialer, which calls nobody, in a campaign that was stopped."""
        self.simulator.pause()
        self.send_nothing_yet()
        self.feed()
        self.client.call("ecm.campaign", "action_stop", [self.campaign_id])

    def start_file(self, content: bytes) -> int:
        """A file that waits for the scheduled action; the id of its list."""
        return demo_upload.upload_contacts(self.client, self.campaign_id, content)

    def create(self, model: str, **values) -> int:
        created = self.client.call(model, "create", [values])
        return int(created[0])

    def create_source(self) -> tuple[int, Path]:
        """A folder on this disk that files are brought from, and its id."""
        root = self.order.parent / f"source-{self._case}"
        folder = root / "in"
        folder.mkdir(parents=True)
        storage = self.create(
            "fs.storage",
            name=root.name,
            code=root.name,
            protocol="file",
            directory_path=str(root),
        )
        source = self.create(
            "ecm.import.source",
            name=root.name,
            campaign_id=self.campaign_id,
            storage_id=storage,
            directory="in",
            settle_seconds=0,
        )
        return source, folder

    def read(self, model: str, record_id: int, *names: str) -> tuple:
        [values] = self.client.call(model, "read", [record_id], list(names))
        return tuple(values[name] for name in names)

    # -- the dialer -------------------------------------------------------------------------------

    def read_results(self) -> None:
        self.client.call("ecm.dialer", "action_sync_results", [self.dialer_id])

    def purge(self) -> None:
        self.client.call("ecm.campaign", "action_purge", [self.campaign_id])

    def has_callbacks(self) -> bool:
        """Whether a callback waits at the dialer, and nothing else."""
        state = self.simulator.state()
        statuses = set().union(*state["contacts"].values())
        return "4" in statuses and not {"1", "2"} & statuses and not state["calls_in_progress"]

    def make_due(self) -> None:
        """Let the time pass after which doubts are asked about, pauses end, and refused contacts
        are offered again.
        """
        self.let_doubts_age()
        self.sql(ALL_DUE, self.campaign_id)

    def finish(self) -> None:
        """Go on as the scheduled actions would, until everybody is closed; then compare with the
        dialer's own record.
        """
        self.simulator.faults()
        self.simulator.resume()
        with contextlib.suppress(RpcError):
            self.start()
        for _round in range(40):
            self.make_due()
            self.feed()
            self.wait_for_calls()
            self.sync()
            if set(self.tally()) == {"connected"}:
                break
        self.assert_everybody_was_called()
        self.assert_log_is_clean()

    def purge_finished(self) -> None:
        """A turn of the dialer, which is to delete there what it is through with."""
        self.sql(
            """UPDATE ecm_dialer SET purge_schedule = 'daily', purge_failures = 0, purge_until = NULL,
                      purge_due_at = now() AT TIME ZONE 'UTC' - interval '1 minute' WHERE id = %s""",
            self.dialer_id,
        )
        self.feed()

    def call_some(self, count: int = 4) -> None:
        """Contacts whose calls have ended, and whose results are here."""
        self.upload(self.numbers(count, VOICE))
        self.start()
        self.feed()
        self.wait_for_calls()
        self.sync()

    def count_finished(self) -> int:
        """How many contacts the dialer is through with and keeps."""
        with psycopg2.connect(self.simulator.dsn) as connection, connection.cursor() as cursor:
            cursor.execute(self.finished_query)
            return int(cursor.fetchone()[0])

    # -- what must hold ---------------------------------------------------------------------------

    def assert_everybody_was_called(self) -> None:
        """Each number as often as the strategy says, by attempts that we know, with a result each."""
        calls = self.simulator.dialled(self._calls_before)
        assert self.tally() == {"connected": len(self._endings)}
        dialled = Counter(self.read_number(call) for call in calls)
        assert dialled == {number: CALLS[end] for number, end in self._endings.items()}

        ledger = self.sql(LEDGER, self.campaign_id)
        assert {state for *_contact, state in ledger} == {"done"}
        keys = {key for *_contact, key, _state in ledger}
        assert keys == {call[self.account_column] for call in calls}
        tries = Counter(phone for phone, *_rest in ledger)
        assert tries == {number: ATTEMPTS[end] for number, end in self._endings.items()}
        for phone, count, _key, _state in ledger:
            assert count == tries[phone], "a result counts once"

    def read_number(self, call: dict) -> str:
        """The number that a call of the dialer's own record was made to."""
        return str(call["phone"])

    def assert_log_is_clean(self) -> None:
        """A crash is no reason for errors in the log of those who go on."""
        lines = self.server.log_text()[self._log_start :].splitlines()
        assert [line for line in lines if " ERROR " in line or " CRITICAL " in line] == []


class CceCrashHouse(CceRehearsal, CrashHouse):
    """The same on a CCE whose dialing lists are written to."""

    finished_query = (
        "SELECT count(*) FROM ucce_baa.dl_5000_5000 WHERE callstatuszone1 IN ('C', 'M')"
    )
    lost_answer: ClassVar = {"name": "lose_answer", "verb": "commit", "times": 1}
    lost_deletion: ClassVar = lost_answer

    def read_number(self, call: dict) -> str:
        # The dialer is sent digits.
        return f"+{call['phone']}"

    def write_dialer(self, **values) -> None:
        self.client.call("ecm.dialer", "write", [self.dialer_id], values)

    def read_agents(self) -> set[str]:
        """Agents of the campaign's calls, as their results say."""
        query = "SELECT agent FROM ecm_attempt WHERE campaign_id = %s"
        return {agent for (agent,) in self.sql(query, self.campaign_id)}

    @contextlib.contextmanager
    def listing(self, count: int):
        """A list whose numbers CCE is to have on its own do-not-call list, for a while.

        :return: the numbers as CCE has them, in order, and the id of the list
        """
        numbers = self.numbers(count)
        dnc_list = self.create("ecm.dnc.list", name=f"For CCE {self._case}", for_voice=True)
        self.client.call("ecm.dnc.list", "api_add", [dnc_list], numbers)
        self.write_dialer(cce_dnc_list_ids=[(6, 0, [dnc_list])])
        yield sorted(number[1:] for number in numbers), dnc_list
        self.write_dialer(cce_dnc_list_ids=[(5,)])
        self.compare_lists()
        self.client.call("ecm.dnc.list", "unlink", [dnc_list])

    def compare_lists(self) -> None:
        """A turn of the dialer in which its do-not-call list is compared."""
        self.sql("UPDATE ecm_dialer SET cce_listed_at = NULL WHERE id = %s", self.dialer_id)
        self.feed()

    def read_do_not_call(self) -> list[str]:
        return self.change_do_not_call("SELECT phone FROM {} ORDER BY phone")

    def change_do_not_call(self, statement: str) -> list[str]:
        """Do something to CCE's list, as its administrator may.

        :param statement: with {} for the table
        """
        with psycopg2.connect(self.simulator.dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement.format("ucce_baa.do_not_call"))
            return [phone for (phone,) in cursor.fetchall()] if cursor.description else []


class RestCrashHouse(RestRehearsal, CceCrashHouse):
    """On a CCE that is fed over its Outbound REST interface."""

    finished_query = (
        "SELECT count(*) FROM ucce_baa.dl_5003_5003 WHERE callstatuszone1 IN ('C', 'M')"
    )
    lost_answer: ClassVar = {"name": "lose_answer", "verb": "import", "times": 1}
    lost_deletion: ClassVar = {"name": "lose_answer", "verb": "delete", "times": 1}


class CceFileCrashHouse(CceFileRehearsal, CceCrashHouse):
    """On a CCE whose import rules poll files."""


def csv_of(numbers: list[str]) -> bytes:
    """A file of these numbers."""
    return "\n".join(["phone,first name", *(f"{number},Anna" for number in numbers)]).encode()


def packed(content: bytes) -> bytes:
    """The same file, packed: an unpacked copy of it is kept while it is read."""
    return gzip.compress(content)
