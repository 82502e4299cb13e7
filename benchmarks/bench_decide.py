"""Results applied to stored contacts: read, decided, written and committed, a thousand at a time.

`make bench NAME=decide ARGS=100000` (1 million without ARGS). `pure_per_s` is the bare decision in
one process, the `limit` a bare UPDATE of the same columns in both tables, the peer a write of the
same values through Odoo's ORM.
"""

import random
import sys
from datetime import UTC, datetime
from typing import Any

from scripts.console import say

from . import common

BATCH = 1000
PURE_ROUNDS = 300_000
PEER_CONTACTS = 2000
ENDINGS = (
    ("busy",) * 6
    + ("no_answer",) * 6
    + ("answering_machine",) * 4
    + ("voice",) * 3
    + ("invalid_number",)
)

FILL = """
WITH made AS (
    INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, phone_2, priority,
                             is_ready, is_retry, next_position, number_to_call, attempt_count,
                             uncounted_count, added_at)
    SELECT %(campaign)s, %(company)s, 'voice', 'sent_to_dialer', '+49151' || (20000000 + n),
           '+49160' || (20000000 + n), 0,
           FALSE, FALSE, 1, '+49151' || (20000000 + n), 0,
           0, now() AT TIME ZONE 'UTC'
      FROM generate_series(1, %(count)s) AS n
 RETURNING id, campaign_id, company_id, phone_1
), tried AS (
    INSERT INTO ecm_attempt (id, key, contact_id, campaign_id, company_id, state, channel,
                             position, cycle, number, claimed_at)
    SELECT nextval('ecm_attempt_id_seq'), 'bench-' || to_hex(id), id, campaign_id, company_id,
           'sent', 'voice', 1, 1, phone_1, now() AT TIME ZONE 'UTC'
      FROM made
 RETURNING id
)
SELECT count(*) FROM tried
"""


def fill(env: Any, campaign: Any, count: int) -> list[str]:
    """Store contacts that wait for a result.

    :return: their attempts' keys
    """
    env.cr.execute(FILL, {"campaign": campaign.id, "company": env.company.id, "count": count})
    env.cr.execute(
        "UPDATE ecm_contact c SET current_attempt_id = a.id FROM ecm_attempt a"
        " WHERE a.contact_id = c.id AND c.campaign_id = %s",
        [campaign.id],
    )
    env.cr.commit()
    common.vacuum(env, "ecm_contact", "ecm_attempt")
    env.cr.execute("SELECT key FROM ecm_attempt WHERE campaign_id = %s ORDER BY id", [campaign.id])
    return [key for (key,) in env.cr.fetchall()]


def measure_apply(env: Any, keys: list[str]) -> float:
    """Results per second, from the values that a client hands over to the commit."""
    from odoo.addons.ecm_campaign.tools.results import Result

    chance = random.Random(19)
    results = []
    for key in keys:
        ending = chance.choice(ENDINGS)
        results.append(Result(key, ending, "1", agent="anna", duration_seconds=30))

    # In batches with a commit each, as the reader of results does.
    def apply() -> None:
        for batch in _batches(results):
            applied = len(env["ecm.engine"]._apply_results(batch))
            env.cr.commit()
            if applied != len(batch):
                raise SystemExit(f"{applied} of {len(batch)} results were applied")

    return len(keys) / common.seconds(apply)


def _batches(values: list[Any]) -> Any:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def measure_pure(env: Any, campaign: Any) -> float:
    from odoo.addons.ecm_campaign.tools import strategy

    # All that a claim reads once stands ready: only the decision is measured.
    plan = campaign._get_plan()
    callbacks = campaign._get_callbacks()
    chance = random.Random(19)
    outcomes = env["ecm.engine"]._get_outcomes()
    endings = [outcomes[chance.choice(ENDINGS)][1] for _round in range(PURE_ROUNDS)]
    phones = ("+4915120000001", "+4916020000001", None, None, None)
    counters, now = strategy.Counters(1, 0), datetime.now(UTC)

    def decide() -> None:
        for outcome in endings:
            strategy.decide(plan, phones, 1, outcome, counters, now, None, callbacks)

    return PURE_ROUNDS / common.seconds(decide)


def measure_limit(env: Any, campaign: Any, count: int) -> float:
    """The same columns of the same number of rows, written by two bare statements a batch."""
    env.cr.execute(
        "SELECT id, contact_id FROM ecm_attempt WHERE campaign_id = %s ORDER BY id", [campaign.id]
    )
    rows = env.cr.fetchall()[:count]

    def update() -> None:
        for batch in _batches(rows):
            # Commits as often as production, which shares their cost with as many rows.
            attempts = [attempt_id for attempt_id, _contact_id in batch]
            contacts = [contact_id for _attempt_id, contact_id in batch]
            env.cr.execute(
                """
                UPDATE ecm_attempt
                   SET state = 'done', raw_code = '1', agent = 'anna', duration_seconds = 30,
                       result_at = now(), called_at = claimed_at, outcome_id = 1
                 WHERE id = ANY(%s)
                """,
                [attempts],
            )
            env.cr.execute(
                """
                UPDATE ecm_contact
                   SET state = 'pending', is_retry = TRUE, next_attempt_at = now(),
                       next_position = 2, number_to_call = phone_2, attempt_count = 1,
                       current_attempt_id = NULL
                 WHERE id = ANY(%s)
                """,
                [contacts],
            )
            env.cr.commit()

    return len(rows) / common.seconds(update)


def measure_peer(env: Any, campaign: Any) -> float:
    """Odoo's ORM: one write for each contact and attempt, as a plain module would do."""
    attempts = env["ecm.attempt"].search(
        [("campaign_id", "=", campaign.id)], limit=PEER_CONTACTS, order="id"
    )

    # A plain module would find each attempt by its key as well: that is not counted against it.
    def write() -> None:
        for attempt in attempts:
            attempt.write(
                {"state": "done", "raw_code": "1", "agent": "anna", "duration_seconds": 30}
            )
            attempt.contact_id.write(
                {"state": "pending", "is_retry": True, "next_position": 2, "attempt_count": 1}
            )
        env.flush_all()
        env.cr.commit()

    return len(attempts) / common.seconds(write)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with common.odoo_environment("decide") as env:
        # One campaign for each way, with contacts of its own.
        campaign = common.create_campaign(env, "Decided")
        bare = common.create_campaign(env, "Bare")
        peer = common.create_campaign(env, "Peer")
        env.cr.commit()
        say(f"Storing {count:,} contacts that wait for a result")
        keys = fill(env, campaign, count)
        say("Applying their results")
        applied = measure_apply(env, keys)
        pure = measure_pure(env, campaign)
        say("The limit: bare statements")
        sample = min(count, 200_000)
        fill(env, bare, sample)
        limit = measure_limit(env, bare, sample)
        fill(env, peer, PEER_CONTACTS)
        by_orm = measure_peer(env, peer)
    common.report(
        results=count,
        decisions_per_s=round(applied),
        pure_per_s=round(pure),
        limit_per_s=round(limit),
        of_limit=applied / limit,
        orm_per_s=round(by_orm),
        ratio=applied / by_orm,
    )


if __name__ == "__main__":
    main()
