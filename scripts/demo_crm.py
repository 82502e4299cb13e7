"""`make demo CAMPAIGN=crm`: leads of the CRM are launched into a campaign, a simulated UCCX calls them,
and what came of it stands on the leads: stages, activities and notes.
"""

import time
from collections import Counter
from typing import Any

from .console import SetupError, say
from .demo import CAMPAIGN, VoicePlay, create_campaign, create_dialer, create_strategy
from .demo_contacts import demo_rows
from .web_client import WebClient

# What tells the demo's leads from those that are there.
REFERRED = "Fibre renewals"
WITHOUT_NUMBER, SAME_NUMBER = 3, 2
BATCH = 500
# What is written on leads that nobody was reached for.
LAST_RESULT = "Not reached: write a letter"
WRITTEN_S = 300.0


class CrmPlay(VoicePlay):
    """Leads instead of a file, and results that are written back."""

    def start_campaign(self, client: WebClient) -> int:
        """Everything that a sales person and a supervisor do to get a campaign going; its id."""
        settings = self.settings
        self._dialer_id = create_dialer(client, self._dialer)
        strategy_id = create_strategy(client, settings.retry_minutes)
        campaign_id = create_campaign(client, self._dialer_id, strategy_id)
        client.call("ecm.campaign", "write", [campaign_id], {"is_crm_launch": True})
        create_leads(client, settings.contacts)
        create_rule(client, campaign_id)
        self._tell_leads(client, "Before")
        launch(client, campaign_id, settings.contacts)
        added, known = launch_again(client, campaign_id)
        say(f"Launched again: {added} contacts, {known} in the campaign already")
        client.call("ecm.campaign", "action_start", [campaign_id])
        say(f"Campaign: {CAMPAIGN!r} is running")
        return campaign_id

    def tell_results(self, client: WebClient, campaign_id: int) -> None:
        """What stands on the leads."""
        wait_until_written(client, campaign_id)
        self._tell_leads(client, "After")

    def _tell_leads(self, client: WebClient, when: str) -> None:
        for line in describe_leads(client):
            say(f"{when}: {line}")


def create_leads(client: WebClient, count: int) -> None:
    """So many leads with numbers of their own, and a few that cannot become contacts."""
    rows = [_prepare_lead(row) for row in demo_rows(count)]
    rows += [
        {**rows[place], "phone": False, "name": "No number"} for place in range(WITHOUT_NUMBER)
    ]
    rows += [{**rows[place], "name": "Same number"} for place in range(SAME_NUMBER)]
    for start in range(0, len(rows), BATCH):
        client.call("crm.lead", "create", rows[start : start + BATCH])
    say(f"CRM: {len(rows)} leads")


def _prepare_lead(row: list[str]) -> dict[str, Any]:
    """:param row: of the demo's contacts"""
    return {
        "name": f"{row[8]}, contract {row[7]}",
        "type": "opportunity",
        "referred": REFERRED,
        "phone": row[0],
        "contact_name": f"{row[3]} {row[4]}",
        "email_from": row[6],
        "city": row[12],
        "expected_revenue": 12 * float(row[10]),
    }


def create_rule(client: WebClient, campaign_id: int) -> None:
    """What is done for leads whose calls are used up; the demo data has a rule for those reached."""
    domain = [("is_live_voice", "=", False)]
    outcomes = client.call("ecm.outcome", "search", domain)
    kinds = client.call("mail.activity.type", "search", [("res_model", "=", False)], limit=1)
    rule = {
        "name": LAST_RESULT,
        "campaign_ids": [(6, 0, [campaign_id])],
        "outcome_ids": [(6, 0, outcomes)],
        "moment": "last",
        "note": "{campaign}: {outcome} at the last of {attempt} calls.",
        "activity_type_id": kinds[0],
        "activity_summary": "Letter to {first_name} {last_name}",
        "activity_days": 3,
    }
    client.call("ecm.writeback.rule", "create", [rule])


def launch(client: WebClient, campaign_id: int, expected: int) -> int:
    """Launch all leads of a filter, as the button *Launch campaign* does; the launch's id."""
    launch_id = _create_launch(client, campaign_id)
    names = ["record_count", "fitting_count", "no_number_count", "repeated_count"]
    [preview] = client.call("ecm.crm.launch", "read", [launch_id], names)
    say(
        f"Preview: {preview['record_count']} leads, {preview['fitting_count']} will be contacted, "
        f"{preview['no_number_count']} without a number, "
        f"{preview['repeated_count']} with the number of another"
    )
    launched = _run_launch(client, launch_id)
    say(
        f"Launch: {launched['added_count']} contacts, {launched['failed_count']} without a number, "
        f"{launched['duplicate_count']} known already"
    )
    if launched["added_count"] != expected:
        raise SetupError(f"The launch brought {launched['added_count']} contacts, not {expected}.")
    return launch_id


def launch_again(client: WebClient, campaign_id: int) -> tuple[int, int]:
    """The same leads once more.

    :return: how many contacts it brought, and how many were there already
    """
    launched = _run_launch(client, _create_launch(client, campaign_id))
    return launched["added_count"], launched["duplicate_count"]


def _create_launch(client: WebClient, campaign_id: int) -> int:
    values = {
        "name": f"{REFERRED}, leads",
        "model": "crm.lead",
        "choice": "domain",
        "domain": repr([("referred", "=", REFERRED)]),
        "campaign_id": campaign_id,
    }
    return int(client.call("ecm.crm.launch", "create", [values])[0])


def _run_launch(client: WebClient, launch_id: int) -> dict[str, Any]:
    """Launch, and wait until the scheduled action has read all.

    :return: what came of it
    """
    client.call("ecm.crm.launch", "action_launch", [launch_id])
    names = ["state", "is_busy", "error", "added_count", "failed_count", "duplicate_count"]
    deadline = time.monotonic() + 300
    while True:
        [launched] = client.call("ecm.crm.launch", "read", [launch_id], names)
        if not launched["is_busy"]:
            break
        if time.monotonic() > deadline:
            raise SetupError("The launch did not end.")
        time.sleep(0.5)
    if launched["state"] != "done":
        raise SetupError(f"The launch ended as {launched['state']}: {launched['error']}")
    return dict(launched)


def wait_until_written(client: WebClient, campaign_id: int) -> None:
    """Wait until every result stands on its lead."""
    waiting = [("campaign_id", "=", campaign_id), ("state", "=", "queued")]
    deadline = time.monotonic() + WRITTEN_S
    while client.call("ecm.writeback.task", "search_count", waiting):
        if time.monotonic() > deadline:
            raise SetupError("Results are not written on the leads.")
        time.sleep(1)


def describe_leads(client: WebClient) -> list[str]:
    """Leads by stage, and the activities and notes that stand on them."""
    domain = [("referred", "=", REFERRED)]
    leads = client.call("crm.lead", "search_read", domain, ["stage_id", "activity_ids"])
    stages = Counter(lead["stage_id"][1] for lead in leads)
    by_stage = ", ".join(f"{stage} {count}" for stage, count in sorted(stages.items()))
    activities = sum(len(lead["activity_ids"]) for lead in leads)
    notes = [
        ("model", "=", "crm.lead"),
        ("res_id", "in", [lead["id"] for lead in leads]),
        ("body", "ilike", CAMPAIGN),
    ]
    written = client.call("mail.message", "search_count", notes)
    return [
        f"leads by stage: {by_stage}",
        f"activities {activities}, notes of the campaign {written}",
    ]
