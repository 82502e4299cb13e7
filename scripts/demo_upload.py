"""The demo's file, on the way that a supervisor's takes: uploaded, looked into, imported."""

import time
from typing import Any

from .console import SetupError, say
from .web_client import WebClient

# Fields of the upload's form, as the web client's view asks for them.
UPLOAD_FORM: dict[str, Any] = {
    "list_name": {},
    "layout": {},
    "delimiter": {},
    "encoding": {},
    "duplicate_policy": {},
    "attachment_id": {},
    "campaign_id": {},
    "country_id": {},
    "column_ids": {"fields": {"position": {}, "header": {}, "target": {}}},
}


def prepare_definitions(labels: list[str]) -> list[dict[str, str]]:
    """Business parameters of a campaign: one for each column that is none of the contact's own."""
    definitions = []
    for number, label in enumerate(labels, 1):
        name = f"business_parameter_{number}"
        definitions.append({"name": name, "type": "char", "string": label})
    return definitions


def upload_contacts(client: WebClient, campaign_id: int, content: bytes) -> int:
    """Upload a file as the web client's wizard does: choose it, let the columns be found, import."""
    context = {"default_campaign_id": campaign_id}
    model = "ecm.contact.upload"
    answer = client.call(model, "onchange", [], {}, [], UPLOAD_FORM, context=context)
    values = answer["value"]

    # The file goes over a route of its own; the form learns its id, and looks into it.
    file = client.upload("/ecm/upload", "fibre-renewals.csv", content)
    values["attachment_id"] = file["id"]
    changed = ["attachment_id"]
    answer = client.call(model, "onchange", [], values, changed, UPLOAD_FORM, context=context)
    values |= answer["value"]

    [saved] = client.call(model, "web_save", [], values, {}, context=context)
    action = client.call(model, "action_import", [saved["id"]])
    return int(action["res_id"])


def wait_for_import(client: WebClient, list_id: int, expected: int) -> None:
    """Wait until the scheduled action has read the file."""
    deadline = time.monotonic() + 300
    fields = ["state", "error", "uploaded_count", "failed_count", "duplicate_count"]
    while True:
        [record] = client.call("ecm.contact.list", "read", [list_id], fields)
        state = record["state"]
        is_waiting = state in ("draft", "queued", "importing")
        if not is_waiting or time.monotonic() > deadline:
            break
        time.sleep(0.5)

    uploaded = record["uploaded_count"]
    failed = record["failed_count"]
    duplicate = record["duplicate_count"]
    say(f"Import: {uploaded} uploaded, {failed} failed, {duplicate} duplicate")
    # A made-up file has nothing to reject: the demo would not show what it promises.
    if state != "done" or uploaded != expected:
        reason = record["error"] or "not every contact was stored"
        raise SetupError(f"The import ended as {state}: {reason}")
