from unittest.mock import Mock, patch

from odoo import fields

from .common import ApiCase

PHONE = "+493023125001"


class TestRouters(ApiCase):
    """Campaigns, contacts and do-not-contact numbers (requirements C3, L3, L5, L10, N1, R4)."""

    def add(self, **values):
        return self.post(
            "/contacts", {"campaign_id": self.campaign.id, "phones": [PHONE], **values}
        )

    # -- campaigns ---------------------------------------------------------------------------------

    def test_campaigns_are_listed_in_pages_without_templates(self):
        for number in range(5):
            self.create_campaign(f"Page {number}")
        template = self.create_campaign("Page template")
        template.sudo().is_template = True
        first = self.get("/campaigns?name=Page&limit=3").json()
        self.assertEqual([one["name"] for one in first["items"]], ["Page 0", "Page 1", "Page 2"])
        rest = self.get(f"/campaigns?name=Page&limit=3&cursor={first['next_cursor']}").json()
        self.assertEqual([one["name"] for one in rest["items"]], ["Page 3", "Page 4"])
        self.assertIsNone(rest["next_cursor"])

    def test_a_cursor_of_ones_own_making(self):
        for cursor in ("x", "W10", "WyJhIl0", "ÿ", "WzEsMl0"):
            response = self.get("/campaigns", params={"cursor": cursor})
            self.assertProblem(response, "invalid", 422, "cursor")

    def test_one_campaign(self):
        found = self.get(f"/campaigns/{self.campaign.id}").json()
        self.assertEqual((found["name"], found["kind"]), ("Spring offer", "agent"))
        self.assertIs(found["is_running"], False)
        self.assertProblem(self.get("/campaigns/2147483647"), "not-found", 404)
        response = self.get("/campaigns/99999999999")
        self.assertProblem(response, "invalid", 422, "campaign_id")

    def test_counts_by_state(self):
        self.create_contact()
        self.create_contact().action_withdraw()
        stats = self.get(f"/campaigns/{self.campaign.id}/stats").json()
        self.assertEqual((stats["total"], stats["closed"]), (2, 1))
        self.assertEqual(stats["by_state"]["withdrawn"], 1)
        self.assertEqual(stats["by_state"]["connected"], 0)

    def test_start_says_what_is_missing(self):
        response = self.post(f"/campaigns/{self.campaign.id}/start", None)
        gap = self.campaign.get_start_gap()
        problem = self.assertProblem(response, "conflict", 409, gap["field"] or None)
        self.assertEqual(problem["detail"], gap["text"])

    def test_start(self):
        campaigns = type(self.env["ecm.campaign"])
        ready = patch.multiple(
            campaigns, _get_start_gap=Mock(return_value=None), _check_can_start=Mock()
        )
        with ready:
            response = self.post(f"/campaigns/{self.campaign.id}/start", None)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIs(response.json()["is_running"], True)
        self.assertTrue(self.campaign.is_running)

    def test_stop(self):
        self.env.cr.execute(
            "UPDATE ecm_campaign SET is_running = TRUE WHERE id = %s", [self.campaign.id]
        )
        self.env.invalidate_all()
        response = self.post(f"/campaigns/{self.campaign.id}/stop", None)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertIs(response.json()["is_running"], False)
        self.assertFalse(self.campaign.is_running)

    # -- contacts ----------------------------------------------------------------------------------

    def test_a_contact_is_added_with_all_that_a_file_may_bring(self):
        response = self.add(
            phones=["030 23125001", "+493023125002"],
            first_name="Anna",
            account_number="0815",
            email="anna@example.com",
            tz="Europe/Berlin",
            priority=5,
            consent_on="2026-11-01",
            business_parameters={"business_parameter_2": "gold"},
            not_before="2099-01-01T09:00:00+01:00",
        )
        self.assertEqual(response.status_code, 201, response.text)
        answer = response.json()
        contact = self.env["ecm.contact"].browse(answer["id"])
        self.assertEqual((contact.phone_1, contact.phone_2), (PHONE, "+493023125002"))
        self.assertEqual((contact.account_number, contact.priority), ("0815", 5))
        self.assertEqual(contact.not_before, fields.Datetime.to_datetime("2099-01-01 08:00:00"))
        self.assertEqual(answer["business_parameters"]["business_parameter_2"], "gold")
        self.assertEqual(answer["not_before"], "2099-01-01T08:00:00Z")
        self.assertEqual((answer["state"], answer["is_open"]), ("pending", True))
        self.assertEqual(self.get(f"/contacts/{contact.id}").json(), answer)

    def test_what_is_wrong_is_named_and_nothing_is_stored(self):
        wrong = {
            "phones.1": {"phones": [PHONE, "12"]},
            "phones": {"phones": []},
            "campaign_id": {"campaign_id": "x"},
            "first_name": {"first_name": "x" * 65},
            "last_name": {"last_name": "a\0b"},
            "surname": {"surname": "x"},
            "business_parameters.business_parameter_13": {
                "business_parameters": {"business_parameter_13": "x"}
            },
            "priority": {"priority": "5"},
            "consent_on": {"consent_on": 0},
            "not_before": {"not_before": "9999-01-01T00:00:00Z"},
        }
        for field, values in wrong.items():
            with self.subTest(field):
                self.assertProblem(self.add(**values), "invalid", 422, field)
        self.assertProblem(self.add(email="nobody"), "invalid", 422)
        self.assertProblem(self.add(tz="Mars"), "invalid", 422)
        self.assertFalse(self.contacts_of(self.campaign))

    def test_what_is_no_json(self):
        headers = {"Content-Type": "application/json"}
        response = self.post("/contacts", b'{"campaign_id": ', headers=headers)
        self.assertProblem(response, "malformed", 400)

    def test_a_number_that_the_campaign_knows(self):
        self.campaign.duplicate_policy = "reject"
        first = self.add().json()
        problem = self.assertProblem(self.add(), "conflict", 409, "phones.0")
        self.assertEqual(problem["contact_id"], first["id"])

    def test_a_campaign_that_is_not_there(self):
        self.assertProblem(self.add(campaign_id=2147483647), "not-found", 404)

    def test_contacts_are_found_by_phone_key_and_campaign(self):
        contact = self.create_contact(phone_1="+493023125009", account_number="K-1")
        for query in (
            {"phone": "030 23125009"},
            {"account_number": "K-1"},
            {"campaign_id": self.campaign.id, "state": "pending"},
        ):
            found = self.get("/contacts", params=query).json()["items"]
            self.assertIn(contact.id, [one["id"] for one in found], query)
        self.assertProblem(self.get("/contacts"), "invalid", 422, "campaign_id")

    def test_withdraw(self):
        contact = self.create_contact()
        answer = self.post(f"/contacts/{contact.id}/withdraw", {"reason": "Paid"}).json()
        self.assertEqual((answer["state"], answer["is_open"]), ("withdrawn", False))
        self.assertEqual(contact.withdraw_reason, "Paid")
        # Again, without a body: it stays as it is.
        response = self.post(f"/contacts/{contact.id}/withdraw", None)
        self.assertEqual(response.status_code, 200, response.text)
        self.assertEqual(contact.withdraw_reason, "Paid")

    def test_states_with_their_labels(self):
        states = {one["code"]: one for one in self.get("/contacts/states").json()}
        self.assertEqual(states["sent_to_dialer"]["label"], "Sent to Dialer")
        self.assertTrue(states["withdrawn"]["is_closed"])
        self.assertFalse(states["pending"]["is_closed"])

    # -- numbers -----------------------------------------------------------------------------------

    def test_check_a_number(self):
        free = self.get("/dnc/check", params={"number": "030 23125007"}).json()
        self.assertEqual(free, {"number": "+493023125007", "is_listed": False, "findings": []})
        wishes = self.env["ecm.dnc.list"]._get_wishes_of(self.env.company)
        wishes.api_add(["+493023125007"], "Asked for it")
        listed = self.get("/dnc/check", params={"number": "+493023125007"}).json()
        self.assertTrue(listed["is_listed"])
        self.assertEqual(listed["findings"][0]["reason"], "Asked for it")
        self.assertProblem(self.get("/dnc/check?number=12"), "invalid", 422, "number")
        self.assertProblem(self.get("/dnc/check"), "invalid", 422, "number")

    # -- who may -----------------------------------------------------------------------------------

    def test_each_route_asks_for_its_scope(self):
        contact = self.create_contact()
        _key, secret = self.create_key("Nothing", "dnc:read")
        campaign = f"/campaigns/{self.campaign.id}"
        asked = {
            ("GET", "/campaigns"): "campaigns:read",
            ("GET", campaign): "campaigns:read",
            ("GET", f"{campaign}/stats"): "campaigns:read",
            ("POST", f"{campaign}/start"): "campaigns:write",
            ("POST", f"{campaign}/stop"): "campaigns:write",
            ("GET", "/contacts"): "contacts:read",
            ("GET", "/contacts/states"): "contacts:read",
            ("GET", f"/contacts/{contact.id}"): "contacts:read",
            ("POST", "/contacts"): "contacts:write",
            ("POST", f"/contacts/{contact.id}/withdraw"): "contacts:write",
        }
        for (method, path), scope in asked.items():
            with self.subTest(f"{method} {path}"):
                problem = self.assertProblem(self.call(method, path, secret=secret), "scope", 403)
                self.assertEqual(problem["scopes"], [scope])
        self.assertEqual(
            self.get("/dnc/check?number=%2B493023125001", secret=secret).status_code, 200
        )
        _key, secret = self.create_key("No numbers", "campaigns:read")
        self.assertProblem(self.get("/dnc/check?number=1", secret=secret), "scope", 403)

    def test_every_route_is_for_somebody(self):
        """A route that forgets its scopes, or is not listed above."""
        document = self.call("GET", "/openapi.json", headers={"Authorization": ""}).json()
        open_to_all = []
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                if not operation.get("security"):
                    open_to_all.append((method, path))
        self.assertIn(("get", "/health"), open_to_all)
        # Those of modules that say so.
        is_public = self.env["ecm.api"]._is_public
        self.assertEqual([path for _method, path in open_to_all if not is_public(path)], [])

    def test_each_role_does_what_it_may_in_the_web_client(self):
        contact = self.create_contact()
        agent = self.create_user("agent", login="ecm_api_agent")
        _key, secret = self.create_key("Agent", user=agent)
        self.assertEqual(self.get(f"/contacts/{contact.id}", secret=secret).status_code, 200)
        for path, body in (
            (f"/contacts/{contact.id}/withdraw", {}),
            ("/contacts", {"campaign_id": self.campaign.id, "phones": [PHONE]}),
            (f"/campaigns/{self.campaign.id}/start", None),
            (f"/campaigns/{self.campaign.id}/stop", None),
        ):
            with self.subTest(path):
                self.assertProblem(self.post(path, body, secret=secret), "forbidden", 403)
        self.assertEqual(contact.state, "pending")

        stranger = self.env["res.users"].create({"name": "No role", "login": "ecm_no_role"})
        _key, secret = self.create_key("Stranger", user=stranger)
        for path in ("/campaigns", f"/contacts/{contact.id}", "/dnc/check?number=%2B493023125001"):
            with self.subTest(path):
                self.assertProblem(self.get(path, secret=secret), "forbidden", 403)

    def test_another_company_finds_nothing_of_ours(self):
        contact = self.create_contact()
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_api_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        _key, secret = self.create_key("Foreign", user=foreigner)
        self.assertEqual(self.get("/campaigns", secret=secret).json()["items"], [])
        phone = {"phone": contact.phone_1}
        self.assertEqual(self.get("/contacts", params=phone, secret=secret).json()["items"], [])
        for method, path, body in (
            ("GET", f"/campaigns/{self.campaign.id}", None),
            ("POST", f"/campaigns/{self.campaign.id}/stop", None),
            ("GET", f"/contacts/{contact.id}", None),
            ("POST", f"/contacts/{contact.id}/withdraw", {}),
            ("POST", "/contacts", {"campaign_id": self.campaign.id, "phones": [PHONE]}),
        ):
            with self.subTest(f"{method} {path}"):
                response = self.call(method, path, body, secret=secret)
                self.assertProblem(response, "not-found", 404)

    def test_a_key_sees_its_own_company_only(self):
        """Whoever works for two companies has a key for each."""
        company = self.env["res.company"].create({"name": "Second company"})
        self.user.company_ids |= company
        second = self.create_campaign("Of the second", company_id=company.id)
        self.assertProblem(self.get(f"/campaigns/{second.id}"), "not-found", 404)
        _key, secret = self.create_key("Second", company_id=company.id)
        self.assertEqual(self.get(f"/campaigns/{second.id}", secret=secret).status_code, 200)
        self.assertProblem(
            self.get(f"/campaigns/{self.campaign.id}", secret=secret), "not-found", 404
        )

    def test_a_user_who_works_for_a_company_no_more(self):
        company = self.env["res.company"].create({"name": "Second company"})
        self.user.company_ids |= company
        _key, secret = self.create_key("Second", company_id=company.id)
        self.user.company_ids -= company
        self.assertProblem(self.get("/whoami", secret=secret), "unauthenticated", 401)
