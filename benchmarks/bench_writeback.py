"""Results written to leads: a note, an activity and another stage each, by the scheduled action,
against a plain loop over the ORM that does the same in the same run.

`make bench NAME=writeback ARGS="4000 400"`: leads with a result each, and leads of the loop.
`results_per_s` is all of what the scheduled action does, through ir.cron, until nothing waits;
`applied_per_s` are the results that come before, with noting what is to be written. `orm_per_s` is the loop as
a server action or an automation of Odoo's runs it; `orm_quiet_per_s` the same loop without tracking
and notices. `ratio` compares with the former.
"""

import os
import sys
from typing import Any

from scripts.console import say

from . import common

BATCH = 1000
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_activity_quick_update": True,
}
CONTACTS = """
INSERT INTO ecm_contact (campaign_id, company_id, channel, state, phone_1, priority, is_ready,
                         is_retry, next_position, number_to_call, attempt_count, uncounted_count,
                         added_at, cycle, lead_id, first_name)
SELECT %(campaign)s, %(company)s, 'voice', 'sent_to_dialer', l.phone, 0, FALSE,
       FALSE, 1, l.phone, 0, 0, now() AT TIME ZONE 'UTC', 1, l.id, 'Ada'
  FROM crm_lead l WHERE l.id = ANY(%(leads)s)
"""
ATTEMPTS = """
INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, cycle,
                         number, claimed_at)
SELECT 'bench-' || id, id, campaign_id, company_id, 'sent', 'voice', 1, 1, phone_1,
       now() AT TIME ZONE 'UTC'
  FROM ecm_contact WHERE campaign_id = %(campaign)s
"""
LINK = """
UPDATE ecm_contact c SET current_attempt_id = a.id FROM ecm_attempt a
 WHERE a.contact_id = c.id AND c.campaign_id = %(campaign)s
"""


class Setting:
    """Leads of some salespeople, a campaign, and what a result is to write."""

    def __init__(self, env: Any, count: int) -> None:
        self.env = env
        stages = env["crm.stage"].create([{"name": name, "sequence": 900} for name in "AB"])
        self.before, self.after = stages
        users = env["res.users"].with_context(no_reset_password=True)
        self.users = users.create(
            [{"name": f"Seller {n}", "login": f"seller{n}"} for n in range(20)]
        )
        self.campaign = common.create_campaign(env, "Write-back")
        self.call = env.ref("mail.mail_activity_data_call")
        self.leads = self.create_leads(count)
        env.cr.commit()

    def create_leads(self, count: int) -> Any:
        """Opportunities in the first stage."""
        values = []
        for number in range(count):
            user = self.users[number % len(self.users)]
            values.append(
                {
                    "name": f"Lead {number}",
                    "type": "opportunity",
                    "phone": f"+49151{20000000 + number}",
                    "user_id": user.id,
                    "stage_id": self.before.id,
                }
            )
        return self.env["crm.lead"].create(values)

    def await_results(self) -> list[str]:
        """Contacts of the leads that are being called.

        :return: the keys of their attempts
        """
        values = {
            "campaign": self.campaign.id,
            "company": self.env.company.id,
            "leads": self.leads.ids,
        }
        for statement in (CONTACTS, ATTEMPTS, LINK):
            self.env.cr.execute(statement, values)
        self.env.cr.commit()
        common.vacuum(self.env, "ecm_contact", "ecm_attempt", "crm_lead")
        self.env.cr.execute("SELECT key FROM ecm_attempt ORDER BY id")
        return [key for (key,) in self.env.cr.fetchall()]

    def create_rule(self) -> None:
        """What each result writes."""
        self.env["ecm.writeback.rule"].create(
            {
                "name": "Busy",
                "note": "{campaign}: {outcome}\n{called_at}, {agent}, {number}",
                "activity_type_id": self.call.id,
                "activity_summary": "Ring {first_name}",
                "activity_days": 2,
                "stage_id": self.after.id,
            }
        )
        self.env.cr.commit()


def apply(env: Any, keys: list[str]) -> None:
    """Results come from a channel."""
    from odoo.addons.ecm_campaign.tools.results import Result

    for start in range(0, len(keys), BATCH):
        results = [Result(key, "busy", agent="anna") for key in keys[start : start + BATCH]]
        env["ecm.engine"]._apply_results(results)
        env.cr.commit()


def write_back(env: Any) -> None:
    """The scheduled action, until nothing waits."""
    action = env.ref("ecm_crm_bridge.ir_cron_writeback")
    tasks = env["ecm.writeback.task"]
    while tasks.search_count([("state", "=", "queued")]):
        common.run_scheduled_action(env, action)
        env.cr.rollback()
        env.invalidate_all()


def loop(setting: Setting, leads: Any) -> None:
    """The same, lead by lead."""
    for lead in leads:
        lead.message_post(body="Write-back: Busy", subtype_xmlid="mail.mt_note")
        lead.activity_schedule(
            "mail.mail_activity_data_call", summary="Ring Ada", user_id=lead.user_id.id
        )
        lead.stage_id = setting.after
    setting.env.flush_all()
    setting.env.cr.commit()


def measure_loop(setting: Setting, count: int, **context: Any) -> float:
    """Leads a second."""
    loud = setting.env(context=context)
    leads = setting.create_leads(count).with_env(loud)
    setting.env.cr.commit()
    loud.invalidate_all()
    return count / common.seconds(lambda: loop(setting, leads))


def check(env: Any, setting: Setting) -> None:
    """:raise AssertionError: a result was not written, or twice"""
    env.invalidate_all()
    count = len(setting.leads)
    states = set(env["ecm.writeback.task"].search([]).mapped("state"))
    on_leads = [("res_model", "=", "crm.lead"), ("res_id", "in", setting.leads.ids)]
    notes = [("model", "=", "crm.lead"), ("res_id", "in", setting.leads.ids)]
    notes.append(("body", "ilike", "anna"))
    found = (
        states,
        env["mail.activity"].search_count(on_leads),
        env["mail.message"].search_count(notes),
        env["crm.lead"].search_count([("stage_id", "=", setting.after.id)]) >= count,
    )
    expected = ({"done"}, count, count, True)
    if found != expected:
        raise AssertionError(f"{found} and not {expected}")


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (4000, 400)
    count, looped = *given, *defaults[len(given) :]
    with common.odoo_environment("writeback") as env:
        say(f"Storing {count:,} leads")
        setting = Setting(env, count)
        keys = setting.await_results()
        setting.create_rule()
        say("Results come")
        queue_s = common.seconds(lambda: apply(env, keys))
        load_average = os.getloadavg()[0]
        say("Written by the scheduled action")
        results_per_s = count / common.seconds(lambda: write_back(env))
        check(env, setting)
        say("Written by a loop")
        orm_per_s = measure_loop(setting, looped)
        orm_quiet_per_s = measure_loop(setting, looped, **QUIET)
    common.report(
        results=count,
        results_per_s=results_per_s,
        orm_per_s=orm_per_s,
        orm_quiet_per_s=orm_quiet_per_s,
        ratio=results_per_s / orm_per_s,
        ratio_quiet=results_per_s / orm_quiet_per_s,
        applied_per_s=count / queue_s,
        load_average=load_average,
    )


if __name__ == "__main__":
    main()
