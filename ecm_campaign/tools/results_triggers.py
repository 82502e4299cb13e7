"""What PostgreSQL itself notes of contacts and attempts: for the counters of pages of results (U10),
and for the search of numbers (P31).

A trigger sums what each statement changed and adds the sums to ``ecm_results_count``, in the same
transaction: whoever sees the change sees the sums. Why: docs/decisions/counted-by-triggers.md.
"""

# What a statement changed, by the kind of statement: each row counts ``n`` times.
CHANGES = {
    "INSERT": "SELECT *, 1 AS n FROM new_rows",
    "UPDATE": "SELECT *, -1 AS n FROM old_rows UNION ALL SELECT *, 1 AS n FROM new_rows",
    "DELETE": "SELECT *, -1 AS n FROM old_rows",
}
TABLES = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}

# What the counters count by: the quarter of an hour, of which the hours of any zone are made.
QUARTER = (
    "date_trunc('hour', called_at)"
    " + interval '15 minutes' * (date_part('minute', called_at)::int / 15)"
)
# How far the attempts of the contact ``c`` came.
REACH = """
    (SELECT CASE WHEN bool_or(b.kind = 'success') THEN 'success'
                 WHEN count(*) > 0 THEN 'reached' END
       FROM ecm_attempt a
       JOIN ecm_outcome o ON o.id = a.outcome_id AND o.is_live_voice
  LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id
      WHERE a.contact_id = c.id AND a.state = 'done')"""

CONTACTS = """
    INSERT INTO ecm_results_count (campaign_id, list_id, loaded, called, reached, success)
    SELECT * FROM (
        SELECT campaign_id, list_id, sum(n) AS loaded,
               COALESCE(sum(n) FILTER (WHERE last_attempt_at IS NOT NULL), 0) AS called,
               COALESCE(sum(n) FILTER (WHERE reach IS NOT NULL), 0) AS reached,
               COALESCE(sum(n) FILTER (WHERE reach = 'success'), 0) AS success
          FROM ({changes}) AS changed
      GROUP BY campaign_id, list_id) AS sums
     WHERE loaded <> 0 OR called <> 0 OR reached <> 0 OR success <> 0;
"""
# A list that takes contacts over takes their attempts along.
MOVED = """
    IF EXISTS (SELECT id, list_id FROM new_rows EXCEPT SELECT id, list_id FROM old_rows) THEN
        INSERT INTO ecm_results_count (campaign_id, list_id, at, outcome_id, attempts)
        SELECT a.campaign_id, changed.list_id, a.at, a.outcome_id, sum(changed.n)
          FROM ({changes}) AS changed
    CROSS JOIN LATERAL (SELECT campaign_id, {quarter} AS at, outcome_id FROM ecm_attempt
                         WHERE contact_id = changed.id AND state = 'done' OFFSET 0) AS a
      GROUP BY 1, 2, 3, 4 HAVING sum(changed.n) <> 0;
    END IF;
"""
# Before a contact goes: its attempts go after it, when nobody knows its list any more.
GONE = """
    INSERT INTO ecm_results_count (campaign_id, list_id, at, outcome_id, attempts)
    SELECT campaign_id, OLD.list_id, {quarter}, outcome_id, -count(*)
      FROM ecm_attempt WHERE contact_id = OLD.id AND state = 'done' GROUP BY 1, 2, 3, 4;
"""
# Each contact is looked up by its key, whatever the planner thinks of the batch.
ATTEMPTS = """
    INSERT INTO ecm_results_count (campaign_id, list_id, at, outcome_id, attempts)
    SELECT done.campaign_id, c.list_id, done.at, done.outcome_id, sum(done.n)
      FROM (SELECT campaign_id, contact_id, {quarter} AS at, outcome_id, n
              FROM ({changes}) AS changed WHERE state = 'done') AS done
CROSS JOIN LATERAL (SELECT k.list_id FROM ecm_contact k
                     WHERE k.id = done.contact_id OFFSET 0) AS c
  GROUP BY 1, 2, 3, 4 HAVING sum(done.n) <> 0;
"""
# The contact's row is written: two who reach it at once cannot both be the first.
REACHED = """
    UPDATE ecm_contact c SET reach = {reach}
     WHERE c.id = ANY (ARRAY(SELECT DISTINCT changed.contact_id
                               FROM ({changes}) AS changed
                               JOIN ecm_outcome o ON o.id = changed.outcome_id
                              WHERE changed.state = 'done' AND o.is_live_voice))
       AND c.reach IS DISTINCT FROM {reach};
"""

