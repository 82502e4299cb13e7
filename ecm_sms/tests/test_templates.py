from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from ..tools.links import write_id
from .common import SmsCase

LINK = "https://acme.example/offer?a=1"


class TestTemplates(SmsCase):
    """What a message says to each contact, in how many parts, at what price (M4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.texts._label_parameters({"business_parameter_3": "Order number"})

    def create_order(self, number="A-7", **values):
        return self.create_contact(
            self.texts, business_parameters={"business_parameter_3": number}, **values
        )

    def send(self, body):
        """The text of the one message that is sent."""
        self.template.body = body
        [message] = self.turn()
        return message.text

    def test_a_business_parameter_by_its_label(self):
        self.create_order(first_name="Ann")
        text = self.send("Dear {{ First name }}, order {{ order NUMBER }} is on its way.")
        self.assertEqual(text, "Dear Ann, order A-7 is on its way.")

    def test_what_is_empty_has_its_stand_in(self):
        self.create_order(False)
        text = self.send("Dear {{ First name ||| customer }}: {{ Order number }}.")
        self.assertEqual(text, "Dear customer: .")

    def test_a_label_belongs_to_its_campaign(self):
        other = self.create_texts("Parcels", sms_template_id=self.template.id)
        other._label_parameters({"business_parameter_1": "Order number"})
        self.create_order("A-7")
        self.create_contact(other, business_parameters={"business_parameter_1": "P-1"})
        self.template.body = "{{ Order number }}"
        self.assertEqual({message.text for message in self.turn()}, {"A-7", "P-1"})

    def test_odoos_own_expressions_go_on_working(self):
        self.create_order(first_name="Ann")
        text = self.send("{{ object.first_name.upper() }} {{ Order number }}")
        self.assertEqual(text, "ANN A-7")

    def test_what_a_contact_is_called_computes_nothing(self):
        self.create_order("{{ object.env.user.login }}", first_name="{{ 1 + 1 }}")
        text = self.send("{{ First name }}: {{ Order number }}")
        self.assertEqual(text, "{{ 1 + 1 }}: {{ object.env.user.login }}")

    def test_a_field_that_there_is_not_keeps_the_campaign_from_starting(self):
        self.template.body = "{{ Order nr }}"
        campaign = self.create_texts("Gap", is_running=False)
        gap = campaign.get_start_gap()
        self.assertEqual(gap["field"], "sms_template_id")
        self.assertIn("Order nr", gap["text"])
        with self.assertRaises(UserError):
            campaign.action_start()

    def test_who_writes_messages_uses_names_and_no_code(self):
        supervisor = self.create_user("supervisor")
        supervisor.group_ids -= self.env.ref("mail.group_mail_template_editor")
        self.env.ref("base.group_user").implied_ids -= self.env.ref(
            "mail.group_mail_template_editor"
        )
        template = self.template.with_user(supervisor)
        template.body = "Hello {{ First name }} {{ Order number ||| you }}"
        with self.assertRaises(AccessError):
            template.body = "{{ object.env.user.password }}"

    # -- preview ----------------------------------------------------------------------------------

    def preview(self, **values):
        action = self.texts.action_preview_message()
        form = Form(self.env["ecm.sms.preview"].with_context(**action["context"]))
        for name, value in values.items():
            form[name] = value
        return form

    def test_the_preview_shows_what_a_contact_gets(self):
        self.create_order("A-1", first_name="Ann")
        second = self.create_order("B-2", first_name="Bob")
        self.template.body = "Dear {{ First name }}: {{ Order number }}"
        self.texts.sms_opt_out = "Reply STOP to end"
        self.gateway.write({"part_price": 0.075, "currency_id": self.env.ref("base.EUR").id})
        form = self.preview(contact_id=second)
        self.assertEqual(form.text, "Dear Bob: B-2\nReply STOP to end")
        self.assertIn("31 characters. Parts: 1, with 129 characters left.", form.length_text)
        self.assertEqual(form.price, "0.075 EUR")
        self.assertFalse(form.unicode_reason)
        self.assertIn("{{ Order number }}", form.merge_fields.replace("\N{NO-BREAK SPACE}", " "))
        self.assertFalse(self.turn_is_noted(), "nothing is written")

    def turn_is_noted(self):
        return self.env["ecm.sms.message"].search([("campaign_id", "=", self.texts.id)])

    def test_the_preview_says_what_makes_it_long(self):
        self.create_order()
        self.template.body = "ê" * 71
        form = self.preview()
        self.assertIn("Parts: 2", form.length_text)
        self.assertIn("ê", form.unicode_reason)

    def test_the_preview_says_what_is_wrong(self):
        self.assertIn("Upload contacts", self.preview().problem)
        self.create_order()
        for body, sentence in (
            ("{{ Order nr }}", "Order nr"),
            ("{{ 1 / 0 }}", "Failed to render"),
            ("x" * 3000, "empty or too long"),
        ):
            self.template.body = body
            self.assertIn(sentence, self.preview().problem)

    def test_odoos_own_preview_knows_the_fields_of_a_campaign(self):
        contact = self.create_order("A-7", first_name="Ann")
        other = self.create_contact(self.create_campaign("Calls"), phone_1="+493023129999")
        self.template.body = "Dear {{ First name }}: {{ Order number }}"
        previews = self.env["sms.template.preview"]
        form = Form(previews.with_context(default_sms_template_id=self.template.id))
        self.assertEqual(form.resource_ref, f"ecm.contact,{contact.id}")
        self.assertEqual(form.body, "Dear Ann: A-7")
        form.resource_ref = f"ecm.contact,{other.id}"
        self.assertIn("Calls has no field called Order number", form.body)

    def test_what_messages_cost_is_kept(self):
        self.gateway.write({"part_price": 0.05, "currency_id": self.env.ref("base.EUR").id})
        contact = self.create_order()
        self.send("x" * 161)
        message = contact.sms_message_ids
        self.assertEqual((message.parts, message.cost, message.currency_id.name), (2, 0.1, "EUR"))
        self.gateway.part_price = 0.07
        self.assertEqual(message.cost, 0.1)

    # -- links ------------------------------------------------------------------------------------

    def test_links_are_short_and_of_each_contact(self):
        self.texts.sms_counts_clicks = True
        contact = self.create_order("A-7")
        text = self.send(f"See {LINK}. Yours: https://a.example/{{{{ Order number }}}}")
        link = self.env["link.tracker"].search([("ecm_campaign_id", "=", self.texts.id)])
        self.assertEqual(link.url, LINK)
        own = f"{link.short_url}/e/{write_id(contact.id)}"
        self.assertEqual(text, f"See {own}. Yours: https://a.example/A-7")
        self.create_order("B-8")
        self.assertIn(link.short_url, self.send(f"Again {LINK}"))
        self.assertEqual(link.search_count([("url", "=", LINK)]), 1)

    def test_a_preview_is_as_long_as_the_message(self):
        self.texts.sms_counts_clicks = True
        contact = self.create_order()
        self.template.body = f"See {LINK} now"
        size = len(self.preview(contact_id=contact).text)
        self.assertFalse(self.env["link.tracker"].search([("url", "=", LINK)]))
        self.assertEqual(len(self.send(f"See {LINK} now")), size)

    def test_without_a_wish_links_stay(self):
        self.create_order()
        self.assertEqual(self.send(f"See {LINK}"), f"See {LINK}")


@tagged("post_install", "-at_install")
class TestClicks(HttpCase):
    """A click on a message's link is counted for its contact and its campaign (M4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        strategy = cls.env.ref("ecm_campaign.ecm_strategy_default")
        values = {"kind": "sms", "strategy_id": strategy.id, "tz": "UTC"}
        cls.campaign, cls.other = cls.env["ecm.campaign"].create(
            [{"name": "Clicked", **values}, {"name": "Not clicked", **values}]
        )
        cls.contact, cls.stranger = cls.env["ecm.contact"].create(
            [
                {"campaign_id": cls.campaign.id, "phone_1": "+493023125000"},
                {"campaign_id": cls.other.id, "phone_1": "+493023125000"},
            ]
        )
        links = cls.env["link.tracker"]._shorten_for_campaign([LINK], cls.campaign)
        cls.path = links[LINK].partition("/r/")[2]

    def click(self, who):
        headers = {"User-Agent": "Mozilla/5.0 (Android 15; Mobile)"}
        answer = self.url_open(f"/r/{self.path}/e/{who}", allow_redirects=False, headers=headers)
        self.env.invalidate_all()
        return answer

    def test_it_leads_on_and_is_counted(self):
        answer = self.click(write_id(self.contact.id))
        self.assertEqual((answer.status_code, answer.headers["Location"]), (301, LINK))
        self.assertEqual(len(self.contact.sms_click_ids), 1)
        self.assertEqual(self.campaign.sms_click_count, 1)
        self.assertEqual(self.contact.sms_click_ids.link_id.count, 1)
        self.assertEqual(self.contact.sms_click_ids.ecm_url, LINK)

    def test_it_is_seen_on_the_partner_and_among_the_results(self):
        partner = self.env["res.partner"].create({"name": "Ann", "phone": "+493023125000"})
        for _time in range(2):
            self.click(write_id(self.contact.id))
        said = [message for message in partner.message_ids if LINK in message.body]
        self.assertEqual(len(said), 1, "who comes back is told of once")
        self.assertIn("Clicked", said[0].body)

        self.campaign.sms_counts_clicks = True
        self.contact.last_attempt_at = "2026-03-02 09:00:00"
        [tile] = self.campaign.get_results()["tiles"]
        self.assertEqual((tile["what"], tile["count"], tile["percent"]), ("clicked", 1, 100))
        domain = self.campaign.action_open_results("clicked")["domain"]
        self.assertEqual(self.env["ecm.contact"].search(domain), self.contact)
        self.assertFalse(self.other.get_results()["tiles"])

    def test_whose_it_is_not_is_nobodys(self):
        for who in (write_id(self.stranger.id), write_id(2**31 - 1), "x" * 50, "-"):
            self.assertEqual(self.click(who).status_code, 301)
        self.assertFalse((self.contact | self.stranger).sms_click_ids)
        self.assertEqual((self.campaign.sms_click_count, self.other.sms_click_count), (0, 0))

    def test_a_link_that_there_is_not(self):
        answer = self.url_open("/r/NoSuchCode/e/1", allow_redirects=False)
        self.assertEqual(answer.status_code, 404)
