from odoo.exceptions import AccessError, MissingError, ValidationError

from .common import ApiCase

FILE = b"phone_1;last_name\n+493023125001;Au\n12;Berg\n+493023125002;Cho\n"
CSV = {"Content-Type": "text/csv"}


class TestLists(ApiCase):
    """Files and dialing lists (requirements L1, L3, L7, L8)."""

    def upload(self, content=FILE, query="", **options):
        path = f"/campaigns/{self.campaign.id}/files{query}"
        return self.post(path, content, headers=options.pop("headers", CSV), **options)

    def test_a_file_is_read_in_the_background_and_its_address_says_how_far(self):
        response = self.upload(query="?file_name=shop.csv&mode=append")
        self.assertEqual(response.status_code, 202, response.text)
        queued = response.json()
        self.assertEqual((queued["name"], queued["state"]), ("shop.csv", "queued"))
        self.assertEqual((queued["source"], queued["processed"]), ("api", 0))
        location = response.headers["Location"]
        self.assertEqual(location, f"/ecm/api/v1/lists/{queued['id']}")
        self.env["ecm.contact.list"]._cron_import()
        path = location.removeprefix("/ecm/api/v1")
        done = self.get(path).json()
        self.assertEqual((done["state"], done["progress_percent"]), ("done", 100.0))
        self.assertEqual((done["processed"], done["uploaded"], done["failed"]), (3, 2, 1))
        [error] = self.get(f"{path}/errors").json()["items"]
        self.assertEqual((error["line"], error["field"], error["value"]), (3, "phone_1", "12"))
        self.assertTrue(error["detail"])
        file = self.get(f"{path}/errors.csv")
        self.assertEqual(file.headers["Content-Type"], "text/csv; charset=utf-8")
        self.assertIn("12", file.text)
        listed = self.get(f"/lists?campaign_id={self.campaign.id}").json()["items"]
        self.assertEqual([one["id"] for one in listed], [done["id"]])

    def test_a_file_in_a_form_as_curl_sends_it(self):
        url = self.base_url() + f"/ecm/api/v1/campaigns/{self.campaign.id}/files"
        self.env.flush_all()
        response = self.opener.post(
            url,
            files={"file": ("form.csv", FILE, "text/csv")},
            headers={"Authorization": f"Bearer {self.secret}"},
            timeout=30,
        )
        self.assertEqual(response.status_code, 202, response.text)
        self.assertEqual(response.json()["file_name"], "form.csv")

    def test_what_is_no_file(self):
        self.assertProblem(self.upload(b""), "invalid", 422, "file")
        self.assertProblem(self.upload(b"\x89PNG\r\n\x1a\n" + b"\0" * 50), "invalid", 422, "file")
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        self.assertProblem(self.upload(b"--x--\r\n", headers=headers), "invalid", 422, "file")
        self.assertProblem(self.upload(query="?mode=x"), "invalid", 422, "mode")
        self.assertProblem(self.upload(query="?profile_id=2147483647"), "not-found", 404)
        self.env["ir.config_parameter"].set_param("ecm_rest_api.max_file_mb", "1")
        self.assertProblem(self.upload(FILE * 30_000), "too-large", 413)

    def test_errors_come_in_pages(self):
        rows = b"".join(b"%d\n" % number for number in range(5))
        found = self.upload(b"phone_1\n+493023125001\n" + rows).json()
        self.env["ecm.contact.list"]._cron_import()
        path = f"/lists/{found['id']}/errors"
        first = self.get(f"{path}?limit=3").json()
        rest = self.get(f"{path}?limit=3&cursor={first['next_cursor']}").json()
        lines = [one["line"] for one in first["items"] + rest["items"]]
        self.assertEqual((lines, rest["next_cursor"]), ([3, 4, 5, 6, 7], None))
        self.assertProblem(self.get(f"{path}?cursor=x"), "invalid", 422, "cursor")

    def test_a_list_that_is_filled_by_calls(self):
        body = {"campaign_id": self.campaign.id, "name": "VIP", "date_end": "2099-01-01T00:00:00Z"}
        made = self.post("/lists", body)
        self.assertEqual(made.status_code, 201, made.text)
        number = made.json()["id"]
        self.assertEqual((made.json()["state"], made.json()["calling"]), ("done", "active"))
        rows = [{"phones": ["+493023125001"]}]
        bulk = {"campaign_id": self.campaign.id, "contacts": rows, "list_id": number}
        self.assertEqual(self.post("/contacts/bulk", bulk).json()["created"], 1)
        stopped = self.post(f"/lists/{number}/stop", None).json()
        self.assertEqual((stopped["calling"], stopped["pending"]), ("stopped", 1))
        self.assertEqual(self.post(f"/lists/{number}/restart", None).json()["calling"], "active")
        changed = self.call("PATCH", f"/lists/{number}", {"name": "VIP 2", "date_end": None}).json()
        self.assertEqual((changed["name"], changed["date_end"]), ("VIP 2", None))
        wrong = {"date_start": "2026-01-02T00:00:00Z", "date_end": "2026-01-01T00:00:00Z"}
        self.assertProblem(self.call("PATCH", f"/lists/{number}", wrong), "invalid", 422)
        nameless = self.call("PATCH", f"/lists/{number}", {"name": None})
        self.assertProblem(nameless, "invalid", 422, "name")

    def test_a_file_that_is_cancelled(self):
        number = self.upload().json()["id"]
        self.assertEqual(self.post(f"/lists/{number}/cancel", None).json()["state"], "cancelled")

    def test_who_may_not_and_what_is_of_others(self):
        number = self.upload().json()["id"]
        agent = self.create_user("agent", login="ecm_lists_agent")
        _key, secret = self.create_key("Agent", user=agent)
        self.assertProblem(self.upload(secret=secret), "forbidden", 403)
        self.assertProblem(
            self.post(f"/lists/{number}/stop", None, secret=secret), "forbidden", 403
        )
        body = {"campaign_id": self.campaign.id, "name": "VIP"}
        self.assertProblem(self.post("/lists", body, secret=secret), "forbidden", 403)
        _key, secret = self.create_key("Reader", "contacts:read")
        self.assertProblem(self.upload(secret=secret), "scope", 403)

        company = self.env["res.company"].create({"name": "Foreign company"})
        foreigner = self.create_user(
            "administrator",
            login="ecm_lists_foreign",
            company_ids=[(6, 0, company.ids)],
            company_id=company.id,
        )
        _key, secret = self.create_key("Foreign", user=foreigner)
        self.assertProblem(self.upload(secret=secret), "not-found", 404)
        self.assertProblem(self.post("/lists", body, secret=secret), "not-found", 404)
        self.assertEqual(self.get("/lists", secret=secret).json()["items"], [])
        for method, part, body in (
            ("GET", "", None),
            ("PATCH", "", {"name": "x"}),
            ("POST", "/stop", None),
            ("POST", "/restart", None),
            ("POST", "/cancel", None),
            ("GET", "/errors", None),
            ("GET", "/errors.csv", None),
        ):
            with self.subTest(f"{method} {part}"):
                response = self.call(method, f"/lists/{number}{part}", body, secret=secret)
                self.assertProblem(response, "not-found", 404)

    def test_the_verbs(self):
        lists = self.env["ecm.contact.list"].with_user(self.user)
        made = lists.api_create(self.campaign.id, {"name": "VIP", "duplicates": "allow"})
        self.assertEqual(lists.api_get_status(made["id"])["name"], "VIP")
        lists.api_update(made["id"], {"date_start": "2099-01-01T00:00:00Z"})
        self.assertEqual(lists.api_get_status(made["id"])["calling"], "planned")
        self.assertEqual(lists.api_read_errors(made["id"]), [])
        for wrong in ({}, {"name": "x", "state": "done"}, {"name": "x", "duplicates": "y"}):
            with self.subTest(str(wrong)), self.assertRaises(ValidationError):
                lists.api_create(self.campaign.id, wrong)
        with self.assertRaises(MissingError):
            lists.api_get_status("1")
        agent = self.create_user("agent", login="ecm_lists_verbs")
        with self.assertRaises(AccessError):
            lists.with_user(agent).api_create(self.campaign.id, {"name": "VIP"})
