"""Results from the dialer's database to the contacts, by the dialer's scheduled action: read over
ODBC, matched, decided, written.

`make bench NAME=sync ARGS="1000000 100000"`: contacts that are stored, and how many of them get a
result. The others had theirs in the last day: their rows stand in the dialing list above one row
that has waited for a day. The dialer is a simulator that is paused: its tables are filled here.
`results_per_s` is a run of the scheduled action through ir.cron, `idle_ms` one that finds nothing
new. The `limit` reads the same rows over one ODBC statement and writes the same columns by two bare
statements for each thousand. Figures that begin with `cce_` are those of a CCE, over TDS.
"""

import os
import sys
import time
from contextlib import closing
from typing import Any, NamedTuple

from scripts import cluster, databases, demo_dialers, odbc
from scripts.console import say
from simulators.cce.testing import CceSimulator
from simulators.uccx.testing import Simulator

from . import common

BATCH = 1000
IDLE_ROUNDS = 9
CAMPAIGN_AT_UCCX, CAMPAIGN_AT_CCE = 1, 5000

# In Odoo: who had a result in the last day is closed, the last ones wait for theirs, and so does
# the very first.
FILL = """
WITH made AS (
    INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, phone_2, priority,
                             is_ready, is_retry, next_position, number_to_call, attempt_count,
                             uncounted_count, added_at, cycle)
    SELECT %(campaign)s, %(company)s, 'voice',
           CASE WHEN n > 1 AND n <= %(done)s THEN 'connected' ELSE 'sent_to_dialer' END,
           '+49151' || (20000000 + n), '+49160' || (20000000 + n), 0,
           FALSE, FALSE, 1, '+49151' || (20000000 + n), 0,
           0, now() AT TIME ZONE 'UTC', 1
      FROM generate_series(1, %(count)s) AS n
 RETURNING id, campaign_id, company_id, phone_1, state
)
INSERT INTO ecm_attempt (id, key, contact_id, campaign_id, company_id, state, channel, position,
                         cycle, number, claimed_at, outcome_id, dialer_campaign_id)
SELECT id, %(prefix)s || to_hex(id), id, campaign_id, company_id,
       CASE state WHEN 'connected' THEN 'done' ELSE 'sent' END, 'voice', 1,
       1, phone_1, now() AT TIME ZONE 'UTC' - interval '23 hours',
       CASE state WHEN 'connected' THEN %(voice)s END, %(target)s
  FROM made
"""
LINK = """
UPDATE ecm_contact c SET current_attempt_id = c.id WHERE c.state = 'sent_to_dialer'
"""

