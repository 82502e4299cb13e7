"""Read-only SQL views for reporting tools outside of Odoo (requirement R5), in a schema of their own.

They show no name, number, address or e-mail of anybody, and no setting. docs/bi.md says how a reader
gets at them; its tables are these.
"""

from typing import NamedTuple

SCHEMA = "ecm_bi"


class View(NamedTuple):
    """One view: what a row is, where it comes from, and ``{column: (expression, meaning)}``."""

    row: str
    source: str
    columns: dict[str, tuple[str, str]]


VIEWS = {
    "campaign": View(
        "A campaign, archived ones included.",
        """ecm_campaign p
           JOIN res_company k ON k.id = p.company_id
           LEFT JOIN ecm_campaign_group g ON g.id = p.group_id
           WHERE p.is_template IS NOT TRUE""",
        {
            "campaign_id": ("p.id", "Key of the campaign."),
            "name": ("p.name", "Its name."),
            "kind": ("p.kind", "agent, ivr or sms."),
            "is_running": ("COALESCE(p.is_running, FALSE)", "Switched on."),
            "is_archived": ("NOT COALESCE(p.active, FALSE)", "Archived."),
            "company_id": ("p.company_id", "Key of the company in Odoo."),
            "company": ("k.name", "The company's name."),
            "campaign_group": ("g.name", "Name of the campaign group; empty without one."),
            "time_zone": ("p.tz", "Zone of its calling hours."),
        },
    ),
    "contact_list": View(
        "A delivery of contacts into a campaign.",
        "ecm_contact_list l",
        {
            "list_id": ("l.id", "Key of the list."),
            "campaign_id": ("l.campaign_id", "Its campaign."),
            "company_id": ("l.company_id", "Key of the company in Odoo."),
            "name": ("l.name", "Its name."),
            "source": ("l.source", "manual, folder, api, database, crm or form."),
            "calling": ("l.status", "planned, active, stopped or expired."),
            "uploaded_at": ("l.create_date", "When it came (UTC)."),
            "uploaded": ("l.uploaded_count", "Contacts stored."),
            "failed": ("l.failed_count", "Rows that could not be stored."),
            "duplicates": ("l.duplicate_count", "Rows whose number was known already."),
            "updated": ("l.updated_count", "Known contacts that got the file's values."),
        },
    ),
    "contact": View(
        "A person in a campaign, without name and numbers.",
        "ecm_contact c LEFT JOIN ecm_outcome o ON o.id = c.last_outcome_id",
        {
            "contact_id": ("c.id", "Key of the contact."),
            "campaign_id": ("c.campaign_id", "Its campaign."),
            "list_id": ("c.list_id", "Its list; empty without one."),
            "company_id": ("c.company_id", "Key of the company in Odoo."),
            "customer_key": ("c.account_number", "The customer's key in your own systems."),
            "state": ("c.state", "State, as pending or connected."),
            "close_reason": ("c.close_reason", "Why it is closed."),
            "held_back_by": (
                "CASE WHEN c.state = 'pending' THEN c.block_reason END",
                "What has put off a pending contact.",
            ),
            "attempts": ("c.attempt_count", "Attempts made."),
            "is_called": ("c.last_attempt_at IS NOT NULL", "Had an attempt."),
            "is_reached": ("c.reach IS NOT NULL", "An attempt reached a person."),
            "is_success": (
                "COALESCE(c.reach = 'success', FALSE)",
                "Of those, with a wrap-up of type Success.",
            ),
            "last_outcome": ("o.code", "Code of the last outcome."),
            "added_at": ("c.added_at", "When it came (UTC)."),
            "next_attempt_at": ("c.next_attempt_at", "Not called before (UTC)."),
            "last_attempt_at": ("c.last_attempt_at", "Last attempt (UTC)."),
            "closed_at": ("c.closed_at", "When it was closed (UTC)."),
        },
    ),
    "attempt": View(
        "One try on one number, without the number.",
        """ecm_attempt a
           LEFT JOIN ecm_outcome o ON o.id = a.outcome_id
           LEFT JOIN ecm_business_outcome b ON b.id = a.business_outcome_id""",
        {
            "attempt_id": ("a.id", "Key of the attempt."),
            "contact_id": ("a.contact_id", "Its contact."),
            "campaign_id": ("a.campaign_id", "Its campaign."),
            "company_id": ("a.company_id", "Key of the company in Odoo."),
            "state": ("a.state", "claimed, sent, done or dangling; results are done."),
            "channel": ("a.channel", "voice, sms or another one."),
            "step": ("a.position", "Place in the strategy."),
            "cycle": ("a.cycle", "Run through the strategy, counted from 1."),
            "sent_at": ("a.claimed_at", "When it was sent to the dialer or gateway (UTC)."),
            "called_at": ("a.called_at", "When it was called (UTC)."),
            "result_at": ("a.result_at", "When the result came (UTC)."),
            "outcome": ("o.code", "Code of the outcome."),
            "is_reached": (
                "a.state = 'done' AND COALESCE(o.is_live_voice, FALSE)",
                "It reached a person.",
            ),
            "wrap_up": ("b.code", "Code of the wrap-up."),
            "is_success": (
                "a.state = 'done' AND COALESCE(o.is_live_voice AND b.kind = 'success', FALSE)",
                "Reached, with a wrap-up of type Success.",
            ),
            "agent": ("a.agent", "The agent, as the dialer writes it."),
            "talk_seconds": ("a.duration_seconds", "Talk time in seconds."),
            "is_late": ("COALESCE(a.is_late, FALSE)", "The result came after the contact closed."),
        },
    ),
    "attempt_hour": View(
        "Attempts with a result by quarter of an hour: sums, made by triggers, for dashboards that ask "
        "often.",
        """ecm_results_count n LEFT JOIN ecm_outcome o ON o.id = n.outcome_id
           WHERE n.at IS NOT NULL
           GROUP BY n.campaign_id, n.list_id, n.at, o.code""",
        {
            "campaign_id": ("n.campaign_id", "The campaign."),
            "list_id": ("n.list_id", "The list; empty for contacts of none."),
            "at": ("n.at", "Begin of the quarter (UTC)."),
            "outcome": ("o.code", "Code of the outcome."),
            "attempts": ("sum(n.attempts)::bigint", "Attempts with that outcome."),
        },
    ),
    "outcome": View(
        "What may come of an attempt.",
        "ecm_outcome o",
        {
            "outcome": ("o.code", "Code, as in the other views."),
            "name": ("o.name->>'en_US'", "Name in English."),
            "category": ("o.category", "Kind of outcome."),
            "is_reached": ("COALESCE(o.is_live_voice, FALSE)", "Means that a person was reached."),
            "counts": ("COALESCE(o.counts_as_attempt, FALSE)", "Counts as an attempt."),
        },
    ),
    "wrap_up": View(
        "What agents may say of a conversation.",
        """ecm_business_outcome b
           JOIN ecm_business_outcome_group g ON g.id = b.group_id
           LEFT JOIN ecm_business_outcome p ON p.id = b.parent_id""",
        {
            "wrap_up_id": ("b.id", "Key."),
            "wrap_up": ("b.code", "Code, as in the view attempt."),
            "name": ("b.name->>'en_US'", "Name in English."),
            "wrap_up_group": ("g.name", "Name of its group."),
            "part_of": ("p.code", "Code of the wrap-up that it is counted with."),
            "type": ("b.kind", "success or failure."),
        },
    ),
}


