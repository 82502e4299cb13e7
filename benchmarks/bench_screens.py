"""Every screen of the app in a database of years: lists, cards, forms, pivots and graphs of each menu as
a supervisor opens it, the dashboard, the comparison, the page of results and Explain; and an export of
a million of its contacts.

`make bench NAME=screens ARGS="5000000 500"`: contacts and campaigns; each contact has four attempts,
spread over ninety days, so that the newest campaigns, of which fifty run, were called last. A request is
the call that the web client makes, in this process and with an empty cache. `p95_ms` is of the slowest
screen, which is `worst`; `dashboard_p95_ms` of the slowest request of the dashboard. The figures of
`export_` are those of `make bench NAME=export`.
"""

import os
import statistics
import sys
from typing import Any

from scripts.console import say

from . import bench_export, bench_scale, common, screens

RUNNING = 50
TARGETS = 15
DAYS = 90
ROUNDS = 9
ATTEMPTS_EACH = 4
EXPORTED = 1_000_000
TABLES = ("ecm_contact", "ecm_attempt")

# A try a day until today minus the campaign's age, from 8 to 20 o'clock; agents say something of one
# conversation in two.
ATTEMPTS = """
INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, cycle,
                         number, claimed_at, called_at, result_at, agent, duration_seconds,
                         outcome_id, business_outcome_id)
SELECT 'bench-' || c.id || '-' || n, c.id, c.campaign_id, c.company_id, 'done', 'voice', n, 1,
       c.phone_1, at, at, at, 'agent' || c.id %% 40, CASE WHEN is_voice THEN 60 + c.id %% 300 END,
       CASE WHEN is_voice THEN %(voice)s ELSE (%(others)s)[1 + (c.id + n) %% 3] END,
       CASE WHEN is_voice AND c.id %% 2 = 0 THEN (%(wrap_ups)s)[1 + c.id %% 4] END
  FROM generate_series(1, %(each)s) AS n
 CROSS JOIN ecm_contact c
 CROSS JOIN LATERAL (SELECT n = %(each)s AND c.reach IS NOT NULL AS is_voice,
                            date_trunc('day', now() AT TIME ZONE 'UTC')
                            - interval '1 day' * (%(age)s + %(each)s - n)
                            + interval '8 hours' + interval '1 second' * (c.id::bigint * 7919 %% 43200)
                            AS at) AS moment
 WHERE c.id > %(before)s
 ORDER BY n, at
"""


class Database:
    """Campaigns of ninety days."""

    def __init__(self, env: Any, contacts: int, campaigns: int) -> None:
        self.env = env
        self.count = campaigns
        self.size = contacts // campaigns
        self.targets = common.create_targets(env, TARGETS, 500)
        codes = ("busy", "no_answer", "answering_machine")
        group = env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code")
        self.values = {
            "company": env.company.id,
            "voice": env.ref("ecm_campaign.ecm_outcome_voice").id,
            "busy": env.ref("ecm_campaign.ecm_outcome_busy").id,
            "others": [env.ref(f"ecm_campaign.ecm_outcome_{code}").id for code in codes],
            "wrap_ups": group.outcome_ids[:4].ids,
            "each": ATTEMPTS_EACH,
            "is_named": True,
        }

    def fill(self) -> Any:
        """:return: the newest campaign, which runs"""
        campaign = None
        with common.filling(self.env, *TABLES):
            for number in range(self.count):
                campaign = self._add_campaign(number)
        self.env.cr.commit()
        common.vacuum(self.env, *TABLES, "ecm_results_count", "ecm_report_count")
        return campaign

    def _add_campaign(self, number: int) -> Any:
        is_over = number < self.count - RUNNING
        target = None if is_over else self.targets[number % TARGETS]
        name = f"Campaign {number}"
        campaign = common.create_campaign(self.env, name, target, is_running=not is_over)
        contact_list = self.env["ecm.contact.list"].create(
            {"name": f"{name}.csv", "campaign_id": campaign.id, "state": "done"}
        )
        self.env.flush_all()
        age = round(DAYS * (1 - (number + 1) / self.count))
        values = {
            **self.values,
            "campaign": campaign.id,
            "list": contact_list.id,
            "is_over": is_over,
            "first": number * self.size + 1,
            "last": (number + 1) * self.size,
            "age": age,
            "added_before": age + ATTEMPTS_EACH,
            "called_before": age,
        }
        self.env.cr.execute("SELECT COALESCE(max(id), 0) FROM ecm_contact")
        [values["before"]] = self.env.cr.fetchone()
        self.env.cr.execute(bench_scale.CONTACTS, values)
        # Of all indexes only that of the ids is there.
        self.env.cr.execute(ATTEMPTS, values)
        self.env.cr.commit()
        return campaign


def measure(env: Any, campaign: Any) -> dict[str, float]:
    """The p95 of each screen in milliseconds."""
    supervisor = env["res.users"].create(
        {
            "name": "Supervisor",
            "login": "bench_supervisor",
            "tz": "Europe/Berlin",
            "group_ids": [(4, env.ref("ecm_campaign.ecm_campaign_group_supervisor").id)],
        }
    )
    env.cr.commit()
    # What each request of the client says of itself.
    context = {**env.context, "lang": supervisor.lang, "tz": supervisor.tz}
    seen = env(user=supervisor.id, context=context, su=False)
    found: dict[str, float] = {}
    own = campaign.with_env(seen)
    for screen in (*screens.get_screens(seen), *screens.get_dashboard(seen, own)):
        found[screen.name] = _measure(seen, screen)
    for name, milliseconds in sorted(found.items(), key=lambda item: -item[1])[:25]:
        say(f"  {milliseconds:8.1f} ms  {name}")
    return found


def _measure(env: Any, screen: screens.Screen) -> float:
    def ask() -> None:
        # As a request finds it: with nothing in the cache.
        env.invalidate_all()
        screen.ask()

    # The first fills caches that a server keeps.
    ask()
    times = [1000 * common.seconds(ask) for _round in range(ROUNDS)]
    return statistics.quantiles(times, n=20, method="inclusive")[18]


def measure_export(env: Any) -> dict[str, Any]:
    """The contacts of as many campaigns, the newest first, as hold a million."""
    say("Exporting")
    campaigns, count = env["ecm.campaign"], 0
    for campaign in campaigns.search([], order="id desc"):
        own = env["ecm.contact"].search_count([("campaign_id", "=", campaign.id)])
        if count + own <= EXPORTED:
            campaigns, count = campaigns + campaign, count + own
    figures = bench_export.measure(env, [("campaign_id", "in", campaigns.ids)], count)
    return {name: value for name, value in figures.items() if name.startswith("export_")}


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (5_000_000, 500)
    contacts, campaigns = *given, *defaults[len(given) :]
    with common.odoo_environment("screens") as env:
        say(f"Storing {contacts:,} contacts and {ATTEMPTS_EACH * contacts:,} attempts")
        campaign = Database(env, contacts, campaigns).fill()
        found = measure(env, campaign)
        exported = measure_export(env)
    worst = max(found, key=lambda name: found[name])
    dashboard = [value for name, value in found.items() if name.startswith("Dashboard")]
    common.report(
        contacts=contacts,
        attempts=ATTEMPTS_EACH * contacts,
        campaigns=campaigns,
        screens=len(found),
        p95_ms=found[worst],
        worst=worst,
        dashboard_p95_ms=max(dashboard),
        **exported,
        load_average=os.getloadavg()[0],
    )


if __name__ == "__main__":
    main()
