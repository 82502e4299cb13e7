import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from odoo.tests import new_test_user, tagged

from odoo.addons.ecm_campaign.tests.common import TourCase

ANN, BOB, CEM = "+493023125000", "+493023125001", "+493023125002"


class Kannel(BaseHTTPRequestHandler):
    """Takes every message, as Kannel says it."""

    messages = []

    def do_GET(self):
        """One message."""
        query = parse_qs(urlsplit(self.path).query)
        self.messages.append({name: values[0] for name, values in query.items()})
        body = b"0: Accepted for delivery"
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Nothing of it stands in the log of the tests."""


@tagged("post_install", "-at_install")
class TestSmsTour(TourCase):
    """From the gateway's address to a reply and a STOP, in the browser, over real HTTP (M1 to M4)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Kannel.messages = []
        server = ThreadingHTTPServer(("127.0.0.1", 0), Kannel)
        cls.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.env.company.country_id = cls.env.ref("base.de")
        cls.env["sms.template"].create(
            {
                "name": "Text of the tour",
                "model_id": cls.env["ir.model"]._get_id("ecm.contact"),
                "body": "Hello {{ First name ||| there }}!",
            }
        )
        cls.people = {}
        for role in ("administrator", "supervisor"):
            groups = f"ecm_campaign.ecm_campaign_group_{role}"
            cls.people[role] = new_test_user(cls.env, login=f"ecm_sms_{role}", groups=groups)

    def tour(self, name, role="supervisor"):
        url = "/odoo/ecm-sms-gateways" if role == "administrator" else "/odoo/outbound-campaigns"
        cookies = {"ecm_sms_port": str(self.port)}
        login = self.people[role].login
        self.start_tour(url, name, login=login, cookies=cookies, timeout=180)
        self.env.invalidate_all()

    def turn(self, gateway):
        gateway._take_turn()
        self.env.invalidate_all()

    def tell(self, kind, gateway, query):
        answer = self.url_open(f"/ecm_sms/{kind}/{gateway.id}/{gateway.token}?{query}")
        self.assertEqual(answer.status_code, 200)

    def test_from_the_address_to_the_replies(self):
        self.tour("ecm_sms_connect", "administrator")
        gateway = self.env["ecm.sms.gateway"].search([("name", "=", "Gateway of the tour")])
        self.assertTrue(gateway.is_enabled)
        [test] = Kannel.messages
        self.assertEqual((test["to"], test["password"]), (ANN, "top-secret"))

        self.tour("ecm_sms_campaign")
        campaign = self.env["ecm.campaign"].search([("name", "=", "Tour of texts")])
        self.assertFalse(campaign.callback_strategy_id)
        people = {ANN: "Ann", BOB: "Bob", CEM: "Cem"}
        self.env["ecm.contact"].create(
            [
                {"campaign_id": campaign.id, "phone_1": number, "first_name": name}
                for number, name in people.items()
            ]
        )
        self.tour("ecm_sms_start")
        self.turn(gateway)
        sent = {message["to"]: message["text"] for message in Kannel.messages[1:]}
        expected = {number: f"Hello {name}!\nReply STOP to end" for number, name in people.items()}
        self.assertEqual(sent, expected)

        for attempt in self.env["ecm.attempt"].search([("campaign_id", "=", campaign.id)]):
            self.tell("report", gateway, f"key={attempt.key}&status=1")
        self.tell("reply", gateway, "from=%2B493023125000&text=Yes,%20gladly&id=r1")
        self.tell("reply", gateway, "from=%2B493023125001&text=STOP%20please&id=r2")
        self.turn(gateway)
        self.assertIn("no more messages", Kannel.messages[-1]["text"])
        self.tour("ecm_sms_replies")
