"""Contacts of Odoo's mailing lists are launched where its SMS marketing is installed (R1)."""

import time

from scripts import paths, templates

MODEL = "mailing.contact"


def test_contacts_of_a_mailing_list_are_launched(fresh_database, odoo_server):
    database = fresh_database(demo=True)
    log = paths.LOGS / f"{database}-mailing.log"
    templates.change_modules("SMS marketing", log, database, "-i", "mass_mailing_sms")
    assert not templates.log_problems(log)

    client = odoo_server(database=database, cron_threads=2).client()
    [fair, other] = client.call("mailing.list", "create", [{"name": "Fair"}, {"name": "Other"}])
    make_contact(client, "Anna Berg", "+49 30 23125101", [fair])
    make_contact(client, "Has opted out", "+49 30 23125102", [fair], opt_out=True)
    make_contact(client, "Of another list", "+49 30 23125103", [other])
    [partner] = client.call("res.partner", "create", [{"name": "Anna", "phone": "+493023125101"}])

    campaign = client.call("ecm.campaign", "search", [("is_crm_launch", "=", True)], limit=1)[0]
    [launch] = client.call(
        "ecm.crm.launch",
        "create",
        [
            {
                "model": MODEL,
                "choice": "domain",
                "domain": f"[('list_ids', 'in', [{fair}])]",
                "campaign_id": campaign,
            }
        ],
    )
    client.call("ecm.crm.launch", "action_launch", [launch])
    wait_until(lambda: not read(client, "ecm.crm.launch", launch, "is_busy"))
    assert read(client, "ecm.crm.launch", launch, "added_count") == 1
    [contact] = client.call(
        "ecm.contact", "search", [("campaign_id", "=", campaign), ("phone_1", "=", "+493023125101")]
    )
    assert read(client, "ecm.contact", contact, "last_name") == "Berg"
    # They have no link of their own: the number leads to the customer.
    [action] = client.call(
        "ir.cron", "search", [("cron_name", "=", "Campaigns: Customers and Leads of Contacts")]
    )
    client.call("ir.cron", "method_direct_trigger", [action])
    assert read(client, "ecm.contact", contact, "partner_id")[0] == partner


def make_contact(client, name, number, lists, opt_out=False):
    subscriptions = [(0, 0, {"list_id": one, "opt_out": opt_out}) for one in lists]
    values = {"name": name, "mobile": number, "subscription_ids": subscriptions}
    client.call(MODEL, "create", [values])


def read(client, model, record_id, name):
    [record] = client.call(model, "read", [record_id], [name])
    return record[name]


def wait_until(is_reached, timeout_s=300):
    deadline = time.monotonic() + timeout_s
    while not is_reached():
        assert time.monotonic() < deadline, "time is up"
        time.sleep(0.5)
