import random
from datetime import timedelta

from odoo import fields

from odoo.addons.ecm_campaign.tests.common import HistoryCase, ResultCase

ALL = ("contacts", "attempts", "wrap_ups", "campaigns", "lists", "rooms", "callbacks")


class DashboardCase(ResultCase):
    """A campaign with two lists, calls of today with and without wrap-ups, and contacts that wait."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_user("supervisor", tz="Europe/Berlin")
        group = cls.env.ref("ecm_campaign.ecm_business_outcome_group_wrapup_code")
        cls.campaign.business_outcome_group_id = group
        cls.sale = group.outcome_ids.filtered(lambda outcome: outcome.kind == "success")[0]
        cls.refusal = group.outcome_ids.filtered(lambda outcome: outcome.kind == "failure")[0]
        cls.lists = cls.env["ecm.contact.list"].create(
            [{"name": f"{name}.csv", "campaign_id": cls.campaign.id} for name in ("one", "two")]
        )
        cls.filters = {"campaign_id": cls.campaign.id, "period": "week"}

    def make_calls(self):
        """Seven contacts: two were reached, one of them with a success; two wait for a retry."""
        now = fields.Datetime.now()
        contacts = []
        for number in range(7):
            values = {"phone_1": f"+4930231250{number:02}"}
            if number < 5:
                values["list_id"] = self.lists[number % 2].id
            contacts.append(self.create_contact(**values))
        sale, refused, busy, again, waits, held, _ready = contacts
        self.call(sale, "busy", called_at=now - timedelta(days=2, hours=3))
        self.call(sale, "voice", called_at=now, wrap_up=self.sale.name)
        self.call(refused, "voice", called_at=now, wrap_up=self.refusal.name)
        self.call(busy, "busy", called_at=now - timedelta(days=1))
        self.call(again, "no_answer", called_at=now)
        waits.sudo().write({"is_ready": False, "next_attempt_at": now + timedelta(days=1)})
        held.sudo().write({"is_ready": False, "block_reason": "list_stopped"})
        self.env.flush_all()
        return contacts

    def read(self, *names, user=None, **filters):
        dashboard = self.env["ecm.dashboard"].with_user(user or self.supervisor)
        return dashboard.read_panels({**self.filters, **filters}, list(names or ALL))

    def count(self, what, key=None, user=None, **filters):
        """How many records a number opens."""
        dashboard = self.env["ecm.dashboard"].with_user(user or self.supervisor)
        action = dashboard.open_number({**self.filters, **filters}, what, key)
        model = self.env[action["res_model"]].with_user(user or self.supervisor)
        return model.with_context(**action["context"]).search_count(action["domain"])


class ReportHistoryCase(HistoryCase):
    """Whatever happens to contacts."""

    def make_history(self, seed):
        """Eight contacts, their calls, and what happens to them afterwards."""
        chance = random.Random(seed)
        contacts = [self.make_contact(chance, 100 * seed + n) for n in range(8)]
        for contact in chance.choices(contacts, k=10):
            self.make_call(contact, chance)
        for contact in chance.sample(contacts, k=6):
            self.change(contact, chance)

    def change(self, contact, chance):
        """Something that happens to a contact."""
        attempts = contact.attempt_ids.filtered(lambda attempt: attempt.state == "done")
        kind = chance.randrange(6)
        if kind == 0:
            contact.list_id = chance.choice((*self.lists.ids, False))
        elif kind == 1 and attempts:
            wrap_up = chance.choice((*self.wrap_ups.ids, False))
            attempts[0].sudo().business_outcome_id = wrap_up
        elif kind == 2 and attempts:
            attempts[0].sudo().outcome_id = self.outcome(chance.choice(self.outcomes))
        elif kind == 3:
            contact.sudo().write({"is_ready": False, "block_reason": "not_open"})
        elif kind == 4:
            contact.sudo().write({"state": "withdrawn", "is_ready": False})
        else:
            self.env.flush_all()
            self.env.cr.execute("DELETE FROM ecm_contact WHERE id = %s", [contact.id])
            self.env.invalidate_all(flush=False)
