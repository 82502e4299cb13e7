import json

from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestCallbacks(HttpCase):
    """What a gateway tells over HTTP: only with the secret, in any form (M2, M3)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gateway = cls.env["ecm.sms.gateway"].create({"name": "Calls back"})

    def get_path(self, kind, token=None):
        return f"/ecm_sms/{kind}/{self.gateway.id}/{token or self.gateway.token}"

    def get_reports(self):
        mine = [("gateway_id", "=", self.gateway.id)]
        return self.env["ecm.sms.report"].search(mine, order="id")

    def get_replies(self):
        return self.env["ecm.sms.reply"].search([("gateway_id", "=", self.gateway.id)])

    def post(self, kind, value):
        headers = {"Content-Type": "application/json"}
        body = value if isinstance(value, str) else json.dumps(value)
        return self.url_open(self.get_path(kind), data=body, headers=headers)

    def test_reports_in_the_address_a_form_and_json(self):
        answer = self.url_open(f"{self.get_path('report')}?key=a&status=1")
        self.assertEqual((answer.status_code, answer.text), (200, ""))
        self.url_open(self.get_path("report"), data={"key": "b", "status": "2"})
        self.post("report", {"key": "c", "status": 8})
        self.post("report", [{"key": "d", "status": "1"}, "no object", {"status": "1"}])
        told = [(report.key, report.status) for report in self.get_reports()]
        self.assertEqual(told, [("a", "1"), ("b", "2"), ("c", "8"), ("d", "1")])

    def test_changed_settings_hold_for_the_next_call(self):
        """What is known of whoever calls is kept between calls."""
        self.url_open(f"{self.get_path('report')}?key=a&status=1")
        self.gateway.write({"report_key": "id", "report_status": "state"})
        self.url_open(f"{self.get_path('report')}?id=b&state=2")
        told = [(report.key, report.status) for report in self.get_reports()]
        self.assertEqual(told, [("a", "1"), ("b", "2")])
        old = self.get_path("report")
        self.gateway.action_renew_token()
        self.assertEqual(self.url_open(f"{old}?id=c&state=2").status_code, 404)
        new = self.get_path("report")
        self.assertEqual(self.url_open(f"{new}?id=c&state=2").status_code, 200)
        self.gateway.unlink()
        self.assertEqual(self.url_open(f"{new}?id=d&state=2").status_code, 404)

    def test_many_calls_ask_for_one_turn(self):
        triggers = self.env["ir.cron.trigger"]
        own = [("cron_id", "=", self.gateway.cron_id.id)]
        self.gateway.is_enabled = True
        triggers.search(own).unlink()
        for number in range(3):
            self.url_open(f"{self.get_path('report')}?key=k{number}&status=1")
        self.assertEqual(triggers.search_count(own), 1)

    def test_ten_thousand_at_once(self):
        rows = [{"key": f"k{number}", "status": "1"} for number in range(10_000)]
        self.assertEqual(self.post("report", rows).status_code, 200)
        self.assertEqual(len(self.get_reports()), 10_000)
        self.assertEqual(self.post("report", [*rows, rows[0]]).status_code, 400)

    def test_a_wrong_secret_tells_nothing(self):
        for kind in ("report", "reply"):
            answer = self.url_open(f"{self.get_path(kind, 'wrong')}?key=a&status=1&from=%2B4930")
            self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.get_reports() | self.get_reports())
        self.assertFalse(self.get_replies())

    def test_what_cannot_be_read_is_refused(self):
        for body in ("{", "[" * 100_000):
            self.assertEqual(self.post("report", body).status_code, 400)
        self.assertEqual(self.post("report", "17").status_code, 200)
        self.assertFalse(self.get_reports())

    def test_a_reply(self):
        path = f"{self.get_path('reply')}?from=%2B4930231250&text=Ja%20gerne&id=r1"
        self.assertEqual(self.url_open(path).status_code, 200)
        self.assertEqual(self.url_open(path).status_code, 200)
        self.assertEqual(self.get_replies().mapped("text"), ["Ja gerne"])

    def test_a_gateway_without_replies_takes_none(self):
        self.gateway.takes_replies = False
        answer = self.url_open(f"{self.get_path('reply')}?from=%2B4930231250&text=stop")
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.get_replies())
