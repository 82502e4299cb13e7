"""Years of campaigns in one database: what a day's work costs among 10 million contacts and 30 million
attempts, beside 1 million and 3 million.

`make bench NAME=scale ARGS="1000000 10000000"`: all campaigns have 20,000 contacts with three
attempts each; fifty of them run, the others are over. Measured, each before and after the others
are stored: a *tick* that finds nothing to send, a *claim* of 500 contacts (gates, limits and attempts
included), *sync* of 500 results, *explain* of a contact and of a running campaign, the *kanban* of
campaigns and the *results* of one as the web client asks for them. `growth_worst` is the largest of the
ratios; `table_mb` and `index_mb` are what PostgreSQL keeps at the end.
"""

import sys
from collections.abc import Callable
from typing import Any

from lxml import etree

from scripts.console import say

from . import common

CAMPAIGN_SIZE = 20_000
RUNNING = 50
TARGETS = 15
SENT_PER_TICK = 500
ROUNDS = 15
CARDS = 40
# Days before today.
ADDED_BEFORE, CALLED_BEFORE = 90, 30
TABLES = ("ecm_contact", "ecm_attempt")

# Of ten contacts four are closed, two wait for a retry, four are ready. What is over is closed.
CONTACTS = """
INSERT INTO ecm_contact (campaign_id, list_id, company_id, channel, state, close_reason, reach, phone_1, phone_2,
                         first_name, last_name, account_number, last_outcome_id, priority,
                         is_ready, is_retry, next_attempt_at, next_position,
                         number_to_call, attempt_count, uncounted_count, added_at,
                         last_attempt_at)
SELECT %(campaign)s, %(list)s, %(company)s, 'voice',
       CASE WHEN closed THEN 'connected' ELSE 'pending' END,
       CASE WHEN closed THEN 'live_voice' END, CASE WHEN closed THEN 'reached' END,
       '+49151' || (20000000 + n), '+49160' || (20000000 + n),
       CASE WHEN %(is_named)s THEN 'Anna' || n %% 100 END,
       CASE WHEN %(is_named)s THEN 'Schmidt-' || n %% 1000 END,
       CASE WHEN %(is_named)s THEN 'C-' || n END,
       CASE WHEN closed THEN %(voice)s ELSE %(busy)s END, n %% 5,
       NOT closed AND n %% 10 > 5, NOT closed AND n %% 10 IN (4, 5),
       CASE WHEN NOT closed AND n %% 10 IN (4, 5)
            THEN now() AT TIME ZONE 'UTC' + interval '1 day' * (1 + n %% 7) END,
       1, '+49151' || (20000000 + n), CASE WHEN closed THEN 3 ELSE 0 END, 0,
       now() AT TIME ZONE 'UTC' - interval '1 day' * %(added_before)s,
       now() AT TIME ZONE 'UTC' - interval '1 day' * %(called_before)s
  FROM (SELECT n, %(is_over)s OR n %% 10 < 4 AS closed
          FROM generate_series(%(first)s, %(last)s) AS n) AS numbered
"""
# The third is the one that reached whoever is closed.
ATTEMPTS = """
INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, cycle,
                         number, claimed_at, called_at, result_at, outcome_id)
SELECT 'bench-' || c.id || '-' || n, c.id, c.campaign_id, c.company_id, 'done', 'voice', n, 1,
       c.phone_1, at, at, at,
       CASE WHEN n = 3 AND c.reach IS NOT NULL THEN %(voice)s ELSE %(busy)s END
  FROM ecm_contact c
 CROSS JOIN generate_series(1, 3) AS n
 CROSS JOIN LATERAL (SELECT c.last_attempt_at - interval '1 day' * (3 - n)
                            - interval '1 second' * (c.id %% 40000) AS at) AS moment
 WHERE c.campaign_id = %(campaign)s
"""
SIZES = """
SELECT sum(pg_table_size(oid)) / 1048576, sum(pg_indexes_size(oid)) / 1048576
  FROM pg_class WHERE relname = ANY(%s)
"""


