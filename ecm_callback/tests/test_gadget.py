import io
import zipfile
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.ecm_rest_api.tests.common import ApiCase

NUMBER = "+493023125000"
WORKS = "gadget works"


@tagged("post_install", "-at_install")
class TestGadget(ApiCase):
    """The gadget in a page that has what Finesse documents for gadgets (B9)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ecm.callback.skill"].search([]).active = False
        cls.campaign.callback_strategy_id = cls.env.ref("ecm_campaign.ecm_strategy_callback")
        cls.skill = cls.env["ecm.callback.skill"].create(
            {"name": "Front desk", "campaign_id": cls.campaign.id, "tz": "Europe/Berlin"}
        )
        cls.campaign.callback_skill_id = cls.skill
        cls.agent = cls.env["ecm.callback.agent"].create({"name": "anna", "tz": "Europe/Berlin"})

    def run_gadget(self, code, secret=None):
        """:param code: body of an async function of the desk"""
        self.env.flush_all()
        secret = self.secret if secret is None else secret
        self.browser_js(
            f"/ecm_callback/static/tests/finesse/desk.html?agent=anna&key={secret}",
            f"desk.run(async (desk) => {{ {code} }})",
            "window.desk && window.desk.isReady",
            success_signal=WORKS,
        )
        self.env.invalidate_all()

    def get_callbacks(self):
        return self.env["ecm.callback"].search([("skill_id", "=", self.skill.id)])

    def test_a_callback_is_promised(self):
        self.run_gadget("""
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            desk.ring({ callType: "ACD_IN" }, "03023125000", "1001");
            desk.expect("leading zero", desk.read("number"), "03023125000");
            desk.click("#ecm-personal");
            desk.type("last-name", "<b>Brandt</b>");
            await desk.until("slots", () => document.querySelector("#ecm-slots button"));
            desk.expect("zone", desk.read("zone"), "(Europe/Berlin)");
            desk.click("#ecm-slots button:last-child");
            desk.click("#ecm-submit");
            await desk.until("promised", () => desk.read("status").startsWith("Promised"));
            await desk.until("mine", () => desk.read("list").includes("Brandt"));
            desk.expect("text stays text", document.querySelectorAll("#ecm-list b").length, 0);
            desk.expect("height", desk.heights > 0, true);
        """)
        callback = self.get_callbacks()
        self.assertEqual((callback.number, callback.source), (NUMBER, "gadget"))
        self.assertEqual((callback.agent_id, callback.kind), (self.agent, "personal"))
        self.assertEqual(callback.last_name, "<b>Brandt</b>")

    def test_a_refusal_is_said_with_free_slots(self):
        self.run_gadget("""
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            desk.type("number", "12ab");
            desk.expect("hint", desk.read("number-hint").startsWith("Digits only"), true);
            desk.type("number", "+493023125000");
            desk.expect("no hint", desk.read("number-hint"), "");
            desk.click("#ecm-submit");
            desk.expect("when", desk.read("status").startsWith("Choose when"), true);
            desk.type("due", "2020-01-01T10:00");
            desk.click("#ecm-submit");
            await desk.until("refused", () => desk.read("status").includes("This time is over"));
            await desk.until("slots", () => document.querySelector("#ecm-slots button"));
            desk.click("#ecm-slots button");
            desk.click("#ecm-submit");
            await desk.until("promised", () => desk.read("status").startsWith("Promised"));
            desk.expect("only what every proxy knows", desk.methods.includes("PATCH"), false);
        """)
        self.assertEqual(self.get_callbacks().kind, "normal")

    def test_moved_and_cancelled(self):
        due_at = fields.Datetime.now() + timedelta(hours=3)
        values = {"number": NUMBER, "skill_id": self.skill.id, "agent_id": self.agent.id}
        callback = self.env["ecm.callback"].create({**values, "due_at": due_at})
        self.run_gadget("""
            await desk.until("mine", () => desk.read("list").includes("+493023125000"));
            desk.click("#ecm-list button");
            await desk.until("slots", () => document.querySelector("#ecm-slots button"));
            desk.click("#ecm-slots button");
            desk.click("#ecm-submit");
            await desk.until("moved", () => desk.read("status").startsWith("Promised"));
        """)
        self.assertEqual((callback.move_count, callback.state), (1, "scheduled"))
        self.assertNotEqual(callback.due_at, due_at)
        self.run_gadget("""
            await desk.until("mine", () => desk.read("list").includes("+493023125000"));
            desk.click("#ecm-list button:last-child");
            await desk.until("none", () => desk.read("list") === "None");
        """)
        self.assertEqual(callback.state, "cancelled")

    def test_a_callback_arrives(self):
        contact = self.create_contact(phone_1=NUMBER, first_name="Ida")
        attempt = self.env["ecm.attempt"].create(
            {
                "key": "ECM-GADGET-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "sent",
                "number": NUMBER,
                "claimed_at": fields.Datetime.now(),
            }
        )
        due_at = fields.Datetime.now()
        callback = self.env["ecm.callback"]._create_unchecked(
            {
                "number": NUMBER,
                "due_at": due_at,
                "promised_at": due_at,
                "skill_id": self.skill.id,
                "contact_id": contact.id,
                "state": "dialing",
                "note": "Wants an offer",
            }
        )
        self.run_gadget(f"""
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            const call = {{ BAAccountNumber: "{attempt.key}", BACustomerNumber: "{NUMBER}" }};
            desk.ring({{ callType: "OUTBOUND", ...call }}, "1001", "93023125000");
            desk.expect("number", desk.read("number"), "{NUMBER}");
            await desk.until("note", () => desk.read("status").includes("Wants an offer"));
            await desk.until("name", () => desk.read("first-name") === "Ida");
        """)
        self.assertTrue(callback.acknowledged_at)

    def test_who_hides_the_number(self):
        self.run_gadget("""
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            desk.ring({ callType: "ACD_IN" }, "anonymous", "1001");
            desk.expect("number", desk.read("number"), "");
            desk.expect("says so", desk.read("status").includes("hides the number"), true);
        """)

    def test_the_gadget_asks_for_a_code(self):
        action = self.agent.with_user(self.user).action_make_desktop_code()
        code = action["params"]["message"].split(",")[0]
        self.run_gadget(
            f"""
            await desk.until("asks", () => !document.getElementById("ecm-pair").hidden);
            desk.expect("why", desk.read("status").startsWith("This desktop needs a code"), true);
            desk.type("code", "22222-22222");
            desk.click("#ecm-pair button");
            await desk.until("wrong", () => desk.read("status").includes("is not good"));
            desk.type("code", "{code}");
            desk.click("#ecm-pair button");
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            desk.expect("no more", document.getElementById("ecm-pair").hidden, true);
            desk.expect("kept", localStorage.getItem("ecm-callback-key-anna").length, 40);
            """,
            secret="",
        )
        self.agent.action_revoke_desktops()
        self.run_gadget(
            """
            localStorage.setItem("ecm-callback-key-anna", "0".repeat(40));
            ecmCallback.init();
            await desk.until("anew", () => desk.read("status").includes("needs a new code"));
            desk.expect("gone", localStorage.getItem("ecm-callback-key-anna"), null);
            """,
            secret="",
        )

    def test_the_package_holds_no_key(self):
        administrator = self.create_user("administrator", login="ecm_gadget_administrator")
        self.authenticate(administrator.login, administrator.login)
        response = self.url_open("/ecm_callback/finesse/gadget.zip")
        config = zipfile.ZipFile(io.BytesIO(response.content)).read("config.js").decode()
        self.assertNotIn('"key"', config)

    def test_a_wrong_key_is_told(self):
        self.run_gadget(
            """await desk.until("why", () =>
                document.getElementById("ecm-status").dataset.kind === "error");""",
            secret="wrong",
        )

    def test_every_field_has_a_label(self):
        self.run_gadget("""
            await desk.until("the form", () => !document.getElementById("ecm-form").hidden);
            for (const field of document.querySelectorAll("input, select, textarea")) {
                desk.expect(field.id, field.labels.length > 0, true);
            }
        """)

    def test_the_package(self):
        self.authenticate(self.user.login, self.user.login)
        self.assertEqual(self.url_open("/ecm_callback/finesse/gadget.zip").status_code, 403)
        administrator = self.create_user("administrator")
        self.authenticate(administrator.login, administrator.login)
        response = self.url_open("/ecm_callback/finesse/gadget.zip")
        package = zipfile.ZipFile(io.BytesIO(response.content))
        names = {"callback.xml", "callback.js", "callback.css", "config.js"}
        self.assertEqual(set(package.namelist()), names)
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        self.assertIn(base, package.read("config.js").decode())
