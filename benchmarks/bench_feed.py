"""A tick of the feeder with few and with many stored contacts: it must cost what it sends, not what
is stored.

`make bench NAME=feed ARGS="50000 5000000"`: seconds for a tick that sends 500 contacts to one of 15
dialer campaigns, which 500 running campaigns share; the dialer takes them at once. Of the stored
contacts a fifth waits for a retry, half are in a zone where nobody may be called now (half of these
are met by the ticks, which move them; the others were moved before), the rest is ready. The `limit`
is what the same attempts cost to be written by bare statements.
"""

import itertools
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.console import say

from . import common

CAMPAIGNS = 500
TARGETS = 15
SENT_PER_TICK = 500
ROUNDS = TARGETS
OPEN_ZONE, CLOSED_ZONE = "Etc/UTC", "Etc/GMT-12"

# Of twenty contacts four wait for a retry, ten are in the closed zone, six are ready in the open
# one.
FILL = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, phone_2, priority, tz,
                         is_ready, is_retry, next_attempt_at, next_position, number_to_call,
                         attempt_count, uncounted_count, added_at)
SELECT (%(campaigns)s::int[])[1 + n / 20 %% array_length(%(campaigns)s::int[], 1)], %(company)s,
       'voice', 'pending',
       '+49151' || (20000000 + n), '+49160' || (20000000 + n), n %% 5,
       CASE WHEN n %% 20 BETWEEN 4 AND 13 THEN %(closed)s ELSE %(open)s END,
       n %% 20 >= 9, n %% 20 < 4,
       CASE WHEN n %% 20 < 4 THEN now() AT TIME ZONE 'UTC' + interval '1 day' * (1 + n %% 7)
            WHEN n %% 20 < 9 THEN now() AT TIME ZONE 'UTC' + interval '6 hours' END,
       CASE WHEN n %% 20 < 4 THEN 2 ELSE 1 END, '+49151' || (20000000 + n),
       CASE WHEN n %% 20 < 4 THEN 1 ELSE 0 END, 0, now() AT TIME ZONE 'UTC'
  FROM generate_series(%(first)s, %(last)s) AS n
"""


def create_calendar(env: Any) -> Any:
    """Calling hours that are open now in the one zone, closed in the other, twelve hours ahead."""
    # Open for some hours around now, however long the benchmark takes.
    now = datetime.now(UTC)
    first = (now - timedelta(hours=2)).hour
    hours = [(first + shift) % 24 for shift in range(7)]
    # Odoo gives a new calendar hours of its own: they go first.
    commands: list[tuple[Any, ...]] = [(5, 0, 0)]
    for day, hour in itertools.product(range(7), sorted(hours)):
        window = {
            "name": "Bench",
            "dayofweek": str(day),
            "hour_from": hour,
            "hour_to": hour + 1,
            "day_period": "morning",
        }
        commands.append((0, 0, window))
    values = {"name": "Bench", "tz": "UTC", "attendance_ids": commands}
    return env["resource.calendar"].create(values)


def fill(env: Any, campaigns: Any, first: int, last: int) -> None:
    """Store contacts, and let PostgreSQL look at them as autovacuum does."""
    say(f"Storing contacts {first:,} to {last:,}")
    parameters = {
        "campaigns": campaigns.ids,
        "company": env.company.id,
        "first": first,
        "last": last,
        "open": OPEN_ZONE,
        "closed": CLOSED_ZONE,
    }
    env.cr.execute(FILL, parameters)
    env.cr.commit()
    common.vacuum(env, "ecm_contact", "ecm_attempt")


def measure(env: Any, targets: Any) -> float:
    """Median seconds of a tick of one target; results come in between, so that there is room
    again.
    """

    def tick(target: Any) -> None:
        sent = env["ecm.engine"]._feed_target(target)
        if sent != SENT_PER_TICK:
            raise SystemExit(f"{sent} contacts were sent instead of {SENT_PER_TICK}")

    # Not measured: the dialer has finished what it got, so that it takes the next.
    def make_room() -> None:
        from odoo.addons.ecm_campaign.tools.results import Result

        env.cr.execute("SELECT key FROM ecm_attempt WHERE state = 'sent'")
        results = [Result(key, "voice", "1") for (key,) in env.cr.fetchall()]
        env["ecm.engine"]._apply_results(results)
        env.cr.commit()

    # One round for each target, whose campaigns differ; the median leaves out the first, cold one.
    times = []
    for number in range(ROUNDS):
        target = targets[number % TARGETS]
        times.append(common.seconds(lambda: tick(target)))  # noqa: B023  called at once
        make_room()
    return sorted(times)[ROUNDS // 2]


def measure_limit(env: Any) -> float:
    """Seconds to write the same attempts and contacts by two bare statements."""
    env.cr.execute("SELECT contact_id FROM ecm_attempt ORDER BY id DESC LIMIT %s", [SENT_PER_TICK])
    contact_ids = [contact_id for (contact_id,) in env.cr.fetchall()]

    # The same rows as the last tick has written, without any question asked before.
    def write() -> None:
        env.cr.execute(
            """
            INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel,
                                     position, number, claimed_at)
            SELECT 'bare-' || id, id, campaign_id, company_id, 'done', 'voice', 1, phone_1, now()
              FROM ecm_contact
             WHERE id = ANY(%s)
            """,
            [contact_ids],
        )
        env.cr.execute(
            """
            UPDATE ecm_contact
               SET last_attempt_at = now(), number_to_call = phone_1
             WHERE id = ANY(%s)
            """,
            [contact_ids],
        )
        env.cr.commit()

    return common.seconds(write)


def main() -> None:
    few, many = [int(word) for word in sys.argv[1:3]] or [50_000, 5_000_000]
    with common.odoo_environment("feed") as env:
        targets = common.create_targets(env, TARGETS, SENT_PER_TICK)
        hours = {"calendar_id": create_calendar(env).id, "hours_zone": "contact"}
        campaigns = env["ecm.campaign"]
        for number in range(CAMPAIGNS):
            target = targets[number % TARGETS]
            name = f"Campaign {number}"
            campaigns |= common.create_campaign(env, name, target, is_running=True, **hours)
        env.cr.commit()
        # Twice the same ticks: what is stored beside must not be felt.
        fill(env, campaigns, 1, few)
        few_seconds = measure(env, targets)
        fill(env, campaigns, few + 1, many)
        many_seconds = measure(env, targets)
        limit_seconds = measure_limit(env)
    common.report(
        sent_per_tick=SENT_PER_TICK,
        contacts=[few, many],
        campaigns=CAMPAIGNS,
        dialer_campaigns=TARGETS,
        tick_s=[round(few_seconds, 4), round(many_seconds, 4)],
        growth=many_seconds / few_seconds,
        limit_s=limit_seconds,
        tick_of_limit=many_seconds / limit_seconds,
    )


if __name__ == "__main__":
    main()
