import re
from html import unescape
from urllib.parse import urlsplit

from odoo.tests import HttpCase, tagged

from .common import EmailCase


@tagged("post_install", "-at_install")
class TestTracking(HttpCase, EmailCase):
    """Opening, clicking and opting out, as the reader's program does it (M7)."""

    def setUp(self):
        super().setUp()
        self.contact = self.create_people()
        [message] = self.turn()
        self.body = message.get_body(("html",)).get_content()
        self.email = self.get_email(self.contact)

    def find(self, what):
        url = unescape(re.search(rf'"([^"]*/ecm_email/{what}/[^"]*)"', self.body)[1])
        return urlsplit(url)._replace(scheme="", netloc="").geturl()

    def follow(self, path, **options):
        answer = self.url_open(path, allow_redirects=False, **options)
        self.env.invalidate_all()
        return answer

    def test_an_opening_is_noted_and_ends_nothing(self):
        answer = self.follow(self.find("open"))
        self.assertEqual(answer.headers["Content-Type"], "image/gif")
        self.turn()
        self.assertTrue(self.email.opened_at)
        self.assertEqual(self.contact.state, "email_sent")

    def test_a_click_leads_on_and_closes_the_contact(self):
        answer = self.follow(self.find("click"))
        self.assertEqual(answer.headers["Location"], "https://shop.example.com/?a=1&b=2")
        self.turn()
        self.assertEqual(self.contact.last_outcome_id.code, "email_clicked")
        self.assertEqual(self.contact.state, "email_replied")
        self.assertEqual(self.email.clicked_url, "https://shop.example.com/?a=1&b=2")

    def test_where_only_a_reply_counts_a_click_is_noted(self):
        self.email.ends_on = "reply"
        self.follow(self.find("click"))
        self.turn()
        self.assertEqual((bool(self.email.clicked_at), self.contact.state), (True, "email_sent"))

    def test_a_link_leads_nowhere_else(self):
        path = self.find("click").replace("shop.example.com", "evil.example.com")
        self.assertEqual(self.follow(path).status_code, 404)
        self.assertFalse(self.email.clicked_at)

    def test_opting_out_is_asked_first(self):
        path = self.find("opt_out")
        answer = self.follow(path)
        self.assertIn("p0@example.com", answer.text)
        self.assertFalse(self.email.opted_out_at)
        answer = self.follow(path, data={"List-Unsubscribe": "One-Click"})
        self.assertIn("gets no more e-mails", answer.text)
        self.assertTrue(self.env["mail.blacklist"].search([("email", "=", "p0@example.com")]))
        self.turn()
        self.assertEqual(self.contact.last_outcome_id.code, "email_opt_out")
        again = self.create_contact(self.emails, phone_1="+493023128888", email="p0@example.com")
        self.assertEqual(self.turn(), [])
        self.assertEqual(again.state, "dnc_listed")

    def test_an_unknown_token_learns_nothing(self):
        self.assertEqual(self.follow(f"/ecm_email/opt_out/{'x' * 32}").status_code, 404)
        self.assertEqual(self.follow(f"/ecm_email/open/{'x' * 32}.gif").status_code, 200)