# For the search: what came, what changed, what is gone.
CAME = """
    INSERT INTO ecm_contact_unlisted (first_id, last_id)
    SELECT min(id), max(id) FROM new_rows HAVING count(*) > 0;
"""
CHANGED = "INSERT INTO ecm_contact_unlisted (first_id, last_id) VALUES (NEW.id, NEW.id);"
DELETED = """
    DELETE FROM ecm_contact_number WHERE contact_id = ANY (ARRAY(SELECT id FROM old_rows));
"""
SEARCHED = ("phone_1", "phone_2", "phone_3", "phone_4", "phone_5", "account_number")
CHANGED_NAME = "ecm_contact_counted_change"
GONE_NAME = "ecm_contact_counted_gone"

# The whole truth, in place of all that was noted.
RECOUNT = (
    "DELETE FROM ecm_results_count",
    CONTACTS.format(changes="SELECT *, 1 AS n FROM ecm_contact"),
    ATTEMPTS.format(changes="SELECT *, 1 AS n FROM ecm_attempt", quarter=QUARTER),
)


def get_statements() -> list[str]:
    """What puts the triggers in place, also where they are."""
    statements = []
    besides = {"INSERT": CAME, "UPDATE": MOVED, "DELETE": DELETED}
    for event in CHANGES:
        statements += _count_after(event, "ecm_contact", CONTACTS + besides[event])
        statements += _count_after(event, "ecm_attempt", ATTEMPTS + REACHED)

    # Whoever was never called has no attempts.
    before = "BEFORE DELETE ON ecm_contact FOR EACH ROW WHEN (OLD.last_attempt_at IS NOT NULL)"
    statements += _call(GONE_NAME, before, GONE, returned="OLD")

    # A change that leaves the numbers as they are is none.
    columns = ", ".join(SEARCHED)
    differs = " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in SEARCHED)
    after = f"AFTER UPDATE OF {columns} ON ecm_contact FOR EACH ROW WHEN ({differs})"
    return [*statements, *_call(CHANGED_NAME, after, CHANGED)]


def get_drop_statements() -> list[str]:
    """What takes the triggers away."""
    names = [GONE_NAME, CHANGED_NAME]
    for event in CHANGES:
        names += [_get_name(event, "ecm_contact"), _get_name(event, "ecm_attempt")]
    return [f"DROP FUNCTION IF EXISTS {name}() CASCADE" for name in names]


def _get_name(event: str, table: str) -> str:
    return f"{table}_counted_{event.lower()}"


def _count_after(event: str, table: str, body: str) -> list[str]:
    when = f"AFTER {event} ON {table} {TABLES[event]} FOR EACH STATEMENT"
    return _call(_get_name(event, table), when, body, CHANGES[event])


def _call(name: str, when: str, body: str, changes: str = "", returned: str = "NULL") -> list[str]:
    text = body.format(changes=changes, quarter=QUARTER, reach=REACH)
    return make_trigger(name, when, text, returned)


def make_trigger(name: str, when: str, text: str, returned: str = "NULL") -> list[str]:
    """A function, and the trigger of the same name that calls it.

    :param when: after ``CREATE TRIGGER`` and its name: the event, its table, for what it is called
    :param text: what the function does
    :param returned: by it; ``OLD`` before a row goes
    """
    table = "ecm_attempt" if "ecm_attempt" in when else "ecm_contact"
    head = f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
    return [
        f"{head} $$ BEGIN {text} RETURN {returned}; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}()",
    ]