# At the dialer: an outcome for each twenty numbers, as often as in bench_decide.
ROWS = """
INSERT INTO dialinglist (recordid, dialinglistid, profileid, campaignid, createdatetime,
                         accountnumber, firstname, lastname, phone01, gmtzonephone01,
                         gmtzonephone02, gmtzonephone03, dstphone01, dstphone02, dstphone03,
                         callstatus, callresult, lastnumberdialed, callsmadetophone01,
                         callsmadetophone02, callsmadetophone03, retry, active, nummissedcallback)
SELECT n, n, 1, %(campaign)s,
       now() AT TIME ZONE 'UTC' - interval '1 second' * (82800 - 79200.0 * (n - %(first)s)
                                                                 / (%(last)s - %(first)s + 1)),
       %(prefix)s || to_hex(n), '', '', '+49151' || n, 0,
       0, 0, 1, 1, 1,
       CASE WHEN n = %(first)s THEN 2 WHEN n %% 20 < 12 THEN 5 ELSE 3 END,
       CASE WHEN n = %(first)s THEN 0 WHEN n %% 20 < 6 THEN 11 WHEN n %% 20 < 12 THEN 15
            WHEN n %% 20 < 16 THEN 3 WHEN n %% 20 < 19 THEN 1 ELSE 4 END, 1, 1,
       0, 0, FALSE, TRUE, 0
  FROM generate_series(%(begin)s, %(end)s) AS n
"""
CALLS = """
INSERT INTO contactcalldetail (sessionid, sessionseqnum, nodeid, profileid, startdatetime,
                               enddatetime, connecttime, dialinglistid, callresult)
SELECT dialinglistid, 0, 1, 1, createdatetime, createdatetime, 30, dialinglistid, callresult
  FROM dialinglist WHERE dialinglistid BETWEEN %(begin)s AND %(end)s AND callstatus IN (3, 5)
"""
AGENTS = """
INSERT INTO agentconnectiondetail (sessionid, sessionseqnum, nodeid, profileid, resourceid,
                                   startdatetime, enddatetime, talktime, dialinglistid, callresult)
SELECT dialinglistid, 0, 1, 1, 1 + dialinglistid %% 20, createdatetime, createdatetime, 30,
       dialinglistid, callresult
  FROM dialinglist WHERE dialinglistid BETWEEN %(begin)s AND %(end)s AND callresult = 1
"""
READ = """
SELECT d.accountnumber, d.callstatus, d.callresult, c.startdatetime, c.connecttime, a.talktime
  FROM dialinglist d
  JOIN contactcalldetail c ON c.dialinglistid = d.dialinglistid
  LEFT JOIN agentconnectiondetail a ON a.dialinglistid = d.dialinglistid
 WHERE d.dialinglistid BETWEEN ? AND ? AND d.callstatus IN (3, 5)
"""
# At a CCE: the same outcomes, in the numbers of Dialer_Detail.
DETAILS = """
INSERT INTO ucce_hds.t_dialer_detail (recoverykey, datetime, dbdatetime, timezone, campaignid,
                                      queryruleid, callresult, callstatuszone1, callstatuszone2,
                                      dialinglistid, phone, accountnumber, callduration,
                                      agentperipheralnumber)
SELECT n, moment, moment, 0, %(campaign)s,
       %(campaign)s, CASE WHEN n %% 20 < 6 THEN 9 WHEN n %% 20 < 12 THEN 8 WHEN n %% 20 < 16 THEN 12
            WHEN n %% 20 < 19 THEN 10 ELSE 7 END,
       CASE WHEN n %% 20 < 12 THEN 'M' ELSE 'C' END, CASE WHEN n %% 20 < 12 THEN 'M' ELSE 'C' END,
       n, '49151' || n, %(prefix)s || to_hex(n), 30000,
       CASE WHEN n %% 20 IN (16, 17, 18) THEN '1001' END
  FROM generate_series(%(begin)s, %(end)s) AS n,
       LATERAL (SELECT now() AT TIME ZONE 'UTC' - interval '1 second'
                       * (82800 - 79200.0 * (n - %(first)s) / (%(last)s - %(first)s + 1)))
       AS at(moment)
"""
LATEST_DETAILS = """
SELECT recoverykey, dbdatetime FROM ucce_hds.t_dialer_detail
 WHERE dbdatetime >= (SELECT max(dbdatetime) FROM ucce_hds.t_dialer_detail) - interval '5 minutes'
"""
READ_DETAILS = """
SELECT AccountNumber, CallResult, CallStatusZone1, DateTime, CallDuration, AgentPeripheralNumber
  FROM t_Dialer_Detail WHERE RecoveryKey >= ? AND RecoveryKey <= ?
"""
WRITE_ATTEMPTS = """
UPDATE ecm_attempt
   SET state = 'done', raw_code = '1', agent = 'anna', duration_seconds = 30, result_at = now(),
       called_at = claimed_at, outcome_id = 1
 WHERE id = ANY(%s)
"""
WRITE_CONTACTS = """
UPDATE ecm_contact
   SET state = 'pending', is_retry = TRUE, next_attempt_at = now(), next_position = 2,
       number_to_call = phone_2, attempt_count = 1, current_attempt_id = NULL
 WHERE id = ANY(%s)
"""


