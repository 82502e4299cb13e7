from dataclasses import replace
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import mute_logger

from ..clients.uccx import UccxConfig
from .common import DialerCase
from odoo.addons.ecm_campaign.tools import jdbc, odbc


class TestDialer(DialerCase):
    """Mirror, secrets and access of dialers (C2, F5, R8)."""

    def test_fetch_mirrors_campaigns_and_marks_those_that_are_gone(self):
        old = self.target.copy({"key": "99", "name": "Old"})
        self.dialer.action_fetch_campaigns()
        self.assertEqual((self.target.dialing_mode, self.target.is_missing), ("progressive", False))
        self.assertTrue(old.is_missing)

    def test_calls_that_the_dialer_makes_by_itself_are_told(self):
        told = "up to 3 times by itself"
        self.assertFalse(self.campaign._get_target_warnings())
        self.client.listed = [replace(self.client.listed[0], max_attempts=3)]
        self.dialer.action_fetch_campaigns()
        self.assertEqual(self.target.max_attempts, 3)
        self.assertIn(told, self.target.attempts_warning)
        self.assertIn("Set Maximum Attempts to Dial Contact to 1", self.campaign.attempts_warning)
        checks = {row["check"]: row for row in self.campaign.explain()["checks"]}
        self.assertEqual(checks["target"]["verdict"], "passes")
        self.assertIn(told, checks["target"]["detail"])
        self.assertFalse(self.campaign._get_target_warnings("sms"))

        self.client.listed = [replace(self.client.listed[0], max_attempts=1)]
        self.dialer.action_fetch_campaigns()
        self.assertFalse(self.campaign.attempts_warning)

    def test_results_come_from_the_second_node_when_the_first_is_down(self):
        asked = []

        def connect(text, _timeout):
            asked.append(text)
            if "HOST=one" in text:
                raise odbc.DatabaseError("down")
            return "connection"

        self.dialer.write(
            {
                "results_connection": "DRIVER={X};HOST=one;UID=u",
                "results_connection_2": "DRIVER={X};HOST=two;UID=u;PWD=secret",
            }
        )
        self.assertNotIn("secret", self.dialer.results_connection_2)
        with patch.object(odbc, "connect", connect):
            self.assertEqual(self.dialer._get_connect()(), "connection")
        self.assertEqual(len(asked), 2)
        self.assertTrue(all(text.endswith("PWD={secret}") for text in asked))
        self.assertEqual(self.dialer._prepare_client_config().overlap, 900)

    def test_an_administrator_has_the_dialer_call_once(self):
        self.target.max_attempts = 3
        with self.assertRaises(AccessError):
            self.target.with_user(self._user("supervisor")).action_set_single_attempt()
        self.target.with_user(self._user("administrator")).action_set_single_attempt()
        self.assertFalse(self.campaign.attempts_warning)
        self.assertEqual(self.client.listed[0].max_attempts, 1)

    def test_enable_and_disable_at_the_dialer(self):
        self.target.action_disable()
        self.assertFalse(self.target.is_enabled)
        self.assertFalse(self.client.listed[0].enabled)

    def test_no_more_campaigns_than_the_dialer_runs(self):
        other = self.target.copy({"key": "8", "is_enabled": False})
        self.dialer.max_active_campaigns = 1
        with self.assertRaisesRegex(UserError, "1 campaigns at a time"):
            other.action_enable()
        self.target.action_disable()
        other.action_enable()
        self.assertTrue(other.is_enabled)

    def test_passwords_are_never_shown(self):
        self.dialer.password = "s3cret"
        administrator = self._user("administrator")
        shown = self.dialer.with_user(administrator).read(["password"])[0]["password"]
        self.assertNotIn("s3cret", shown)
        self.assertEqual(self.dialer._get_secret(), "s3cret")
        self.dialer.with_user(administrator).write({"password": shown})
        self.assertEqual(self.dialer._get_secret(), "s3cret")
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.dialer.with_user(administrator).read(["password_secret"])
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.dialer.with_user(self._user("supervisor")).read(["password"])

    def test_password_in_the_connection_string_goes_where_it_is_not_shown(self):
        self.dialer.results_connection = "DRIVER={X};HOST=h;UID=u;PWD={a;b}}c};DATABASE=db_cra"
        self.assertEqual(self.dialer.results_connection, "DRIVER={X};HOST=h;UID=u;DATABASE=db_cra")
        self.assertEqual(self.dialer._get_secret("results_password"), "a;b}c")
        dialer = self.dialer.create(
            {
                "name": "Other",
                "host": "uccx",
                "results_connection": "DSN=x;pwd=shown",
                "results_password": "typed",
            }
        )
        self.assertEqual(dialer.results_connection, "DSN=x")
        self.assertEqual(dialer._get_secret("results_password"), "typed")

    def test_a_test_of_the_connection_holds_until_the_connection_is_changed(self):
        self.dialer.password = "s3cret"
        self.dialer.action_test_connection()
        self.assertTrue(self.dialer.tested_at)
        self.dialer.write(
            {"name": "Renamed", "password": self.dialer.password, "rows_per_request": 100}
        )
        self.assertTrue(self.dialer.tested_at)
        self.dialer.password = "another"
        self.assertFalse(self.dialer.tested_at)

    def test_password_from_the_environment(self):
        self.dialer.password = "env:ECM_TEST_PASSWORD"
        with patch.dict("os.environ", {"ECM_TEST_PASSWORD": "from outside"}):
            self.assertEqual(self.dialer._get_secret(), "from outside")
        with self.assertRaisesRegex(UserError, "ECM_TEST_PASSWORD"):
            self.dialer._get_secret()

    def test_other_variables_of_the_server_are_out_of_reach(self):
        with patch.dict("os.environ", {"PGPASSWORD": "the server's own"}):
            for value in ("env:PGPASSWORD", "env:", "env: ECM_X", "env:ecm_x"):
                with self.subTest(value=value), self.assertRaisesRegex(ValidationError, "ECM_"):
                    self.dialer.password = value
            self.dialer.sudo().password_secret = "env:PGPASSWORD"
            with self.assertRaisesRegex(ValidationError, "ECM_"):
                self.dialer._get_secret()

    def test_a_connection_string_opens_no_files(self):
        dialer = self.dialer.with_user(self._user("administrator"))
        for value, message in (
            ("DRIVER=/tmp/evil.so;SERVER=db", "DRIVER has characters"),
            ("DRIVER={X};SERVER=db;SAVEFILE=x", "SAVEFILE is not allowed"),
            ("DSN=crm;SERVER=elsewhere", "SERVER is not allowed"),
        ):
            with self.subTest(value=value), self.assertRaisesRegex(ValidationError, message):
                dialer.results_connection = value

    def test_only_installed_drivers_are_opened(self):
        self.dialer.results_connection = "DRIVER=evil.so;HOST=db"
        with self.assertRaisesRegex(odbc.DatabaseError, "no ODBC driver named evil.so"):
            self.dialer._get_connect()()

    def test_results_over_jdbc_are_a_choice_of_the_dialer(self):
        url = "jdbc:informix-sqli://uccx1:1504/db_cra:INFORMIXSERVER=uccx1_uccx"
        values = {"results_driver": "jdbc", "results_connection": False}
        self.dialer.write({**values, "tested_at": fields.Datetime.now(), "watermark": "{}"})
        self.assertFalse(self.dialer._get_connect(), "no address yet")
        self.dialer.write({"results_url": url, "results_user": "uccxhruser"})
        self.assertTrue(self.dialer._get_connect())
        self.assertTrue(self.dialer._can_tell_uncalled())
        self.assertFalse(self.dialer.tested_at)
        self.assertFalse(self.dialer.watermark, "another database has other ids")
        with self.assertRaisesRegex(ValidationError, "JDBC address"):
            self.dialer.results_url = "jdbc:postgresql://h:1/x?socketFactory=a"

    def test_the_second_node_is_asked_over_jdbc_too(self):
        urls = [f"jdbc:informix-sqli://uccx{n}:1504/db_cra:INFORMIXSERVER=u{n}" for n in (1, 2)]
        self.dialer.write({"results_driver": "jdbc", "results_url": urls[0]})
        lag = UccxConfig.longest_lag
        self.assertLess(self.dialer._prepare_client_config().overlap, lag)
        self.dialer.results_url_2 = urls[1]
        self.assertEqual(self.dialer._prepare_client_config().overlap, lag)
        asked = []

        def connect(url, *_others):
            asked.append(url)
            if url == urls[0]:
                raise odbc.DatabaseError("down")
            return "connected"

        self.patch(jdbc, "connect", connect)
        opened = self.dialer._get_connect()
        self.assertEqual([opened(), opened()], ["connected"] * 2)
        self.assertEqual(asked, [urls[0], urls[1], urls[1]], "the one that works is asked first")
        with self.assertRaisesRegex(ValidationError, "JDBC address"):
            self.dialer.results_url_2 = "jdbc:postgresql://h:1/x?socketFactory=a"

    def test_a_copy_leaves_the_dialer_to_the_original(self):
        self._create_contacts(1)
        self.feed()
        self.patch(
            self.registry["ecm.database.identity"], "_get_stop_reason", lambda _self: "A copy."
        )
        for refused in (
            self.campaign.action_feed_now,
            self.campaign.action_purge,
            self.dialer.action_sync_results,
            self.target.action_disable,
        ):
            with self.subTest(refused.__name__), self.assertRaisesRegex(UserError, "A copy"):
                refused()
        with patch.object(self.registry["ecm.engine"], "_sync_dialer") as asked:
            with mute_logger("odoo.addons.ecm_campaign.models.engine.ecm_database_identity"):
                self.dialer._take_turn()
            asked.assert_not_called()
        self.assertFalse(self.client.purged)
        self.assertTrue(self.client.listed[0].enabled)
        self.dialer.action_fetch_campaigns()

    def test_results_of_a_dialer_that_is_off_are_not_read(self):
        self.dialer.is_enabled = False
        with self.assertRaisesRegex(UserError, "switched off"):
            self.dialer.action_sync_results()

    def test_only_administrators_change_dialers(self):
        for role in ("agent", "supervisor"):
            with (
                self.subTest(role=role),
                self.assertRaises(AccessError),
                mute_logger("odoo.models", "odoo.orm.models"),
            ):
                self.dialer.with_user(self._user(role)).write({"name": "Mine"})
        self.dialer.with_user(self._user("administrator")).write({"name": "Renamed"})

    def test_another_companys_dialer_is_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Other company"})
        other = self.dialer.copy({"name": "Theirs", "company_id": company.id})
        administrator = self._user("administrator")
        self.assertNotIn(other, self.env["ecm.dialer"].with_user(administrator).search([]))
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            other.with_user(administrator).read(["name"])

    def test_host_is_a_name_and_not_an_address(self):
        with self.assertRaises(ValidationError):
            self.dialer.host = "https://uccx1/adminapi"

    def test_campaign_keeps_its_cisco_campaign_while_it_runs(self):
        other = self.target.copy({"key": "8"})
        with self.assertRaises(UserError):
            self.campaign.dialer_campaign_id = other
        self.campaign.action_stop()
        self.campaign.dialer_campaign_id = other

    def test_campaign_without_cisco_campaign_does_not_start(self):
        campaign = self._create_campaign("No dialer", dialer_campaign_id=False, is_running=False)
        with self.assertRaisesRegex(UserError, "Choose the Cisco campaign"):
            campaign.action_start()

    def test_an_archived_dialer_is_switched_off(self):
        contact = self._create_contacts(1)
        self.dialer.action_archive()
        self.assertFalse(self.dialer.is_enabled)
        self.feed()
        self.assertEqual(contact.state, "pending")
        self.dialer.action_unarchive()
        self.assertFalse(self.dialer.is_enabled, "somebody decides when it calls again")

    def test_results_are_read_from_the_beginning_when_the_dialer_is_another(self):
        moves = ({"host": "uccx2"}, {"port": 8443}, {"results_connection": "DSN=other"})
        for move in moves:
            with self.subTest(move):
                self.dialer.watermark = '{"low": 4711}'
                self.dialer.write({"name": "UCCX", "host": self.dialer.host, "read_timeout": 20})
                self.assertTrue(self.dialer.watermark, "the same dialer")
                self.dialer.write(move)
                self.assertFalse(self.dialer.watermark)

    def test_an_agent_does_not_have_the_dialer_asked(self):
        agent = self._user("agent")
        for button in ("action_fetch_campaigns", "action_sync_results"):
            with self.subTest(button=button), self.assertRaisesRegex(AccessError, "supervisors"):
                getattr(self.dialer.with_user(agent), button)()
