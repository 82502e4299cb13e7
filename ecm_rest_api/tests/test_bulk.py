from odoo.exceptions import AccessError, ValidationError

from .common import ApiCase


class TestBulk(ApiCase):
    """Many contacts in one call, by REST and as a verb of the model (requirements L3, L5, L6, L9)."""

    def send(self, contacts, **values):
        body = {"campaign_id": self.campaign.id, "contacts": contacts, **values}
        return self.post("/contacts/bulk", body)

    def test_each_row_is_told_what_became_of_it(self):
        self.campaign.duplicate_policy = "reject"
        known = self.create_contact(phone_1="+493023125009")
        corporate = self.env["ecm.dnc.list"].create({"name": "Ours", "dnc_class": "corporate"})
        corporate.api_add(["+493023125008"])
        answer = self.send(
            [
                {"phones": ["+493023125001"], "last_name": "Au", "priority": 3},
                {"phones": ["12"]},
                {"phones": ["+493023125009"]},
                {"phones": ["+493023125008"]},
                {"phones": ["+493023125002"], "email": "nobody"},
                {"phones": ["+493023125001"]},
                {},
                {"phones": ["+493023125003"], "surname": "Au"},
                {"phones": []},
                {"phones": "x"},
                {"phones": ["+493023125004"], "not_before": "2099-01-01T09:00:00+01:00"},
                {"phones": ["+493023125005"], "business_parameters": {"business_parameter_2": "g"}},
            ],
            list_name="From the shop",
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        answer = answer.json()
        results = answer["results"]
        self.assertEqual([one["index"] for one in results], list(range(12)))
        self.assertEqual(
            [one["status"] for one in results],
            ["created", "rejected", "duplicate", "created", "created", "duplicate"]
            + ["rejected"] * 4
            + ["created"] * 2,
        )
        self.assertEqual(
            {name: answer[name] for name in ("created", "updated", "duplicate", "rejected")},
            {"created": 5, "updated": 0, "duplicate": 2, "rejected": 5},
        )
        fields = [one.get("field") for one in results]
        self.assertEqual(fields[1:3], ["phones.0", "phones.0"])
        self.assertEqual(fields[6:10], ["phones", "surname", "phones.0", "phones"])
        self.assertEqual(results[2]["id"], known.id)
        self.assertEqual(results[3]["state"], "dnc_listed")
        self.assertEqual(results[4]["warnings"][0]["field"], "email")

        contacts = self.env["ecm.contact"]
        first = contacts.browse(results[0]["id"])
        self.assertEqual((first.phone_1, first.last_name), ("+493023125001", "Au"))
        self.assertEqual((first.priority, first.state, first.is_ready), (3, "pending", True))
        late = contacts.browse(results[10]["id"])
        self.assertEqual((late.phone_1, late.is_ready), ("+493023125004", False))
        last = contacts.browse(results[11]["id"])
        self.assertEqual(last.phone_1, "+493023125005")
        self.assertEqual(last.business_parameters["business_parameter_2"], "g")
        found = self.env["ecm.contact.list"].browse(answer["list_id"])
        self.assertEqual((found.name, found.source, found.state), ("From the shop", "api", "done"))
        self.assertEqual(
            (found.uploaded_count, found.duplicate_count, found.failed_count), (5, 2, 5)
        )
        self.assertEqual(found.processed_count, 12)

    def test_ids_are_those_of_the_rows_also_of_one_number_twice(self):
        rows = [{"phones": ["+493023125001"], "last_name": f"N{n}"} for n in range(6)]
        rows[1]["not_before"] = rows[4]["not_before"] = "2099-01-01"
        results = self.send(rows, duplicates="allow").json()["results"]
        contacts = self.env["ecm.contact"].browse([one["id"] for one in results])
        self.assertEqual(contacts.mapped("last_name"), [f"N{n}" for n in range(6)])

    def test_known_contacts_are_updated(self):
        known = self.create_contact(phone_1="+493023125001")
        answer = self.send(
            [{"phones": ["+493023125001"], "last_name": "New"}, {"phones": ["+493023125002"]}],
            duplicates="update",
        ).json()
        self.assertEqual([one["status"] for one in answer["results"]], ["updated", "created"])
        self.assertEqual((answer["results"][0]["id"], known.last_name), (known.id, "New"))

    def test_contacts_come_into_a_list_that_is_there(self):
        first = self.send([{"phones": ["+493023125001"]}]).json()
        second = self.send([{"phones": ["+493023125002"]}], list_id=first["list_id"]).json()
        self.assertEqual(second["list_id"], first["list_id"])
        found = self.env["ecm.contact.list"].browse(first["list_id"])
        self.assertEqual((found.uploaded_count, found.contact_count), (2, 2))
        other = self.create_campaign("Other")
        answer = self.send([{"phones": ["+4930231"]}], list_id=found.id, campaign_id=other.id)
        self.assertProblem(answer, "invalid", 422, "list_id")

    def test_what_is_no_list_of_contacts(self):
        self.assertProblem(self.send([]), "invalid", 422, "contacts")
        self.assertProblem(self.send([{}], duplicates="x"), "invalid", 422, "duplicates")
        self.assertProblem(self.send([{}], campaign_id="12"), "invalid", 422, "campaign_id")
        self.assertProblem(self.send([{}], campaign_id="crm:none"), "not-found", 404)
        rows = [{"phones": ["+493023125001"]}] * 10_001
        self.assertProblem(self.send(rows), "invalid", 422, "contacts")

    def test_a_body_that_is_too_large(self):
        self.env["ir.config_parameter"].set_param("ecm_rest_api.max_bulk_kb", "1")
        rows = [{"phones": ["+493023125001"]}] * 100
        self.assertProblem(self.send(rows), "too-large", 413)

    def test_a_file_that_is_being_read_comes_first(self):
        lists = self.env["ecm.contact.list"]
        busy = self.create_list_from(b"phone_1\n+493023125001\n")
        response = self.send([{"phones": ["+493023125002"]}], list_id=busy.id)
        problem = self.assertProblem(response, "in-progress", 409)
        self.assertIn("Retry-After", response.headers)
        self.assertIn("minute", problem["detail"])
        lists._cron_import()

    def test_states_and_withdrawal_by_the_callers_own_keys(self):
        rows = [{"phones": [f"+49302312500{n}"], "account_number": f"K{n}"} for n in range(3)]
        ids = [one["id"] for one in self.send(rows).json()["results"]]
        body = {"account_numbers": ["K1", "K2", "none"]}
        found = self.post("/contacts/lookup", body).json()
        self.assertEqual({one["account_number"] for one in found}, {"K1", "K2"})
        self.assertEqual({one["state"] for one in found}, {"pending"})
        body = {"account_numbers": ["K1"], "contact_ids": [ids[2]], "reason": "Paid"}
        answer = self.post("/contacts/withdraw", body)
        self.assertEqual(sorted(answer.json()["contact_ids"]), sorted(ids[1:]))
        contacts = self.env["ecm.contact"].browse(ids)
        self.assertEqual(contacts.mapped("state"), ["pending", "withdrawn", "withdrawn"])
        self.assertEqual(contacts[1].withdraw_reason, "Paid")
        self.assertEqual(self.post("/contacts/withdraw", body).json()["contact_ids"], [])
        self.assertProblem(self.post("/contacts/withdraw", {}), "invalid", 422, "contact_ids")

    def test_an_empty_key_names_nobody(self):
        """Odoo's `in` takes an empty text for every record without one."""
        [kept] = self.send([{"phones": ["+493023125009"]}]).json()["results"]
        body = {"account_numbers": ["", "none"]}
        self.assertEqual(self.post("/contacts/lookup", body).json(), [])
        self.assertEqual(self.post("/contacts/withdraw", body).json()["contact_ids"], [])
        self.assertEqual(self.env["ecm.contact"].browse(kept["id"]).state, "pending")

    def test_the_verbs_are_for_those_who_may(self):
        agent = self.create_user("agent", login="ecm_bulk_agent")
        contacts = self.env["ecm.contact"].with_user(agent)
        with self.assertRaises(AccessError):
            contacts.api_add_contacts(self.campaign.id, [{"phones": ["+493023125001"]}])
        with self.assertRaises(AccessError):
            contacts.api_withdraw(account_numbers=["K1"])
        supervisor = self.env["ecm.contact"].with_user(self.user)
        for wrong in ("x", None, [1], ["x"] * 10_001):
            with self.subTest(str(wrong)[:20]), self.assertRaises(ValidationError):
                supervisor.api_get_states(wrong)
        for wrong in (["1"], [0], 5):
            with self.subTest(str(wrong)), self.assertRaises(ValidationError):
                supervisor.api_withdraw(contact_ids=wrong)
