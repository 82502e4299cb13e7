from odoo import fields
from odoo.exceptions import AccessError, MissingError, ValidationError

from ..exceptions import WrongValue
from .common import ApiCase


class TestCampaignVerbs(ApiCase):
    """Campaigns made and changed by other systems (requirements C3, C10, R4)."""

    def create(self, **values):
        return self.post("/campaigns", {"strategy_id": self.strategy.id, **values})

    def test_a_campaign_and_its_life_by_the_crms_id(self):
        response = self.create(
            name="Autumn",
            crm_campaign_id="SB-1.4711",
            tz="Europe/Berlin",
            ttl_days=30,
            date_end="2099-01-01T09:00:00+01:00",
        )
        self.assertEqual(response.status_code, 201, response.text)
        made = response.json()
        campaign = self.env["ecm.campaign"].browse(made["id"])
        self.assertEqual(
            (campaign.name, campaign.tz, campaign.ttl_days), ("Autumn", "Europe/Berlin", 30)
        )
        self.assertEqual(campaign.date_end, fields.Datetime.to_datetime("2099-01-01 08:00:00"))
        self.assertEqual(made["date_end"], "2099-01-01T08:00:00Z")
        self.assertEqual(campaign.company_id, self.user.company_id)
        path = "/campaigns/crm:SB-1.4711"
        self.assertEqual(self.get(path).json(), made)
        changed = self.call("PATCH", path, {"name": "Autumn 2", "description": "x"})
        self.assertEqual(changed.status_code, 200, changed.text)
        self.assertEqual((campaign.name, campaign.description), ("Autumn 2", "x"))
        self.assertEqual(campaign.ttl_days, 30)
        self.call("PATCH", path, {"description": None})
        self.assertFalse(campaign.description)
        for name in ("name", "dangling_hours"):
            self.assertProblem(self.call("PATCH", path, {name: None}), "invalid", 422, name)
        stats = self.get(f"{path}/stats").json()
        self.assertEqual((stats["campaign_id"], stats["total"]), (campaign.id, 0))
        contact = {"campaign_id": "crm:SB-1.4711", "phones": ["+493023125001"]}
        self.assertEqual(self.post("/contacts", contact).json()["campaign_id"], campaign.id)
        self.assertEqual(self.call("DELETE", path).json(), {"id": campaign.id})
        self.assertProblem(self.get(path), "not-found", 404)

    def test_what_is_wrong_is_named(self):
        cases = {
            "name": {"name": "x"},
            "strategy_id": {"name": "Autumn", "strategy_id": 2147483647},
            "crm_campaign_id": {"name": "Autumn", "crm_campaign_id": "a b"},
            "kind": {"name": "Autumn", "kind": "letter"},
            "is_running": {"name": "Autumn", "is_running": True},
            "targets.x": {"name": "Autumn", "targets": {"x": 1}},
        }
        for field, values in cases.items():
            with self.subTest(field):
                self.assertProblem(self.create(**values), "invalid", 422, field)
        self.assertProblem(
            self.post("/campaigns", {"name": "Autumn"}), "invalid", 422, "strategy_id"
        )
        self.assertProblem(self.create(name="Autumn", tz="Mars"), "invalid", 422)
        self.create(name="Autumn", crm_campaign_id="1")
        self.assertProblem(self.create(name="Winter", crm_campaign_id="1"), "invalid", 422)
        self.assertProblem(self.create(name="Autumn"), "invalid", 422)

    def test_a_clone_has_the_settings_and_no_contacts(self):
        self.create_contact()
        self.campaign.write({"ttl_days": 12, "crm_campaign_id": "4711"})
        path = f"/campaigns/{self.campaign.id}/clone"
        response = self.post(path, {"name": "Again", "crm_campaign_id": "4712"})
        self.assertEqual(response.status_code, 201, response.text)
        clone = self.env["ecm.campaign"].browse(response.json()["id"])
        self.assertEqual((clone.ttl_days, clone.contact_count, clone.is_running), (12, 0, False))
        self.assertEqual(clone.crm_campaign_id, "4712")
        another = self.post(path, None).json()
        self.assertEqual((another["name"], another["crm_campaign_id"]), ("Spring offer 2", None))

    def test_a_campaign_from_a_template(self):
        self.campaign.ttl_days = 12
        self.campaign.action_save_template()
        template = (
            self.env["ecm.campaign"]
            .with_context(active_test=False)
            .search([("is_template", "=", True)], limit=1, order="id desc")
        )
        listed = self.get("/campaigns?templates=true").json()["items"]
        self.assertIn(template.id, [one["id"] for one in listed])
        made = self.post("/campaigns", {"name": "From it", "template_id": template.id}).json()
        self.assertEqual((made["ttl_days"], made["is_archived"]), (12, False))
        self.assertProblem(self.get(f"/campaigns/{template.id}"), "not-found", 404)

    def test_a_campaign_with_a_history_stays(self):
        contact = self.create_contact()
        self.env["ecm.attempt"].create(
            {
                "key": "verbs-1",
                "contact_id": contact.id,
                "campaign_id": self.campaign.id,
                "company_id": self.campaign.company_id.id,
                "channel": "voice",
                "state": "sent",
                "claimed_at": fields.Datetime.now(),
            }
        )
        self.assertProblem(self.call("DELETE", f"/campaigns/{self.campaign.id}"), "conflict", 409)

    def test_who_may_not_and_what_is_of_others(self):
        agent = self.create_user("agent", login="ecm_verbs_agent")
        _key, secret = self.create_key("Agent", user=agent)
        path = f"/campaigns/{self.campaign.id}"
        for method, where, body in (
            ("POST", "/campaigns", {"name": "Autumn", "strategy_id": self.strategy.id}),
            ("PATCH", path, {"name": "Autumn"}),
            ("DELETE", path, None),
            ("POST", f"{path}/clone", {}),
        ):
            with self.subTest(f"{method} {where}"):
                response = self.call(method, where, body, secret=secret)
                self.assertProblem(response, "forbidden", 403)
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_verbs_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        self.campaign.crm_campaign_id = "4711"
        _key, secret = self.create_key("Foreign", user=foreigner)
        for method, where, body in (
            ("GET", "/campaigns/crm:4711", None),
            ("PATCH", path, {"name": "Autumn"}),
            ("DELETE", path, None),
            ("POST", f"{path}/clone", {}),
            ("GET", f"/outcomes?campaign_id={self.campaign.id}", None),
            ("POST", "/contacts/bulk", {"campaign_id": self.campaign.id, "contacts": [{}]}),
            (
                "POST",
                "/contacts/lookup",
                {"campaign_id": self.campaign.id, "account_numbers": ["x"]},
            ),
        ):
            with self.subTest(f"{method} {where}"):
                response = self.call(method, where, body, secret=secret)
                self.assertProblem(response, "not-found", 404)

    def test_the_verbs_refuse_what_is_not_the_users(self):
        campaigns = self.env["ecm.campaign"].with_user(self.create_user("agent", login="ecm_va"))
        number = self.campaign.id
        self.assertEqual(campaigns.api_get(number)["name"], "Spring offer")
        self.assertEqual(campaigns.api_stats(number)["total"], 0)
        for verb, arguments in (
            ("api_create", ({"name": "Autumn", "strategy_id": self.strategy.id},)),
            ("api_update", (number, {"name": "Autumn"})),
            ("api_clone", (number,)),
            ("api_start", (number,)),
            ("api_stop", (number,)),
            ("api_delete", (number,)),
        ):
            with self.subTest(verb), self.assertRaises(AccessError):
                getattr(campaigns, verb)(*arguments)
        with self.assertRaises(MissingError):
            campaigns.api_get("crm:none")
        with self.assertRaises(ValidationError):
            self.env["ecm.campaign"].api_update(number, {"date_start": "soon"})
        for empty in (None, False, ""):
            with self.subTest(empty), self.assertRaises(WrongValue):
                self.env["ecm.campaign"].api_update(number, {"name": empty})
