"""Pages over millions of contacts and attempts: the results of a campaign and of a list, and a
contact found by a part of its number.

`make bench NAME=results ARGS="5000000 5000000"`: contacts and attempts of one campaign with eight
lists. Two contacts of five were called, in the last sixty days; `counted_ms` is the page without
its counters. A search is the call of the list view, with its count, as a supervisor.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

from scripts.console import say

from . import common

ROUNDS = 7
LISTS = 8
COLUMNS = ("phone_1", "last_name", "state", "list_id", "next_attempt_at", "last_attempt_at")

CONTACTS = """
INSERT INTO ecm_contact (campaign_id, company_id, list_id, channel, state, phone_1, phone_2,
                         last_name, priority, is_ready, is_retry, next_position, number_to_call,
                         attempt_count, uncounted_count, added_at, last_attempt_at)
SELECT %(campaign)s, %(company)s, (%(lists)s)[1 + n %% %(list_count)s], 'voice', 'pending',
       '+4915' || (100000000 + hashint4(n)::bigint & 899999999)::text,
       CASE WHEN n %% 5 = 0 THEN '+4930' || (10000000 + n) END,
       'Name ' || n, 0, n %% 5 > 1, n %% 5 < 2, 1, NULL,
       0, 0, now() AT TIME ZONE 'UTC', CASE WHEN n %% 5 < 2 THEN now() AT TIME ZONE 'UTC' END
  FROM generate_series(1, %(count)s) AS n
"""
# A number has as many attempts as the strategy makes, some days apart.
ATTEMPTS = """
INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, cycle,
                         number, claimed_at, called_at, result_at, outcome_id, business_outcome_id)
SELECT 'bench-' || n, c.id, c.campaign_id, c.company_id, 'done', 'voice', 1, 1,
       c.phone_1, at, at, at, (%(outcomes)s)[1 + n %% 7],
       CASE WHEN n %% 49 = 0 THEN %(wrap_up)s END
  FROM generate_series(1, %(count)s) AS n
  JOIN called c ON c.place = n %% %(called)s
 CROSS JOIN LATERAL (SELECT now() AT TIME ZONE 'UTC' - interval '1 second' * (n %% 5184000) AS at) t
"""


def fill(env: Any, campaign: Any, contacts: int, attempts: int) -> None:
    """Store contacts and attempts, and count them as a database that was there before."""
    say(f"Storing {contacts:,} contacts and {attempts:,} attempts")
    names = [{"name": f"{n}.csv", "campaign_id": campaign.id} for n in range(LISTS)]
    lists = env["ecm.contact.list"].create(names)
    outcomes = [env.ref(f"ecm_campaign.ecm_outcome_{code}").id for code in ("voice", "busy")]
    values = {"campaign": campaign.id, "company": env.company.id, "lists": lists.ids}
    with common.filling(env, "ecm_contact", "ecm_attempt"):
        env.cr.execute(CONTACTS, {**values, "list_count": LISTS, "count": contacts})
        env.cr.execute(
            """CREATE TEMP TABLE called AS
               SELECT id, campaign_id, company_id, phone_1, row_number() OVER (ORDER BY id) - 1 place
                 FROM ecm_contact WHERE last_attempt_at IS NOT NULL"""
        )
        called = env.cr.rowcount
        env.cr.execute(
            ATTEMPTS,
            {
                "outcomes": [outcomes[0], *outcomes[1:] * 6],
                "wrap_up": env.ref("ecm_campaign.ecm_business_outcome_sale").id,
                "count": attempts,
                "called": called,
            },
        )
    env.cr.commit()
    env["ecm.contact.unlisted"].create(
        {"first_id": 1, "last_id": env["ecm.contact"]._get_last_id()}
    )
    while env["ecm.contact.number"]._list_next():
        env.cr.commit()
    common.vacuum(env, "ecm_contact", "ecm_results_count", "ecm_contact_number")


def find(env: Any, text: str) -> int:
    """What the list view asks when somebody types a part of a number."""
    found = env["ecm.contact"].web_search_read(
        [("display_name", "ilike", text)],
        {name: {} for name in COLUMNS},
        limit=80,
        count_limit=10001,
    )
    return int(found["length"])


def measure(env: Any, campaign: Any) -> dict[str, float]:
    """Milliseconds of each page."""
    contact_list = env["ecm.contact.list"].search([("campaign_id", "=", campaign.id)], limit=1)
    user = env.ref("base.user_admin")
    env = env(user=user.id, su=False)
    number = env["ecm.contact"].search([], limit=1).phone_1
    works: dict[str, Callable[[], Any]] = {
        "campaign_ms": lambda: campaign.with_env(env).get_results(),
        "list_ms": lambda: contact_list.with_env(env).get_results(),
        "number_ms": lambda: find(env, number),
        "end_ms": lambda: find(env, number[-6:]),
        "middle_ms": lambda: find(env, number[5:11]),
        "many_ms": lambda: find(env, number[6:9]),
        "two_ms": lambda: find(env, number[6:8]),
        "country_ms": lambda: find(env, number[:3]),
    }
    figures = {}
    for name, work in works.items():
        work()
        figures[name] = 1000 * common.median_seconds(work, ROUNDS)
        say(f"{name}: {figures[name]:.0f}")
    return figures


def measure_counted(campaign: Any) -> float:
    """Milliseconds of a page that counts all there is."""
    campaign.env["ecm.results.recount"].create({})
    return 1000 * common.seconds(campaign.get_results)


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (5_000_000, 5_000_000)
    contacts, attempts = *given, *defaults[len(given) :]
    with common.odoo_environment("results") as env:
        campaign = common.create_campaign(env, "Large")
        fill(env, campaign, contacts, attempts)
        load_average = os.getloadavg()[0]
        figures = measure(env, campaign)
        figures["counted_ms"] = measure_counted(campaign)
    common.report(contacts=contacts, attempts=attempts, **figures, load_average=load_average)


if __name__ == "__main__":
    main()
