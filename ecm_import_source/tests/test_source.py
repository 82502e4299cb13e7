import logging
from unittest.mock import patch

from psycopg2 import OperationalError

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .common import SourceCase

LOGGER = "odoo.addons.ecm_import_source.models.ecm_import_source"


class TestSource(SourceCase):
    """The schedule, failures, secrets and access of sources."""

    def test_one_failing_source_does_not_stop_the_others(self):
        broken = self.create_source("A broken one", directory="nowhere")
        self.put()
        (self.env["ecm.import.source"].search([]) - self.source - broken).next_run_at = "2999-01-01"
        self.env["ecm.import.source"]._cron_check_sources()
        self.assertEqual((broken.failure_count, broken.last_error), (1, "nowhere is not there."))
        self.assertEqual(self.files().state, "waiting", self.source.last_error)

    @mute_logger(LOGGER)
    def test_an_unexpected_error_stays_with_its_source(self):
        with patch.object(type(self.source), "_check_folder", side_effect=RuntimeError("boom")):
            self.check()
        self.assertIn("Unexpected error", self.source.last_error)

    def test_a_failing_source_is_left_alone_longer_and_longer(self):
        self.source.directory = "nowhere"
        delays = []
        for _failure in range(8):
            self.check()
            delays.append((self.source.next_run_at - self.source.last_run_at).total_seconds())
        self.assertEqual(delays, [30, 60, 120, 240, 480, 900, 900, 900])
        self.assertEqual(
            len(self.source.message_ids.filtered(lambda note: "nowhere" in (note.body or ""))), 1
        )
        self.source.directory = "in"
        self.check()
        self.assertEqual((self.source.failure_count, self.source.last_error), (0, False))

    def test_the_log_warns_once_and_tells_the_recovery(self):
        self.source.directory = "nowhere"
        failed = "Import source Bank cannot be checked: nowhere is not there."
        self.assertEqual(self.check_logged(), [(logging.WARNING, failed)], "the first in a row")
        self.assertEqual(self.check_logged(), [(logging.INFO, failed)], "one of many")
        self.source.directory = "in"
        recovery, (_level, done) = self.check_logged()
        self.assertEqual(recovery, (logging.INFO, "Import source Bank works again"))
        self.assertRegex(done, r"^Import source checked in \d+\.\d s: Bank: ")

    def check_logged(self):
        """:return: list of ``(level, text)`` of one check"""
        with self.assertLogs(LOGGER, logging.INFO) as logged:
            self.check()
        return [(record.levelno, record.getMessage()) for record in logged.records]

    def test_a_source_is_checked_when_its_time_has_come(self):
        self.check()
        self.put()
        self.env["ecm.import.source"]._cron_check_sources()
        self.assertFalse(self.files())
        delay = self.source.next_run_at - self.source.last_run_at
        self.assertEqual(delay.total_seconds(), 15 * 60)

    def test_an_archived_source_is_not_checked(self):
        self.put()
        self.source.active = False
        self.check()
        self.assertFalse(self.files())

    def test_check_now_says_what_came(self):
        self.put()
        user = self.create_user("supervisor")
        message = self.source.with_user(user).action_check_now()["params"]["message"]
        self.assertEqual(message, "Bank: 1 new files.")
        self.assertEqual(self.files().list_id.user_id, user)

    def test_check_now_while_another_process_is_at_it(self):
        with self.registry.cursor() as other:
            other.execute(
                "SELECT pg_advisory_xact_lock(hashtext('ecm:ecm.import.source'), %s)",
                [self.source.id],
            )
            with self.assertRaisesRegex(UserError, "at this moment"):
                self.source.action_check_now()

    def test_check_now_shows_the_problem(self):
        self.source.directory = "nowhere"
        with self.assertRaisesRegex(UserError, "nowhere is not there"):
            self.source.action_check_now()

    def test_an_archived_source_is_left_alone(self):
        self.source.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self.source.action_check_now()

    @mute_logger("odoo.addons.ecm_campaign.models.engine.ecm_database_identity")
    def test_a_neutralised_copy_takes_nothing(self):
        self.env["ir.config_parameter"].set_param("database.is_neutralized", "true")
        with self.assertRaisesRegex(UserError, "neutralised copy"):
            self.source.action_check_now()
        with patch.object(self.registry["ecm.import.source"], "_check_safely") as checked:
            self.env["ecm.import.source"]._cron_check_sources()
        checked.assert_not_called()

    def test_a_lost_connection_is_no_failure_of_the_source(self):
        sources = self.registry["ecm.import.source"]
        with (
            patch.object(sources, "_check_alone", side_effect=OperationalError),
            patch.object(sources, "_is_lost", return_value=True),
            self.assertNoLogs("odoo.addons.ecm_import_source", "ERROR"),
            self.assertRaises(OperationalError),
        ):
            self.check()
        self.assertFalse(self.source.failure_count)

    def test_passwords_are_never_shown(self):
        self.source.password = "s3cret"
        administrator = self.create_user("administrator")
        source = self.source.with_user(administrator)
        shown = source.read(["password"])[0]["password"]
        self.assertNotIn("s3cret", shown)
        source.write({"password": shown})
        self.assertEqual(self.source._get_password(), "s3cret")
        source.write({"password": f"{shown}typed after it"})
        self.assertEqual(self.source._get_password(), "typed after it")
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            source.read(["password_secret"])
        with self.assertRaises(AccessError), mute_logger("odoo.models"):
            self.source.storage_id.with_user(administrator).read(["options"])

    def test_password_reaches_the_storage_and_comes_from_the_environment(self):
        self.source.password = "env:ECM_TEST_PASSWORD"
        with self.assertRaisesRegex(UserError, "ECM_TEST_PASSWORD"):
            self.source.action_test()
        with patch.dict("os.environ", {"ECM_TEST_PASSWORD": "from outside"}):
            password = self.source._get_password()
        storage = self.storage.with_context(ecm_import_password=password)
        self.assertEqual(storage._get_fs_options(), {"password": "from outside"})
        self.storage.protocol = "sftp"
        self.assertEqual(storage._get_fs_options()["timeout"], 20)
        self.assertEqual(self.storage._get_fs_options(), {})

    def test_supervisors_read_sources_and_administrators_manage_them(self):
        supervisor = self.create_user("supervisor")
        self.source.with_user(supervisor).read(["name", "storage_id", "last_error"])
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            self.source.with_user(supervisor).write({"name": "Mine"})
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            self.source.with_user(supervisor).action_test()
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            self.source.with_user(self.create_user("agent")).read(["name"])
        self.source.with_user(self.create_user("administrator")).write({"name": "Renamed"})

    def test_another_companys_source_is_out_of_reach(self):
        company = self.env["res.company"].create({"name": "Other company"})
        campaign = self.create_campaign("Theirs", company_id=company.id)
        other = self.create_source("Theirs", campaign_id=campaign.id)
        supervisor = self.create_user("supervisor")
        self.assertNotIn(other, self.env["ecm.import.source"].with_user(supervisor).search([]))
        with self.assertRaises(AccessError), mute_logger("odoo.models", "odoo.orm.models"):
            other.with_user(supervisor).read(["name"])

    def test_every_screen_opens(self):
        for role in ("supervisor", "administrator"):
            env = self.env(user=self.create_user(role))
            for model in ("ecm.import.source", "ecm.import.file"):
                views = env[model].get_views([(False, "list"), (False, "form"), (False, "search")])[
                    "views"
                ]
                self.assertEqual(
                    "action_test" in views["form"]["arch"],
                    role == "administrator" and "source" in model,
                )
