"""Why is it not called? Seconds of Explain on one contact, and on a campaign of many contacts.

`make bench NAME=explain ARGS="1000000"`: 60 % of the contacts are closed, 15 % wait for a retry, 10
% were put off by a gate, 15 % are ready. The campaign has a limit, and the person was called
before.
"""

import sys
from typing import Any

from scripts.console import say

from . import common

ROUNDS = 7

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, close_reason, phone_1, phone_2,
                         priority, is_ready, is_retry, next_attempt_at, block_reason,
                         next_position, number_to_call, attempt_count, uncounted_count)
SELECT %(campaign)s, %(company)s, 'voice',
       CASE WHEN n %% 20 < 4 THEN 'connected'
            WHEN n %% 20 < 12 THEN 'retries_completed'
            ELSE 'pending' END,
       CASE WHEN n %% 20 < 12 THEN (ARRAY['live_voice', 'budget', 'rule_close'])[1 + n %% 3] END,
       '+49151' || (20000000 + n), '+49160' || (20000000 + n),
       n %% 5, n %% 20 >= 17, n %% 20 BETWEEN 12 AND 14,
       CASE WHEN n %% 20 BETWEEN 12 AND 16
            THEN now() AT TIME ZONE 'UTC' + interval '1 minute' * (1 + n %% 10000) END,
       CASE WHEN n %% 20 IN (15, 16) THEN 'limit' END,
       1, '+49151' || (20000000 + n), 0, 0
  FROM generate_series(1, %(count)s) AS n
"""


def fill(env: Any, campaign: Any, count: int) -> None:
    """Store contacts, and an attempt on each of the ready ones."""
    say(f"Storing {count:,} contacts")
    env.cr.execute(FILL, {"campaign": campaign.id, "company": env.company.id, "count": count})
    env.cr.execute(
        """INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel,
                                    position, number, claimed_at)
           SELECT 'bench-' || id, id, campaign_id, company_id, 'done', 'voice',
                  1, phone_1, now() AT TIME ZONE 'UTC' - interval '1 hour'
             FROM ecm_contact WHERE campaign_id = %s AND is_ready""",
        (campaign.id,),
    )
    env.cr.commit()
    common.vacuum(env, "ecm_contact", "ecm_attempt")


def main() -> None:
    count = int(next(iter(sys.argv[1:]), 1_000_000))
    with common.odoo_environment("explain") as env:
        target = common.create_targets(env, 1, 1000)[0]
        strategy = env.ref("ecm_campaign.ecm_strategy_voice")
        limit = {
            "strategy_id": strategy.id,
            "count": 3,
            "period": "7d",
            "scope": "all",
        }
        env["ecm.strategy.limit"].create(limit)
        campaign = common.create_campaign(env, "Large", target, is_running=True)
        fill(env, campaign, count)
        # One that may be called: every gate is asked.
        contact = env["ecm.contact"].search([("is_ready", "=", True)], order="id desc", limit=1)

        def explain(record: Any) -> None:
            env.invalidate_all()
            record.explain()

        first = common.seconds(lambda: explain(contact))
        one = common.median_seconds(lambda: explain(contact), ROUNDS)
        whole = common.median_seconds(lambda: explain(campaign), ROUNDS)
    common.report(
        contacts=count,
        first_contact_ms=first * 1000,
        contact_ms=one * 1000,
        campaign_ms=whole * 1000,
    )


if __name__ == "__main__":
    main()