class Benchmark:
    """A database that grows, and the work of a day in it."""

    def __init__(self, env: Any) -> None:
        self.env = env
        self.targets = common.create_targets(env, TARGETS, SENT_PER_TICK)
        strategy = env.ref("ecm_campaign.ecm_strategy_voice")
        limit = {"strategy_id": strategy.id, "count": 3, "period": "7d", "scope": "all"}
        env["ecm.strategy.limit"].create(limit)
        self.count = 0
        self.running: list[Any] = []

    def grow(self, count: int) -> None:
        """Store campaigns until there are so many contacts."""
        say(f"Storing {count:,} contacts and {3 * count:,} attempts")
        with common.filling(self.env, *TABLES):
            while self.count < count:
                self._add_campaign()
        self.env.cr.commit()
        common.vacuum(self.env, *TABLES, "ecm_results_count")

    def _add_campaign(self) -> None:
        number = self.count // CAMPAIGN_SIZE
        is_over = number >= RUNNING
        target = None if is_over else self.targets[number % TARGETS]
        campaign = common.create_campaign(
            self.env, f"Campaign {number}", target, is_running=not is_over
        )
        if not is_over:
            self.running.append(campaign)
        parameters = {
            "campaign": campaign.id,
            "list": None,
            "company": self.env.company.id,
            "is_over": is_over,
            "first": self.count + 1,
            "last": self.count + CAMPAIGN_SIZE,
            "added_before": ADDED_BEFORE,
            "called_before": CALLED_BEFORE,
            "is_named": False,
            "voice": self.env.ref("ecm_campaign.ecm_outcome_voice").id,
            "busy": self.env.ref("ecm_campaign.ecm_outcome_busy").id,
        }
        self.env.cr.execute(CONTACTS, parameters)
        self.env.cr.execute(ATTEMPTS, parameters)
        # Each campaign's rows stand together only if they are written as they came.
        self.env.cr.commit()
        self.count += CAMPAIGN_SIZE

    def measure(self) -> dict[str, float]:
        """Median milliseconds of each work."""
        works = self._get_works()
        figures = {name: 1000 * self._measure(work) for name, work in works.items()}
        figures |= self._measure_rounds()
        for name, milliseconds in figures.items():
            say(f"  {name}: {milliseconds:.1f} ms")
        return figures

    def _measure(self, work: Callable[[], Any]) -> float:
        # The first fills caches that a server keeps.
        work()
        return common.median_seconds(work, ROUNDS)

    def _get_works(self) -> dict[str, Callable[[], Any]]:
        campaign = self.running[0]
        ready = [("campaign_id", "=", campaign.id), ("is_ready", "=", True)]
        contact = self.env["ecm.contact"].search(ready, order="id desc", limit=1)
        seen = campaign.with_user(self.env.ref("base.user_admin"))
        return {
            "contact_explain": lambda: self._fresh(contact.explain),
            "campaign_explain": lambda: self._fresh(campaign.explain),
            "kanban": lambda: self._fresh(lambda: read_kanban(seen)),
            "results": lambda: self._fresh(seen.get_results),
        }

    def _fresh(self, work: Callable[[], Any]) -> Any:
        """As a request finds it: with nothing in the cache."""
        self.env.invalidate_all()
        return work()

    def _measure_rounds(self) -> dict[str, float]:
        """The feeder's and the synchroniser's work, one after the other, a target at a time."""
        times: dict[str, list[float]] = {"claim": [], "tick": [], "sync": []}
        for number in range(ROUNDS):
            target = self.targets[number % TARGETS]
            times["claim"].append(common.seconds(lambda: self._feed(target, SENT_PER_TICK)))  # noqa: B023
            times["tick"].append(common.seconds(lambda: self._feed(target, 0)))  # noqa: B023
            times["sync"].append(common.seconds(self._apply_results))
        # The median leaves out the first, cold ones.
        return {name: 1000 * sorted(found)[ROUNDS // 2] for name, found in times.items()}

    def _feed(self, target: Any, expected: int) -> None:
        self.env.invalidate_all()
        sent = self.env["ecm.engine"]._feed_target(target) or 0
        if sent != expected:
            raise SystemExit(f"{sent} contacts were sent instead of {expected}")

    def _apply_results(self) -> None:
        from odoo.addons.ecm_campaign.tools.results import Result

        self.env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'sent'")
        results = [Result(key, "voice", "1") for (key,) in self.env.cr.fetchall()]
        self.env["ecm.engine"]._apply_results(results)
        self.env.cr.commit()

    def get_sizes(self) -> tuple[int, int]:
        """:return: megabytes of the tables, and of their indexes"""
        self.env.cr.execute(SIZES, [list(TABLES)])
        tables, indexes = self.env.cr.fetchone()
        return round(tables), round(indexes)


def read_kanban(campaigns: Any) -> Any:
    """The cards of the first page, with what the web client asks for each."""
    arch = etree.fromstring(campaigns.get_view(view_type="kanban")["arch"])
    names = {str(node.get("name")) for node in arch.iter("field")}
    specification: dict[str, Any] = {}
    for name in names:
        is_record = campaigns._fields[name].type == "many2one"
        specification[name] = {"fields": {"display_name": {}}} if is_record else {}
    return campaigns.web_search_read([], specification, limit=CARDS, count_limit=10_001)


def main() -> None:
    few, many = [int(word) for word in sys.argv[1:3]] or [1_000_000, 10_000_000]
    with common.odoo_environment("scale") as env:
        benchmark = Benchmark(env)
        benchmark.grow(few)
        before = benchmark.measure()
        benchmark.grow(many)
        after = benchmark.measure()
        table_mb, index_mb = benchmark.get_sizes()
    growth = {name: after[name] / before[name] for name in before}
    worst = max(growth, key=lambda name: growth[name])
    figures = {f"{name}_ms": [round(before[name], 1), round(after[name], 1)] for name in before}
    common.report(
        contacts=[few, many],
        attempts=[3 * few, 3 * many],
        **figures,
        growth_worst=growth[worst],
        worst=worst,
        table_mb=table_mb,
        index_mb=index_mb,
    )


if __name__ == "__main__":
    main()
