from datetime import timedelta

from odoo import fields
from odoo.tools import SQL

from ...tools.gates import Hold
from ..common import CampaignCase

NUMBER, OTHER, THIRD = "+493023125001", "+493023125002", "+493023125003"


class TestDuplicates(CampaignCase):
    """What becomes of numbers that are known, by scope, policy and mode (L9)."""

    def assert_counts(self, contact_list, **counts):
        self.assertEqual(contact_list.state, "done", contact_list.error)
        self.assertEqual({name: contact_list[f"{name}_count"] for name in counts}, counts)

    def import_rows(self, *rows, columns="phone,first name,last name", campaign=None, **settings):
        """A list of a profile with these settings, imported."""
        content = "\n".join([columns, *rows, ""]).encode()
        profile = self.env["ecm.import.profile"].create({"name": "Settings", **settings})
        contact_list = self.create_list_from(content, campaign, "x.csv", profile=profile)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return contact_list

    def by_phone(self, campaign=None):
        return {contact.phone_1: contact for contact in self.contacts_of(campaign or self.campaign)}

    def age(self, contact, days):
        past = fields.Datetime.now() - timedelta(days=days)
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE ecm_contact SET added_at = %s WHERE id = %s", past, contact.id)
        )
        self.env.invalidate_all()

    # -- scope ------------------------------------------------------------------------------------

    def test_within_the_file_only(self):
        self.create_contact(phone_1=NUMBER)
        contact_list = self.import_rows(
            NUMBER, NUMBER, OTHER, columns="phone", duplicate_scope="list"
        )
        self.assert_counts(contact_list, uploaded=2, duplicate=1)

    def test_all_campaigns_of_the_company(self):
        # Its own: in another one somebody may have these numbers.
        company = self.create_company("All our offers")
        first, second, third = (
            self.create_campaign(name, company_id=company.id) for name in ("One", "Two", "Three")
        )
        self.create_contact(first, phone_1=NUMBER)
        again = self.import_rows(NUMBER, columns="phone", campaign=second, company_id=company.id)
        self.assert_counts(again, uploaded=1, duplicate=0)
        everywhere = {"columns": "phone", "duplicate_scope": "company"}
        contact_list = self.import_rows(
            NUMBER, OTHER, campaign=third, company_id=company.id, **everywhere
        )
        self.assert_counts(contact_list, uploaded=1, duplicate=1)

        company = self.create_company("Another")
        abroad = self.create_campaign("Abroad", company_id=company.id)
        contact_list = self.import_rows(
            NUMBER, campaign=abroad, company_id=company.id, **everywhere
        )
        self.assert_counts(contact_list, uploaded=1, duplicate=0)

    def create_company(self, name):
        germany = self.env.ref("base.de")
        return self.env["res.company"].create({"name": name, "country_id": germany.id})

    def close(self, *numbers):
        """Contacts with these numbers that are closed, in their order."""
        contacts = self.env["ecm.contact"]
        for number in numbers:
            contacts += self.create_contact(phone_1=number)
        contacts.action_withdraw()
        return contacts

    def test_closed_ones_in_the_last_days_only(self):
        old, called, _young = self.close(NUMBER, OTHER, THIRD)
        for contact in (old, called):
            self.age(contact, 40)
        called.sudo().last_attempt_at = fields.Datetime.now() - timedelta(days=3)
        contact_list = self.import_rows(
            NUMBER,
            OTHER,
            THIRD,
            NUMBER,
            columns="phone",
            duplicate_closed=True,
            duplicate_days=30,
        )
        self.assert_counts(contact_list, uploaded=1, duplicate=3)

    def test_an_open_contact_is_known_however_old(self):
        self.age(self.create_contact(phone_1=NUMBER), 400)
        contact_list = self.import_rows(
            NUMBER, columns="phone", duplicate_closed=True, duplicate_days=30
        )
        self.assert_counts(contact_list, uploaded=0, duplicate=1)

    def test_who_is_closed_and_uploaded_again_is_called_again(self):
        for policy in ("reject", "update"):
            with self.subTest(policy=policy):
                campaign = self.create_campaign(f"Again {policy}")
                closed = self.create_contact(campaign, phone_1=NUMBER, last_name="Old")
                closed.action_withdraw()
                rows = f"{NUMBER},A,New", f"{NUMBER},A,Twice"
                contact_list = self.import_rows(*rows, campaign=campaign, duplicate_policy=policy)
                self.assert_counts(contact_list, uploaded=1, updated=0, duplicate=1)
                again = self.contacts_of(campaign) - closed
                self.assertEqual((again.state, again.last_name), ("pending", "New"))
                self.assertEqual((closed.state, closed.last_name), ("withdrawn", "Old"))

    def test_closed_ones_count_where_the_list_says_so(self):
        self.close(NUMBER)
        for policy in ("reject", "update"):
            with self.subTest(policy=policy):
                contact_list = self.import_rows(
                    NUMBER, columns="phone", duplicate_policy=policy, duplicate_closed=True
                )
                self.assert_counts(contact_list, uploaded=0, updated=0, duplicate=1)

    # -- numbers that must not be called ----------------------------------------------------------

    def list_number(self, number):
        self.env["ecm.dnc.list"].create({"name": "Registry"}).api_add([number])

    def test_a_phone_that_moves_up_may_be_known(self):
        self.list_number(NUMBER)
        self.create_contact(phone_1=OTHER)
        contact_list = self.import_rows(
            f"{NUMBER},{OTHER}", f"{NUMBER},{THIRD}", columns="phone 1,phone 2"
        )
        self.assert_counts(contact_list, processed=2, uploaded=1, duplicate=1)
        self.assertEqual(
            contact_list.reject_ids.filtered(lambda reject: reject.reason == "duplicate").value,
            OTHER,
        )
        self.assertEqual(sorted(self.contacts_of(self.campaign).mapped("phone_1")), [OTHER, THIRD])
        self.assertEqual(contact_list.dnc_corporate_contacts, 1)

    def test_a_number_that_was_listed_since_is_known(self):
        contact = self.create_contact(phone_1=NUMBER, phone_2=OTHER, last_name="Old")
        self.list_number(NUMBER)
        for mode, last_name in (("append", "Old"), ("update", "New")):
            with self.subTest(mode=mode):
                columns = "phone 1,phone 2,last name"
                contact_list = self.import_rows(f"{NUMBER},{OTHER},New", columns=columns, mode=mode)
                self.assert_counts(contact_list, uploaded=0, duplicate=int(mode == "append"))
                self.assertEqual((contact.last_name, contact.phone_2), (last_name, OTHER))

    def test_a_contact_that_was_stored_without_its_listed_number_is_updated(self):
        self.list_number(NUMBER)
        row = f"{NUMBER},{OTHER}"
        self.import_rows(f"{row},Old", columns="phone 1,phone 2,last name")
        contact_list = self.import_rows(
            f"{row},New", columns="phone 1,phone 2,last name", mode="update"
        )
        self.assert_counts(contact_list, uploaded=0, updated=1)
        self.assertEqual(self.by_phone()[OTHER].last_name, "New")

    # -- any phone --------------------------------------------------------------------------------

    def test_any_phone_of_a_known_contact_is_compared_where_that_is_wanted(self):
        self.create_contact(phone_1=OTHER, phone_3=NUMBER)
        rows = (f"{NUMBER},", f"{THIRD},{OTHER}")
        columns = "phone 1,phone 2"
        contact_list = self.import_rows(*rows, columns=columns, duplicate_any_phone=True)
        self.assert_counts(contact_list, uploaded=0, duplicate=2)
        rejects = contact_list.reject_ids
        self.assertEqual(rejects.mapped("field_name"), ["phone_1", "phone_2"])
        contact_list = self.import_rows(*rows, columns=columns)
        self.assert_counts(contact_list, uploaded=2, duplicate=0)

    def test_any_phone_is_compared_within_the_file(self):
        contact_list = self.import_rows(
            f"{NUMBER},{OTHER}",
            f"{THIRD},{NUMBER}",
            columns="phone 1,phone 2",
            duplicate_any_phone=True,
            duplicate_scope="list",
        )
        self.assert_counts(contact_list, uploaded=1, duplicate=1)

    def test_a_listed_number_is_compared_as_well(self):
        self.create_contact(phone_1=THIRD, phone_2=OTHER)
        self.list_number(OTHER)
        contact_list = self.import_rows(
            f"{NUMBER},{OTHER}", columns="phone 1,phone 2", duplicate_any_phone=True
        )
        self.assert_counts(contact_list, uploaded=0, duplicate=1)

    def test_update_by_any_phone_prefers_the_one_with_the_number_in_front(self):
        behind = self.create_contact(phone_1=OTHER, phone_2=NUMBER, last_name="Behind")
        front = self.create_contact(phone_1=NUMBER, last_name="Front")
        contact_list = self.import_rows(
            f"{NUMBER},New", columns="phone,last name", mode="update", duplicate_any_phone=True
        )
        self.assert_counts(contact_list, updated=1, uploaded=0)
        self.assertEqual((front.last_name, behind.last_name), ("New", "Behind"))

    # -- update -----------------------------------------------------------------------------------

    def test_update_gives_open_contacts_new_values_and_keeps_the_rest(self):
        contact = self.create_contact(
            phone_1=NUMBER, first_name="Anna", last_name="Old", priority=3
        )
        contact.business_parameters = {
            "business_parameter_1": "kept",
            "business_parameter_2": "old",
        }
        self.env.flush_all()
        contact_list = self.import_rows(
            f"{NUMBER},,New,{OTHER},new",
            f"{THIRD},Clara,C,,",
            columns="phone 1,first name,last name,phone 2,business parameter 2",
            duplicate_policy="update",
        )
        self.assert_counts(contact_list, processed=2, updated=1, uploaded=1, duplicate=0)
        self.assertEqual(
            (
                contact.first_name,
                contact.last_name,
                contact.phone_2,
                contact.priority,
                contact.list_id.id,
            ),
            ("Anna", "New", OTHER, 3, False),
        )
        parameters = dict(contact.business_parameters)
        self.assertEqual(
            (parameters["business_parameter_1"], parameters["business_parameter_2"]),
            ("kept", "new"),
        )

    def test_update_leaves_closed_contacts_alone(self):
        contact = self.create_contact(phone_1=NUMBER, last_name="Old")
        contact.action_withdraw()
        contact_list = self.import_rows(f"{NUMBER},A,New", mode="update")
        self.assert_counts(contact_list, updated=0, uploaded=0, duplicate=1)
        self.assertEqual(contact.last_name, "Old")

    def test_update_prefers_the_open_contact_of_a_number(self):
        closed, still_open = (
            self.create_contact(phone_1=NUMBER),
            self.create_contact(phone_1=NUMBER),
        )
        closed.action_withdraw()
        self.import_rows(f"{NUMBER},A,New", mode="update")
        self.assertEqual((closed.last_name, still_open.last_name), (False, "New"))

    def test_update_of_a_number_twice_in_the_file(self):
        self.create_contact(phone_1=NUMBER)
        contact_list = self.import_rows(
            f"{NUMBER},A,First",
            f"{NUMBER},A,Last",
            f"{OTHER},B,First",
            f"{OTHER},B,Last",
            mode="update",
        )
        self.assert_counts(contact_list, processed=4, updated=2, uploaded=1, duplicate=1)
        contacts = self.by_phone()
        self.assertEqual((contacts[NUMBER].last_name, contacts[OTHER].last_name), ("Last", "First"))

    # -- overwrite --------------------------------------------------------------------------------

    def test_overwrite_withdraws_what_is_not_in_the_file(self):
        first = self.import_rows(f"{NUMBER},A,A", f"{OTHER},B,B")
        by_hand = self.create_contact(phone_1="+493023125009")
        second = self.import_rows(f"{OTHER},B,New", f"{THIRD},C,C", mode="overwrite")
        self.assert_counts(second, updated=1, uploaded=1, replaced=1)
        contacts = self.by_phone()
        self.assertEqual((contacts[NUMBER].state, contacts[NUMBER].list_id), ("withdrawn", first))
        self.assertIn("x.csv", contacts[NUMBER].withdraw_reason)
        self.assertEqual(
            (contacts[OTHER].state, contacts[OTHER].last_name, contacts[OTHER].list_id),
            ("pending", "New", second),
        )
        self.assertEqual((contacts[THIRD].state, by_hand.state), ("pending", "pending"))

    def test_overwrite_keeps_who_was_called(self):
        self.import_rows(f"{NUMBER},A,A")
        contact = self.by_phone()[NUMBER]
        self.env["ecm.attempt"].sudo().create(
            {
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.campaign.company_id.id,
                "key": "k1",
                "position": 1,
                "channel": "voice",
                "number": NUMBER,
                "claimed_at": fields.Datetime.now(),
            }
        )
        second = self.import_rows(f"{OTHER},B,B", mode="overwrite")
        self.assert_counts(second, uploaded=1, replaced=0)
        self.assertEqual(contact.state, "pending")

    def test_overwrite_that_fails_withdraws_nothing(self):
        self.import_rows(f"{NUMBER},A,A")
        content = f"phone\n{OTHER}\n".encode()
        contact_list = self.create_list_from(content, mode="overwrite")
        contact_list.attachment_id.raw = b"\x89PNG" + bytes(5000)
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertNotEqual(contact_list.replaced_count, 1)
        self.assertEqual(self.by_phone()[NUMBER].state, "pending")

    def test_overwriting_a_stopped_list_frees_its_contacts(self):
        contact_list = self.import_rows(NUMBER, OTHER, columns="phone")
        contact_list.action_stop()
        held = self.by_phone()
        self.assertEqual(held[NUMBER].block_reason, "list_stopped")
        corrected = self.import_rows(NUMBER, columns="phone", mode="overwrite")
        contact = self.by_phone()[NUMBER]
        self.assertEqual((contact.list_id, contact.is_ready), (corrected, True))
        self.assertFalse(contact.block_reason)

    def test_updating_leaves_the_contacts_of_a_stopped_list_held(self):
        contact_list = self.import_rows(NUMBER, columns="phone")
        contact_list.action_stop()
        self.import_rows(NUMBER, columns="phone", duplicate_policy="update")
        self.assertEqual(self.by_phone()[NUMBER].block_reason, "list_stopped")

    def test_what_a_claim_held_after_the_restart_is_let_go(self):
        contact_list = self.import_rows(NUMBER, OTHER, columns="phone")
        stopped = self.import_rows(THIRD, columns="phone")
        stopped.action_stop()
        self.env["ecm.contact"]._apply_verdicts(
            {self.by_phone()[NUMBER].id: Hold("list_stopped", contact_list.name)}
        )
        self.env["ecm.contact.list"]._cron_sweep_lists()
        self.env.invalidate_all()
        found = self.by_phone()
        ready = {number: found[number].is_ready for number in found}
        self.assertEqual(ready, {NUMBER: True, OTHER: True, THIRD: False})
