"""How many contacts a second a dry run takes through their lives.

`make bench NAME=dry_run ARGS="20000 1000000"`: contacts of a campaign with the shipped voice
strategy, its calling hours, a limit of tries and the shipped outcome rates; then a sample of 20,000
of many. Reading, simulating and storing are measured.
"""

import sys
from typing import Any

from . import common

FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, phone_2, priority,
                         is_ready, is_retry, next_position, number_to_call, attempt_count,
                         uncounted_count, added_at)
SELECT %s, %s, 'voice', 'pending', '+49151' || (20000000 + n), '+49160' || (20000000 + n), 0,
       TRUE, FALSE, 1, '+49151' || (20000000 + n), 0,
       0, now() AT TIME ZONE 'UTC'
  FROM generate_series(1, %s) AS n
"""


def measure(env: Any, name: str, count: int) -> Any:
    """Seconds and calls of a dry run of so many contacts."""
    calendar = env.ref("ecm_campaign.resource_calendar_calling_hours")
    hours = {"calendar_id": calendar.id, "tz": "Europe/Berlin"}
    campaign = common.create_campaign(env, name, **hours)
    env.cr.execute(FILL, (campaign.id, env.company.id, count))
    env.cr.commit()
    common.vacuum(env, "ecm_contact")

    # So many calls an hour that two days are enough for every number of contacts.
    values = {"campaign_id": campaign.id, "calls_per_hour": count / 20}
    run = env["ecm.dry.run"].create(values)
    run.state = "running"
    seconds = common.seconds(run._simulate)
    env.cr.commit()
    return run, seconds


def main() -> None:
    few, many = [int(word) for word in sys.argv[1:3]] or [20_000, 1_000_000]
    with common.odoo_environment("dry_run") as env:
        # A limit makes the simulation keep who was called when, as most campaigns do.
        strategy = env.ref("ecm_campaign.ecm_strategy_voice")
        limit = {"strategy_id": strategy.id, "count": 2, "period": "day"}
        env["ecm.strategy.limit"].create(limit)
        run, seconds = measure(env, "Whole", few)
        sampled, sample_seconds = measure(env, "Sampled", many)
        figures = {
            "contacts": run.contact_count,
            "calls": run.attempt_count,
            "seconds": seconds,
            "contacts_per_second": round(few / seconds),
            "sampled_of": sampled.contact_count,
            "sampled": sampled.sampled_count,
            "sample_seconds": sample_seconds,
        }
    common.report(**figures)


if __name__ == "__main__":
    main()