class Benchmark:
    """Contacts in Odoo, their rows at the dialer, and the dialer's scheduled action.

    :param count: contacts that are stored
    :param results: how many of them get a result
    """

    def __init__(self, env: Any, simulator: Simulator, count: int, results: int) -> None:
        self.env, self.simulator = env, simulator
        self.dialer, self.target = self.create_dialer()
        campaign = common.create_campaign(env, "Sync", self.target)
        self.prefix = env["ecm.attempt"]._get_key_prefix()
        say(f"Storing {count:,} contacts")
        parameters = {
            "campaign": campaign.id,
            "company": env.company.id,
            "count": count,
            "done": count - results,
            "prefix": self.prefix,
            "voice": env.ref("ecm_campaign.ecm_outcome_voice").id,
            "target": self.target.id,
        }
        with common.filling(env, "ecm_contact", "ecm_attempt"):
            env.cr.execute(FILL, parameters)
            env.cr.execute(LINK)
        env.cr.execute("SELECT min(id), max(id) FROM ecm_attempt")
        self.first, self.last = env.cr.fetchone()
        env.cr.execute("SELECT setval('ecm_attempt_id_seq', %s)", [self.last])
        env.cr.commit()
        common.vacuum(env, "ecm_contact", "ecm_attempt")
        self.begin = self.last - results + 1

    def create_dialer(self) -> tuple[Any, Any]:
        """A dialer that is switched on, and the mirror of the campaign that has called."""
        return create_dialer(self.env, self.simulator)

    def fill_dialer(self, begin: int, end: int) -> None:
        """Rows of the dialing list with their call details."""
        parameters = {
            "campaign": CAMPAIGN_AT_UCCX,
            "prefix": self.prefix,
            "first": self.first,
            "last": self.last,
            "begin": begin,
            "end": end,
        }
        with databases.connect(_database_of(self.simulator)) as cursor:
            for statement in (ROWS, CALLS, AGENTS):
                cursor.execute(statement, parameters)
            cursor.execute("ANALYZE")

    def note_what_was_read(self) -> None:
        """The watermark as the runs of the last day have left it: all was told but the row that
        waits.
        """
        from odoo.addons.ecm_dialer_cisco.clients.uccx_watermark import Watermark

        mark = Watermark(
            low=self.begin - 1, waiting=frozenset({self.first}), looked_at=int(time.time())
        )
        self.dialer.watermark = mark.dumps()
        self.env.cr.commit()

    def run_action(self) -> int:
        """One run of the scheduled action.

        :return: how many results it has read
        """
        common.run_scheduled_action(self.env, self.dialer.sudo().cron_id)
        self.env.invalidate_all()
        if self.dialer.last_error:
            raise SystemExit(self.dialer.last_error)
        return int(self.dialer.last_sync_count)

    def measure_results(self) -> float:
        """Seconds for all new results."""
        counts: list[int] = []
        elapsed = common.seconds(lambda: counts.append(self.run_action()))
        expected = self.last - self.begin + 1
        if counts != [expected]:
            raise SystemExit(f"{counts} results were read instead of {expected}")
        return elapsed

    def measure_idle(self) -> float:
        """Median seconds of a run that finds nothing new, the first after the results left out."""
        if self.run_action():
            raise SystemExit("Results were read twice")
        return common.median_seconds(self.run_action, IDLE_ROUNDS)

    def measure_limit(self) -> float:
        """Seconds to read the same rows and to write the same columns, nothing asked between."""
        from odoo.addons.ecm_campaign.tools.odbc import connect

        text, statement = self.open_limit()

        def move() -> None:
            with closing(connect(text)) as connection:
                cursor = connection.cursor()
                cursor.execute(statement, (self.begin, self.last))
                while rows := cursor.fetchmany(BATCH):
                    ids = [int(row[0].removeprefix(self.prefix), 16) for row in rows]
                    self.env.cr.execute(WRITE_ATTEMPTS, [ids])
                    self.env.cr.execute(WRITE_CONTACTS, [ids])
                    self.env.cr.commit()

        return common.seconds(move)

    def open_limit(self) -> tuple[str, str]:
        """Where the same rows are read, and the statement."""
        return self.simulator.odbc_connection_string(), READ


def create_dialer(env: Any, uccx: Simulator) -> tuple[Any, Any]:
    """A dialer that is switched on, and the mirror of its first campaign."""
    dialer = env["ecm.dialer"].create(
        {
            "name": "Sync",
            "host": uccx.host,
            "port": uccx.port,
            "user": uccx.user,
            "password": uccx.password,
            "tls_mode": "none",
            "results_connection": uccx.odbc_connection_string(),
            "is_enabled": True,
            # The campaign is stopped, so that nothing is sent: who waits there goes on waiting.
            "take_back": "never",
        }
    )
    dialer.action_fetch_campaigns()
    key = str(CAMPAIGN_AT_UCCX)
    return dialer, dialer.dialer_campaign_ids.filtered(lambda target: target.key == key)


