"""A tick of the feeder with few and with many stored contacts: it must cost what it sends, not what is stored.

`make bench NAME=feed ARGS="50000 2000000"`: seconds for a tick that sends 1,000 contacts to a dialer that takes them at
once. Of the stored contacts 60 % are closed, 15 % wait for a retry, 25 % are ready.
"""

import sys
from typing import Any

from scripts.console import say

from . import common

CAMPAIGNS = 10
SENT_PER_TICK = 1000
ROUNDS = 9

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, state, phone_1, phone_2, priority, is_ready, is_retry,
                         next_attempt_at, next_position, number_to_call, attempt_count, uncounted_count)
SELECT (%(campaigns)s::int[])[1 + n / 20 %% array_length(%(campaigns)s::int[], 1)], %(company)s,
       CASE WHEN n %% 20 < 12 THEN 'retries_completed' ELSE 'pending' END,
       '+49151' || (20000000 + n), '+49160' || (20000000 + n), n %% 5,
       n %% 20 >= 15, n %% 20 BETWEEN 12 AND 14,
       CASE WHEN n %% 20 BETWEEN 12 AND 14 THEN now() AT TIME ZONE 'UTC' + interval '1 day' * (1 + n %% 7) END,
       CASE WHEN n %% 20 BETWEEN 12 AND 14 THEN 2 ELSE 1 END, '+49151' || (20000000 + n),
       CASE WHEN n %% 20 < 15 THEN 1 ELSE 0 END, 0
  FROM generate_series(%(first)s, %(last)s) AS n
"""


def fill(env: Any, campaigns: Any, first: int, last: int) -> None:
    """Store contacts, and let PostgreSQL look at them as autovacuum does."""
    say(f"Storing contacts {first:,} to {last:,}")
    parameters = {"campaigns": campaigns.ids, "company": env.company.id, "first": first, "last": last}
    env.cr.execute(FILL, parameters)
    env.cr.commit()
    env.cr._cnx.autocommit = True
    try:
        env.cr.execute("VACUUM ANALYZE ecm_contact")
        env.cr.execute("VACUUM ANALYZE ecm_attempt")
    finally:
        env.cr._cnx.autocommit = False


def measure(env: Any, target: Any) -> float:
    """Median seconds of a tick; results come in between, so that there is room again."""

    def tick() -> None:
        sent = env["ecm.engine"]._feed_target(target)
        if sent != SENT_PER_TICK:
            raise SystemExit(f"{sent} contacts were sent instead of {SENT_PER_TICK}")

    def make_room() -> None:
        env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'sent'")
        keys = [key for (key,) in env.cr.fetchall()]
        from odoo.addons.ecm_campaign.tools.results import Result

        env["ecm.engine"]._apply_results([Result(key, "voice", "1") for key in keys])
        env.cr.commit()

    times = []
    for _round in range(ROUNDS):
        times.append(common.seconds(tick))
        make_room()
    return sorted(times)[ROUNDS // 2]


def main() -> None:
    few, many = [int(word) for word in sys.argv[1:3]] or [50_000, 2_000_000]
    with common.odoo_environment("feed") as env:
        target = common.create_target(env)
        target.dialer_id.contacts_at_dialer = SENT_PER_TICK
        campaigns = env["ecm.campaign"].union(
            *(common.create_campaign(env, f"Campaign {n}", target, is_running=True) for n in range(CAMPAIGNS))
        )
        env.cr.commit()
        fill(env, campaigns, 1, few)
        few_seconds = measure(env, target)
        fill(env, campaigns, few + 1, many)
        many_seconds = measure(env, target)
    common.report(
        sent_per_tick=SENT_PER_TICK,
        contacts=[few, many],
        tick_s=[round(few_seconds, 4), round(many_seconds, 4)],
        growth=many_seconds / few_seconds,
    )


if __name__ == "__main__":
    main()