def get_statements() -> list[str]:
    """What makes the views anew; what a reader was granted on them by default is granted again."""
    statements = [
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
        f"COMMENT ON SCHEMA {SCHEMA} IS 'Outbound campaigns for reporting tools; read only.'",
    ]
    for name, view in VIEWS.items():
        parts = [f"{expression} AS {column}" for column, (expression, _) in view.columns.items()]
        columns = ", ".join(parts)
        statements += [
            f"DROP VIEW IF EXISTS {SCHEMA}.{name}",
            f"CREATE VIEW {SCHEMA}.{name} AS SELECT {columns} FROM {view.source}",
            f"COMMENT ON VIEW {SCHEMA}.{name} IS '{_quote(view.row)}'",
        ]
        for column, (_expression, meaning) in view.columns.items():
            target = f"COLUMN {SCHEMA}.{name}.{column}"
            statements.append(f"COMMENT ON {target} IS '{_quote(meaning)}'")
    return statements


def _quote(text: str) -> str:
    return text.replace("'", "''")


def get_tables() -> str:
    """The tables of docs/bi.md."""
    parts = []
    for name, view in VIEWS.items():
        lines = [f"### `{SCHEMA}.{name}`", "", view.row, "", "| Column | Meaning |", "|---|---|"]
        for column, (_expression, meaning) in view.columns.items():
            lines.append(f"| `{column}` | {meaning} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"
