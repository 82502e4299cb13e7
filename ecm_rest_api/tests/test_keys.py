from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError

from .common import ApiCase


class TestKeys(ApiCase):
    """Who makes keys, for whom (requirements R4, R8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator = cls.create_user("administrator", login="ecm_api_administrator")

    def open_wizard(self, **values):
        wizards = self.env["ecm.api.key.create"].with_user(self.administrator)
        scope = self.env.ref("ecm_rest_api.ecm_api_scope_dnc_read")
        return wizards.create(
            {
                "name": "IVR",
                "user_id": self.user.id,
                "scope_ids": [fields.Command.set(scope.ids)],
                **values,
            }
        )

    def test_a_key_is_good_until_its_last_day_is_over(self):
        key, secret = self.open_wizard(expires_on=date(2099, 12, 31))._make()
        self.assertEqual(key.expires_at, fields.Datetime.to_datetime("2100-01-01 00:00:00"))
        self.assertEqual((key.state, key.key_start), ("valid", secret[:8]))
        caller = self.get("/whoami", secret=secret).json()
        self.assertEqual((caller["user"], caller["scopes"]), (self.user.name, ["dnc:read"]))
        self.assertEqual(caller["expires_at"], "2100-01-01T00:00:00Z")
        self.assertTrue(key.last_used_at)
        self.assertEqual(key.call_count, 1)

    def test_the_secret_is_stored_nowhere(self):
        key, secret = self.open_wizard()._make()
        self.env.cr.execute(
            "SELECT k::text, a::text FROM ecm_api_key k JOIN res_users_apikeys a"
            " ON a.id = k.apikey_id WHERE k.id = %s",
            [key.id],
        )
        self.assertNotIn(secret, str(self.env.cr.fetchall()))

    def test_a_key_that_would_be_over(self):
        yesterday = fields.Date.today() - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "expired already"):
            self.open_wizard(expires_on=yesterday)._make()

    def test_for_a_user_without_a_role(self):
        stranger = self.env["res.users"].create({"name": "No role", "login": "ecm_no_role"})
        with self.assertRaisesRegex(UserError, "has no role"):
            self.open_wizard(user_id=stranger.id)._make()

    def test_whoever_runs_campaigns_does_not_become_whoever_runs_odoo(self):
        with self.assertRaisesRegex(AccessError, "administrators of Odoo"):
            self.open_wizard(user_id=self.env.ref("base.user_admin").id)._make()

    def test_for_a_company_that_is_not_the_makers(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        self.user.company_ids |= company
        with self.assertRaisesRegex(AccessError, "company that you work for"):
            self.open_wizard(company_id=company.id)._make()

    def test_for_a_company_that_is_not_the_users(self):
        company = self.env["res.company"].create({"name": "Other company"})
        self.administrator.company_ids |= company
        wizard = self.open_wizard(company_id=company.id)
        companies = (self.env.company | company).ids
        with self.assertRaisesRegex(ValidationError, "does not work for"):
            wizard.with_context(allowed_company_ids=companies)._make()

    def test_only_administrators_make_see_and_revoke_keys(self):
        for role in ("agent", "supervisor"):
            user = self.create_user(role, login=f"ecm_api_{role}")
            with self.assertRaises(AccessError):
                self.env["ecm.api.key.create"].with_user(user).create({})
            with self.assertRaises(AccessError):
                self.key.with_user(user).action_revoke()
            for model in ("ecm.api.key", "ecm.api.call", "ecm.api.replay"):
                self.assertFalse(self.env[model].with_user(user).has_access("read"))

    def test_what_a_key_is_cannot_be_changed_by_hand(self):
        key = self.key.with_user(self.administrator)
        for name, value in (("user_id", self.administrator.id), ("apikey_id", False)):
            with self.assertRaises(AccessError):
                key.write({name: value})

    def test_a_key_that_is_deleted_opens_nothing(self):
        row = self.key.apikey_id
        self.key.with_user(self.administrator).unlink()
        self.assertFalse(row.exists())
        self.assertProblem(self.get("/whoami"), "unauthenticated", 401)

    def test_scopes_that_change_count_at_once(self):
        self.key.scope_ids = self.env.ref("ecm_rest_api.ecm_api_scope_dnc_read")
        self.assertProblem(self.get("/campaigns"), "scope", 403)