def _database_of(uccx: Simulator) -> str:
    return uccx.dsn.rpartition("/")[2].partition("?")[0]


class CceBenchmark(Benchmark):
    """The same with a CCE: its calls are rows of Dialer_Detail."""

    def create_dialer(self) -> tuple[Any, Any]:
        cce = self.simulator
        account = demo_dialers.Account(cce.host, cce.port, cce.user, cce.password)
        values = {**demo_dialers.cce_values(account), "take_back": "never"}
        dialer = self.env["ecm.dialer"].create(values)
        dialer.action_fetch_campaigns()
        key = str(CAMPAIGN_AT_CCE)
        return dialer, dialer.dialer_campaign_ids.filtered(lambda target: target.key == key)

    def fill_dialer(self, begin: int, end: int) -> None:
        parameters = {
            "campaign": CAMPAIGN_AT_CCE,
            "prefix": self.prefix,
            "first": self.first,
            "last": self.last,
            # Who waits for a day was not called yet: that is no row.
            "begin": max(begin, self.first + 1),
            "end": end,
        }
        with databases.connect(_database_of(self.simulator)) as cursor:
            cursor.execute(DETAILS, parameters)
            cursor.execute("ANALYZE")

    def note_what_was_read(self) -> None:
        from odoo.addons.ecm_dialer_cisco.clients.cce_results import CceWatermark

        with databases.connect(_database_of(self.simulator)) as cursor:
            cursor.execute(LATEST_DETAILS)
            rows = cursor.fetchall()
        newest = max(moment for _key, moment in rows)
        told = frozenset(int(key) for key, _moment in rows)
        self.dialer.watermark = CceWatermark(newest, told, int(time.time())).dumps()
        self.env.cr.commit()

    def open_limit(self) -> tuple[str, str]:
        from odoo.addons.ecm_dialer_cisco.clients.cce_connection import connection_string

        config = self.dialer.sudo()._prepare_client_config()
        text = connection_string(config, config.reporting_host, config.history_database)
        return text, READ_DETAILS


class Figures(NamedTuple):
    """Seconds: for all new results, for a run without any, and for the limit."""

    elapsed: float
    idle: float
    limit: float


KINDS: dict[str, tuple[Any, Any]] = {
    "uccx": (Simulator, Benchmark),
    "cce": (CceSimulator, CceBenchmark),
}


def measure(kind: str, count: int, results: int) -> Figures:
    """:param kind: of dialer, a key of `KINDS`"""
    make, benchmark_of = KINDS[kind]
    name = f"ecm_bench_sync_at_{kind}_{os.getpid()}"
    databases.create(name)
    simulator = make(cluster.load().uri(name)).start()
    try:
        simulator.pause()
        with common.odoo_environment(f"sync_{kind}") as env:
            benchmark = benchmark_of(env, simulator, count, results)
            say(f"{kind}: the calls of the last day")
            benchmark.fill_dialer(benchmark.first, benchmark.begin - 1)
            benchmark.note_what_was_read()
            benchmark.fill_dialer(benchmark.begin, benchmark.last)
            say(f"{kind}: {results:,} results")
            elapsed = benchmark.measure_results()
            return Figures(elapsed, benchmark.measure_idle(), benchmark.measure_limit())
    finally:
        simulator.stop()
        databases.drop(name)


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (1_000_000, 100_000)
    count, results = *given, *defaults[len(given) :]
    odbc.use()
    load_average = os.getloadavg()[0]
    uccx = measure("uccx", count, results)
    cce = measure("cce", count, results)
    common.report(
        contacts=count,
        results=results,
        results_per_s=round(results / uccx.elapsed),
        idle_ms=uccx.idle * 1000,
        limit_per_s=round(results / uccx.limit),
        of_limit=uccx.limit / uccx.elapsed,
        cce_results_per_s=round(results / cce.elapsed),
        cce_idle_ms=cce.idle * 1000,
        cce_limit_per_s=round(results / cce.limit),
        cce_of_limit=cce.limit / cce.elapsed,
        load_average=load_average,
    )


if __name__ == "__main__":
    main()
