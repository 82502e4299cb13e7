from odoo.tests import HttpCase, tagged

from .test_bulk_actions import NUMBER, OTHER, BulkCase


@tagged("post_install", "-at_install")
class TestBulkTour(HttpCase, BulkCase):
    """What a supervisor does about many contacts in the browser, in few clicks (P2, P7, U1)."""

    # The screens' requests follow each other closely, and wait for one cursor.
    test_cursor_lock_timeout = 120

    def start(self, url, tour):
        self.start_tour(url, tour, login=self.supervisor.login, timeout=120)
        self.env.invalidate_all()

    def test_call_again_in_five_clicks(self):
        contact = self.create_contact(phone_1=NUMBER)
        self.call(contact, "busy")
        contact.sudo().write({"state": "retries_completed", "is_ready": False})
        self.start("/odoo/outbound-campaigns", "ecm_campaign_call_again")
        new = self.contacts_of(self.campaign) - contact
        self.assertEqual((new.again_from_id, new.state), (contact, "pending"))

    def test_a_wrong_file_is_undone_in_three_clicks(self):
        wrong = self.upload("phone\n+493023125003\n+493023125004\n")
        wrong.name = "wrong.csv"
        self.start("/odoo/outbound-lists", "ecm_campaign_wrong_file")
        self.assertFalse(self.contacts_of(self.campaign))
        self.assertEqual(wrong.state, "cancelled")

    def test_all_of_a_filter_is_changed(self):
        self.env.cr.execute("DELETE FROM ecm_attempt")
        self.env.cr.execute("DELETE FROM ecm_contact")
        self.env.invalidate_all()
        contacts = self.create_contacts(NUMBER, OTHER)
        self.start("/odoo/outbound-contacts", "ecm_campaign_change_in_bulk")
        self.assertEqual(contacts.mapped("priority"), [5, 5])

    def test_a_list_is_shared_with_another_campaign(self):
        second = self.create_campaign("Second offer")
        own = self.upload(f"phone\n{NUMBER}\n")
        own.name = "customers.csv"
        self.start("/odoo/outbound-lists", "ecm_campaign_share_list")
        shared = own.global_list_id
        self.assertEqual(shared.campaign_ids, self.campaign | second)
        self.assertEqual(shared.sharing, "turns")
