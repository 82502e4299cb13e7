from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from psycopg2.pool import PoolError

from odoo import fields
from odoo.exceptions import ConcurrencyError
from odoo.tools import mute_logger

from .common import ApiCase
from odoo.addons.fastapi.context import odoo_env_ctx

LOG = "odoo.service.model"


class TestCalls(ApiCase):
    """Key, scopes, errors and log, whatever the router (requirement R4)."""

    def test_health_needs_no_key(self):
        response = self.call("GET", "/health", headers={"Authorization": ""})
        self.assertEqual((response.status_code, response.json()), (200, {"status": "ok"}))

    def test_whoami_says_user_company_and_scopes(self):
        caller = self.get("/whoami").json()
        self.assertEqual(caller["key"], "Script")
        self.assertEqual(caller["user"], self.user.name)
        self.assertEqual(caller["company"], self.env.company.name)
        self.assertIn("contacts:write", caller["scopes"])
        self.assertEqual(caller["calls_per_minute"], 600)

    def test_answers_are_in_the_language_that_is_asked_for(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.user.lang = "de_DE"
        langs = []
        run = type(self.env["ecm.api"])._run

        def note(api, *args):
            langs.append(odoo_env_ctx.get().lang)
            return run(api, *args)

        with patch.object(type(self.env["ecm.api"]), "_run", note):
            self.get("/whoami")
            self.get("/whoami", headers={"Accept-Language": "en-US,en;q=0.9"})
            self.get("/whoami", headers={"Accept-Language": "xx"})
        self.assertEqual(langs, ["de_DE", "en_US", "de_DE"])

    def test_version_names_the_modules(self):
        versions = self.get("/version").json()
        self.assertRegex(versions["modules"]["ecm_rest_api"], r"^19\.0\.")

    def test_without_a_key(self):
        response = self.call("GET", "/whoami", headers={"Authorization": ""})
        self.assertProblem(response, "unauthenticated", 401)
        self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")

    def test_with_a_wrong_key(self):
        wrong = self.secret[:-1] + ("0" if self.secret[-1] != "0" else "1")
        self.assertProblem(self.get("/whoami", secret=wrong), "unauthenticated", 401)

    def test_a_revoked_key_is_refused_at_once(self):
        self.assertEqual(self.get("/whoami").status_code, 200)
        self.key.action_revoke()
        self.assertEqual(self.key.state, "revoked")
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_a_key_that_its_user_removes_in_the_preferences(self):
        self.assertEqual(self.get("/whoami").status_code, 200)
        self.key.apikey_id.with_user(self.user)._remove()
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_an_expired_key_is_refused(self):
        soon = fields.Datetime.now() + timedelta(days=1)
        key, secret = self.create_key("Old", expires_at=soon)
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)
        past = fields.Datetime.now() - timedelta(hours=1)
        self.env.cr.execute(
            "UPDATE res_users_apikeys SET expiration_date = %s WHERE id = %s",
            [past, key.apikey_id.id],
        )
        self.assertProblem(self.get("/whoami", secret=secret), "unauthenticated", 401)

    def test_the_key_of_an_archived_user(self):
        self.user.active = False
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_an_odoo_key_for_everything_opens_nothing_here(self):
        keys = self.env["res.users.apikeys"].with_user(self.user).sudo()
        secret = keys._generate(None, "Everything", False)
        self.assertProblem(self.get("/whoami", secret=secret), "unauthenticated", 401)

    def test_a_key_of_the_api_opens_nothing_else(self):
        keys = self.env["res.users.apikeys"]
        self.assertFalse(keys._check_credentials(scope="rpc", key=self.secret))

    def test_unknown_path_and_method(self):
        self.assertProblem(self.get("/nowhere"), "not-found", 404)
        # A path that no route of Odoo's server fits.
        self.assertProblem(self.get("/no%0Awhere"), "not-found", 404)
        response = self.call("DELETE", "/whoami")
        self.assertProblem(response, "method", 405)
        self.assertEqual(response.headers["Allow"], "GET")

    def test_a_body_that_is_too_large(self):
        self.env["ir.config_parameter"].set_param("ecm_rest_api.max_body_kb", "1")
        self.assertProblem(self.post("/whoami", b"x" * 1025), "too-large", 413)

    def test_a_call_is_logged_without_what_it_says_of_people(self):
        self.get("/whoami?number=%2B493023125000")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual((call.method, call.route, call.status), ("GET", "/whoami", 200))
        self.assertEqual((call.user_id, call.company_id), (self.user, self.env.company))
        self.assertGreater(call.duration_ms, 0)
        self.assertFalse(call.path or call.request_body or call.answer_body)

    def test_contents_are_logged_where_that_is_on_and_keys_never(self):
        self.env["ir.config_parameter"].set_param("ecm_rest_api.log_details", "1")
        self.get("/whoami?page=1")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertTrue(call.path.endswith("/whoami?page=1"))
        self.assertIn('"key":"Script"', call.answer_body)
        self.assertNotIn(self.secret, str(call.read()))

    def test_an_error_is_logged_although_its_transaction_stores_nothing(self):
        self.get("/nowhere")
        call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)])
        self.assertEqual((call.status, call.problem), (404, "not-found"))

    def test_a_database_that_is_busy_or_cannot_be_written_to(self):
        for error in (
            psycopg2.errors.ReadOnlySqlTransaction("standby"),
            psycopg2.errors.FeatureNotSupported("standby"),
            psycopg2.errors.QueryCanceled("timeout"),
            PoolError("The Connection Pool Is Full"),
        ):
            with self.subTest(type(error).__name__), self.failing(error):
                response = self.get("/whoami")
                self.assertProblem(response, "busy", 503)
                self.assertEqual(response.headers["Retry-After"], "5")
                call = self.env["ecm.api.call"].search([("key_id", "=", self.key.id)], limit=1)
                self.assertEqual(call.status, 503)

    def test_an_error_of_ours_says_nothing_of_the_inside(self):
        with self.failing(KeyError("secret of the inside")):
            response = self.get("/whoami")
        self.assertProblem(response, "internal", 500)
        self.assertNotIn("inside", response.text)

    def test_a_conflict_with_another_transaction_is_tried_again_and_counts_once(self):
        failures = [ConcurrencyError("in the way")]
        run = type(self.env["ecm.api"])._run

        def fail_once(api, *args):
            if failures:
                raise failures.pop()
            return run(api, *args)

        with patch.object(type(self.env["ecm.api"]), "_run", fail_once), mute_logger(LOG):
            response = self.get("/whoami")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["RateLimit-Remaining"], "599")
        self.assertEqual(self.key.call_count, 1)

    @contextmanager
    def failing(self, error):
        """What a router calls fails; Odoo's log says so, and this one need not."""
        broken = patch.object(type(self.env["ecm.api"]), "_run", side_effect=error)
        with broken, mute_logger("odoo.http", LOG):
            yield

    def test_the_limit_of_a_key(self):
        _key, secret = self.create_key("Slow", rate_limit=3)
        left = [self.get("/whoami", secret=secret) for _time in range(3)]
        self.assertEqual([one.headers["RateLimit-Remaining"] for one in left], ["2", "1", "0"])
        response = self.get("/whoami", secret=secret)
        self.assertProblem(response, "rate-limit", 429)
        self.assertEqual(response.headers["Retry-After"], "20")
        # Another key has its own.
        self.assertEqual(self.get("/whoami").status_code, 200)

    def test_calls_are_counted_some_at_once_and_exactly_near_the_limit(self):
        key, secret = self.create_key("Fast", rate_limit=120)
        statuses = [self.get("/whoami", secret=secret) for _time in range(3)]
        left = [one.headers["RateLimit-Remaining"] for one in statuses]
        self.assertEqual(left, ["119", "118", "117"])
        # The third was counted with a fourth that has not come yet.
        self.assertEqual(self.read_tokens(key), 116)
        self.env.cr.execute(
            "UPDATE ecm_api_rate SET tokens = 3, used_at = clock_timestamp() AT TIME ZONE 'utc'"
            " WHERE key_id = %s",
            [key.id],
        )
        statuses = [self.get("/whoami", secret=secret).status_code for _time in range(3)]
        self.assertEqual(statuses, [200] * 3)
        self.assertLess(self.read_tokens(key), 3)

    def read_tokens(self, key):
        self.env.cr.execute("SELECT tokens FROM ecm_api_rate WHERE key_id = %s", [key.id])
        return int(self.env.cr.fetchone()[0])

    def test_the_limit_fills_up_again(self):
        key, secret = self.create_key("Slow", rate_limit=1)
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)
        self.assertProblem(self.get("/whoami", secret=secret), "rate-limit", 429)
        self.env.cr.execute(
            "UPDATE ecm_api_rate SET used_at = used_at - interval '60 s' WHERE key_id = %s",
            [key.id],
        )
        self.assertEqual(self.get("/whoami", secret=secret).status_code, 200)

    def test_the_document_describes_every_error_alike(self):
        document = self.call("GET", "/openapi.json", headers={"Authorization": ""}).json()
        self.assertEqual(document["info"]["title"], "Outbound Campaigns")
        answers = document["paths"]["/whoami"]["get"]["responses"]
        self.assertIn("application/problem+json", answers["429"]["content"])
        self.assertIn("ProblemAnswer", document["components"]["schemas"])
        self.assertEqual(document["servers"], [{"url": "/ecm/api/v1"}])
