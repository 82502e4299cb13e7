from .common import ApiCase

PAGE = "https://finesse.example.com:8445"


class TestPages(ApiCase):
    """Pages of other servers, and the page of the API's document."""

    def ask(self, origin, **options):
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Authorization": ""}
        return self.call("OPTIONS", "/contacts", headers=headers, **options)

    def test_pages_of_other_servers_may_not_call(self):
        self.assertProblem(self.ask(PAGE), "forbidden", 403)
        answer = self.get("/whoami", headers={"Origin": PAGE})
        self.assertEqual(answer.status_code, 200)
        self.assertNotIn("Access-Control-Allow-Origin", answer.headers)

    def test_pages_that_the_settings_name_may(self):
        settings = self.env["ecm.api.settings"].create({"cors_origins": f"{PAGE} http://a.example"})
        settings.action_save()
        answer = self.ask(PAGE)
        self.assertEqual(answer.status_code, 204, answer.text)
        self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
        self.assertIn("Idempotency-Key", answer.headers["Access-Control-Allow-Headers"])
        # Errors must be readable as well.
        for path, status in (("/whoami", 200), ("/nowhere", 404)):
            answer = self.get(path, headers={"Origin": PAGE})
            self.assertEqual(answer.status_code, status)
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], PAGE)
        self.assertProblem(self.ask("https://evil.example.com"), "forbidden", 403)

    def test_what_is_no_origin_is_refused(self):
        for text in ("finesse", "https://a.example/path", "*", "ftp://a.example"):
            settings = self.env["ecm.api.settings"].create({"cors_origins": text})
            with self.subTest(text), self.assertRaisesRegex(Exception, "no origin"):
                settings.action_save()

    def test_the_page_loads_nothing_from_elsewhere(self):
        page = self.call("GET", "/docs", headers={"Authorization": ""})
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("//cdn", page.text)
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
            self.assertIn(f"/ecm/api/v1/docs/{name}", page.text)
            part = self.call("GET", f"/docs/{name}", headers={"Authorization": ""})
            self.assertEqual(part.status_code, 200)
            self.assertIn("max-age", part.headers["Cache-Control"])
        other = self.call("GET", "/docs/secrets.txt", headers={"Authorization": ""})
        self.assertProblem(other, "invalid", 422, "name")

    def test_settings_hold_at_once(self):
        settings = self.env["ecm.api.settings"].create(
            {"rate_limit": 7, "log_calls": "errors", "log_details": True}
        )
        settings.action_save()
        self.assertEqual(self.get("/whoami").headers["RateLimit-Limit"], "7")
        self.get("/nowhere")
        calls = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual(calls.mapped("status"), [404])
        again = self.env["ecm.api.settings"].create({})
        self.assertEqual(
            (again.rate_limit, again.log_calls, again.log_details), (7, "errors", True)
        )
        again.log_details = False
        again.action_save()
        self.assertFalse(self.env["ecm.api.settings"].create({}).log_details)
