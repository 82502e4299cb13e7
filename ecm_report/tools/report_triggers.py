"""What PostgreSQL notes of contacts and attempts for the dashboard, beside what the core notes for its
pages of results (``ecm_campaign.tools.results_triggers``; requirement R5).

A trigger sums what each statement changed and adds the sums to ``ecm_report_count``, in the same
transaction. Why: docs/decisions/counted-by-triggers.md.
"""

from odoo.addons.ecm_campaign.tools.results_triggers import (
    CHANGES,
    QUARTER,
    TABLES,
    make_trigger,
)

# What a pending contact waits for: its turn, its planned time, or what a gate says.
WAITING = """
    CASE WHEN state = 'pending' THEN
        CASE WHEN is_ready THEN 'ready' ELSE COALESCE(block_reason, 'planned') END
    END"""

CONTACTS = """
    INSERT INTO ecm_report_count (campaign_id, list_id, state, waiting, tries, is_reached, count)
    SELECT campaign_id, list_id, state, {waiting}, attempt_count, reach IS NOT NULL, sum(n)
      FROM ({changes}) AS changed
  GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0;
"""
# A list that takes contacts over takes their wrap-ups along.
MOVED = """
    IF EXISTS (SELECT id, list_id FROM new_rows EXCEPT SELECT id, list_id FROM old_rows) THEN
        INSERT INTO ecm_report_count (campaign_id, list_id, at, outcome_id, business_outcome_id, count)
        SELECT a.campaign_id, changed.list_id, a.at, a.outcome_id, a.business_outcome_id, sum(changed.n)
          FROM ({changes}) AS changed
    CROSS JOIN LATERAL (SELECT campaign_id, {quarter} AS at, outcome_id, business_outcome_id
                          FROM ecm_attempt
                         WHERE contact_id = changed.id AND state = 'done'
                           AND business_outcome_id IS NOT NULL OFFSET 0) AS a
      GROUP BY 1, 2, 3, 4, 5 HAVING sum(changed.n) <> 0;
    END IF;
"""
# Before a contact goes: nobody knows the list of its attempts afterwards.
GONE = """
    INSERT INTO ecm_report_count (campaign_id, list_id, at, outcome_id, business_outcome_id, count)
    SELECT campaign_id, OLD.list_id, {quarter}, outcome_id, business_outcome_id, -count(*)
      FROM ecm_attempt
     WHERE contact_id = OLD.id AND state = 'done' AND business_outcome_id IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5;
"""
WRAP_UPS = """
    INSERT INTO ecm_report_count (campaign_id, list_id, at, outcome_id, business_outcome_id, count)
    SELECT done.campaign_id, c.list_id, done.at, done.outcome_id, done.business_outcome_id,
           sum(done.n)
      FROM (SELECT campaign_id, contact_id, {quarter} AS at, outcome_id, business_outcome_id, n
              FROM ({changes}) AS changed
             WHERE state = 'done' AND business_outcome_id IS NOT NULL) AS done
CROSS JOIN LATERAL (SELECT k.list_id FROM ecm_contact k
                     WHERE k.id = done.contact_id OFFSET 0) AS c
  GROUP BY 1, 2, 3, 4, 5 HAVING sum(done.n) <> 0;
"""
GONE_NAME = "ecm_contact_reported_gone"

# The whole truth, in place of all that was noted.
RECOUNT = (
    "DELETE FROM ecm_report_count",
    CONTACTS.format(changes="SELECT *, 1 AS n FROM ecm_contact", waiting=WAITING),
    WRAP_UPS.format(changes="SELECT *, 1 AS n FROM ecm_attempt", quarter=QUARTER),
)


def get_statements() -> list[str]:
    """What puts the triggers in place, also where they are."""
    statements = []
    for event, changes in CHANGES.items():
        contacts = CONTACTS + (MOVED if event == "UPDATE" else "")
        for table, body in (("ecm_contact", contacts), ("ecm_attempt", WRAP_UPS)):
            when = f"AFTER {event} ON {table} {TABLES[event]} FOR EACH STATEMENT"
            statements += make_trigger(_get_name(event, table), when, _fill(body, changes))

    # Whoever was never called has no attempts.
    before = "BEFORE DELETE ON ecm_contact FOR EACH ROW WHEN (OLD.last_attempt_at IS NOT NULL)"
    return [*statements, *make_trigger(GONE_NAME, before, _fill(GONE, ""), "OLD")]


def get_drop_statements() -> list[str]:
    """What takes the triggers away."""
    names = [GONE_NAME]
    for event in CHANGES:
        names += [_get_name(event, "ecm_contact"), _get_name(event, "ecm_attempt")]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in names]


def _get_name(event: str, table: str) -> str:
    return f"{table}_reported_{event.lower()}"


def _fill(body: str, changes: str) -> str:
    return body.format(changes=changes, quarter=QUARTER, waiting=WAITING)
