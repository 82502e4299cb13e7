from odoo.exceptions import AccessError, MissingError, ValidationError

from .common import ApiCase

NUMBER = "+493023125001"


class TestNumbersAndStrategies(ApiCase):
    """Do-not-contact lists, strategies and attempts (requirements N1, S1, F9)."""

    def make_foreign_key(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_numbers_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        return self.create_key("Foreign", user=foreigner)[1]

    # -- do not contact ----------------------------------------------------------------------------

    def test_numbers_are_added_found_and_removed(self):
        made = self.post("/dnc/lists", {"name": "Complaints", "dnc_class": "compliance"})
        self.assertEqual(made.status_code, 201, made.text)
        found = self.env["ecm.dnc.list"].browse(made.json()["id"])
        self.assertEqual((found.company_id, found.dnc_class), (self.user.company_id, "compliance"))
        path = f"/dnc/lists/{found.id}"
        body = {"numbers": ["030 23125001", "x", NUMBER], "reason": "By mail"}
        answer = self.post(f"{path}/numbers", body)
        self.assertEqual(answer.json(), {"added": 1, "invalid": ["x"]})
        check = self.get("/dnc/check", params={"number": NUMBER}).json()
        self.assertIn("Complaints", [one["list"] for one in check["findings"]])
        [entry] = self.get(f"{path}/entries").json()["items"]
        self.assertEqual((entry["value"], entry["reason"]), (NUMBER, "By mail"))
        self.assertEqual(self.get(path).json()["entries"], 1)
        answer = self.post(f"{path}/numbers/remove", {"numbers": [NUMBER, "+49302"]})
        self.assertEqual(answer.json(), {"removed": 1})
        self.assertFalse(self.get("/dnc/check", params={"number": NUMBER}).json()["is_listed"])

    def test_a_list_for_some_campaigns_and_days(self):
        self.campaign.crm_campaign_id = "4711"
        body = {"name": "Some", "campaign_ids": ["crm:4711"], "date_from": "2026-11-01"}
        made = self.post("/dnc/lists", body).json()
        self.assertEqual(
            (made["campaign_ids"], made["date_from"]), ([self.campaign.id], "2026-11-01")
        )
        self.assertIn(
            made["id"], [one["id"] for one in self.get("/dnc/lists?limit=500").json()["items"]]
        )
        wrong = {"name": "Some", "date_from": "9999-01-01"}
        self.assertProblem(self.post("/dnc/lists", wrong), "invalid", 422, "date_from")
        wrong = {"name": "Some", "for_sms": 0}
        self.assertProblem(self.post("/dnc/lists", wrong), "invalid", 422, "for_sms")
        wrong = {"name": "Some", "campaign_ids": ["crm:none"]}
        self.assertProblem(self.post("/dnc/lists", wrong), "not-found", 404)

    def test_numbers_of_those_who_may_not(self):
        number = self.post("/dnc/lists", {"name": "Complaints"}).json()["id"]
        agent = self.create_user("agent", login="ecm_numbers_agent")
        _key, secret = self.create_key("Agent", user=agent)
        _key, reader = self.create_key("Reader", "dnc:read")
        foreign = self.make_foreign_key()
        for path, body in (
            ("/dnc/lists", {"name": "x"}),
            (f"/dnc/lists/{number}/numbers", {"numbers": [NUMBER]}),
            (f"/dnc/lists/{number}/numbers/remove", {"numbers": [NUMBER]}),
        ):
            with self.subTest(path):
                self.assertProblem(self.post(path, body, secret=secret), "forbidden", 403)
                self.assertProblem(self.post(path, body, secret=reader), "scope", 403)
                if "numbers" in path:
                    self.assertProblem(self.post(path, body, secret=foreign), "not-found", 404)
        for path in (f"/dnc/lists/{number}", f"/dnc/lists/{number}/entries"):
            self.assertProblem(self.get(path, secret=foreign), "not-found", 404)

    # -- strategies --------------------------------------------------------------------------------

    def test_a_strategy_is_made_and_read_as_it_was_written(self):
        body = {
            "name": "Two tries",
            "max_attempts": 4,
            "attempts": [
                {
                    "channel": "voice",
                    "phone": 1,
                    "rules": [
                        {
                            "outcome": "busy",
                            "attempt": 1,
                            "delay_minutes": 15,
                            "max_retry": 2,
                            "then_attempt": 2,
                        },
                        {"outcome": "no_answer", "attempt": 2, "delay_hours": 4},
                    ],
                },
                {"phone": 2},
            ],
        }
        response = self.post("/strategies", body)
        self.assertEqual(response.status_code, 201, response.text)
        made = response.json()
        strategy = self.env["ecm.strategy"].browse(made["id"])
        self.assertEqual((strategy.max_attempts, strategy.is_capped), (4, True))
        self.assertEqual(strategy.company_id, self.user.company_id)
        first, second = strategy.attempt_ids
        busy, no_answer = first.rule_ids
        self.assertEqual((busy.next_attempt_id, busy.branch_attempt_id), (first, second))
        self.assertEqual((no_answer.delay_hours, no_answer.next_attempt_id), (4, second))
        self.assertEqual(self.get(f"/strategies/{strategy.id}").json(), made)
        self.assertEqual(made["problems"], [])
        self.assertEqual(made["attempts"][0]["rules"][0]["then_attempt"], 2)

        # What the API shows it also takes.
        again = {
            name: value
            for name, value in made.items()
            if name not in ("id", "is_locked", "problems")
        }
        again = self.post("/strategies", {**again, "name": "Again"})
        self.assertEqual(again.status_code, 201, again.text)
        self.assertEqual(again.json()["attempts"], made["attempts"])
        listed = self.get("/strategies?limit=500").json()["items"]
        self.assertIn(made["id"], [one["id"] for one in listed])

    def test_a_simple_strategy(self):
        rules = [{"outcome": "busy", "action": "again", "max_retry": 1, "delay_minutes": 5}]
        body = {"name": "Simple", "kind": "simple", "attempts": [{}, {"phone": 2}], "rules": rules}
        made = self.post("/strategies", body).json()
        strategy = self.env["ecm.strategy"].browse(made["id"])
        self.assertEqual(strategy.simple_rule_ids.outcome_id.code, "busy")
        self.assertEqual(made["rules"][0]["action"], "again")

    def test_what_is_wrong_of_a_strategy_is_named(self):
        rule = {"outcome": "busy", "attempt": 1}
        cases = {
            "attempts": [],
            "attempts.0.phone": [{"phone": 6}],
            "attempts.0.channel": [{"channel": "pigeon"}],
            "attempts.0.rules.0.outcome": [{"rules": [{"outcome": "gone"}]}],
            "attempts.0.rules.1.attempt": [{"rules": [rule, {"outcome": "fax", "attempt": 7}]}],
            "attempts.0.rules.0.x": [{"rules": [{**rule, "x": 1}]}],
            "attempts.0.rules.0.suppresses": [{"rules": [{**rule, "suppresses": 1}]}],
        }
        for field, attempts in cases.items():
            with self.subTest(field):
                response = self.post("/strategies", {"name": "Wrong", "attempts": attempts})
                self.assertProblem(response, "invalid", 422, field)
        self.assertFalse(self.env["ecm.strategy"].search([("name", "=", "Wrong")]))

    def test_outcomes_that_rules_are_about(self):
        found = self.get("/strategies/outcomes").json()
        self.assertIn("no_answer", [one["code"] for one in found])

    def test_attempts_of_a_contact(self):
        contact = self.create_contact()
        values = {
            "contact_id": contact.id,
            "campaign_id": self.campaign.id,
            "company_id": self.campaign.company_id.id,
            "channel": "voice",
            "claimed_at": "2026-11-29 08:00:00",
        }
        busy = self.env.ref("ecm_campaign.ecm_outcome_busy")
        first = self.env["ecm.attempt"].create(
            {**values, "key": "a-1", "state": "done", "outcome_id": busy.id, "number": NUMBER}
        )
        self.env["ecm.attempt"].create({**values, "key": "a-2", "state": "sent"})
        found = self.get(f"/contacts/{contact.id}/attempts").json()["items"]
        self.assertEqual([one["state"] for one in found], ["done", "sent"])
        self.assertEqual((found[0]["id"], found[0]["outcome"]), (first.id, "busy"))
        self.assertEqual(
            (found[0]["number"], found[0]["sent_at"]), (NUMBER, "2026-11-29T08:00:00Z")
        )

    def test_strategies_of_those_who_may_not(self):
        body = {"name": "Wrong", "attempts": [{}]}
        agent = self.create_user("agent", login="ecm_strategies_agent")
        _key, secret = self.create_key("Agent", user=agent)
        self.assertProblem(self.post("/strategies", body, secret=secret), "forbidden", 403)
        _key, secret = self.create_key("Reader", "strategies:read")
        self.assertProblem(self.post("/strategies", body, secret=secret), "scope", 403)
        made = self.post("/strategies", {**body, "name": "Ours"}).json()
        contact = self.create_contact()
        foreign = self.make_foreign_key()
        for path in (f"/strategies/{made['id']}", f"/contacts/{contact.id}/attempts"):
            self.assertProblem(self.get(path, secret=foreign), "not-found", 404)

    def test_the_verbs(self):
        agent = self.create_user("agent", login="ecm_verbs_of_strategies")
        strategies = self.env["ecm.strategy"].with_user(agent)
        self.assertTrue(strategies.api_get(self.strategy.id)["attempts"])
        self.assertTrue(strategies.api_list_outcomes())
        with self.assertRaises(AccessError):
            strategies.api_create({"name": "x", "attempts": [{}]})
        with self.assertRaises(MissingError):
            strategies.api_get(2147483647)
        lists = self.env["ecm.dnc.list"].with_user(agent)
        with self.assertRaises(AccessError):
            lists.api_create({"name": "x"})
        lists = lists.with_user(self.user)
        made = lists.api_create({"name": "Complaints"})
        self.assertEqual(lists.api_get(made["id"]), made)
        with self.assertRaises(ValidationError):
            lists.api_create({"name": "x", "keeps_wishes": True})
        with self.assertRaises(MissingError):
            lists.api_get("x")
