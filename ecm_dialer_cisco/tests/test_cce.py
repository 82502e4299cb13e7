import os
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tools import mute_logger

from ..clients.base import DialerCampaign
from ..clients.cce import CceClient
from ..clients.cce_file import CceFileClient
from ..clients.cce_rest import CceRestClient
from ..clients.uccx import UccxClient
from .common import DialerCase
from odoo.addons.ecm_campaign.tools import odbc

DRIVERS = ["PostgreSQL Unicode", "FreeTDS"]


class TestCce(DialerCase):
    """A dialer that is a Cisco CCE: its settings, its client, what differs (F1, F2, F5)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dialer.write(
            {
                "provider": "cce",
                "host": "logger.invalid",
                "cce_reporting_host": "aw.invalid",
                "password": "s3cret",
            }
        )

    def _get_config(self):
        with patch.object(odbc, "installed_drivers", return_value=DRIVERS):
            return self.dialer._prepare_client_config()

    def test_the_driver_is_one_that_is_installed(self):
        microsoft = "ODBC Driver 18 for SQL Server"
        for installed, expected in (
            (DRIVERS, "FreeTDS"),
            ([*DRIVERS, microsoft], microsoft),
            ([microsoft], microsoft),
            (["PostgreSQL Unicode"], ""),
        ):
            with (
                self.subTest(str(installed)),
                patch.object(odbc, "installed_drivers", return_value=installed),
            ):
                self.assertEqual(self.dialer._prepare_client_config().driver, expected)
        no_manager = odbc.DatabaseError("no library")
        with patch.object(odbc, "installed_drivers", side_effect=no_manager):
            self.assertEqual(self.dialer._prepare_client_config().driver, "")

    def test_its_client_is_told_what_the_form_says(self):
        self.dialer.write(
            {
                "cce_instance": "rcd",
                "cce_side": "B",
                "cce_port": 1444,
                "cce_new_row": "CallStatusZone1 = P\nCallResult = NULL",
                "cce_plus": "00",
            }
        )
        config = self._get_config()
        self.assertIs(self.dialer._get_client_class(), CceClient)
        self.assertEqual(
            (config.outbound_host, config.outbound_database(config.sides[0])),
            ("logger.invalid", "rcd_baB"),
        )
        self.assertEqual(
            (config.reporting_host, config.history_database), ("aw.invalid", "rcd_hds")
        )
        self.assertEqual((config.port, config.plus, config.driver), (1444, "00", "FreeTDS"))
        self.assertEqual(config.new_row, {"CallStatusZone1": "P", "CallResult": None})
        self.assertEqual(config.password, "s3cret")
        self.assertTrue(all(config.key_prefixes))

    def test_import_files_go_to_a_folder_that_a_server_or_its_environment_names(self):
        for address in ("/etc", "file:///etc", "simplecache::file:///etc", "http://x/y"):
            with self.assertRaisesRegex(ValidationError, "sftp:// or smb://"):
                self.dialer.write({"cce_delivery": "file", "cce_import_folder": address})
        address = "smb://cce:s3cret@logger/import"
        self.dialer.write({"cce_delivery": "file", "cce_import_folder": address})
        self.assertNotIn("s3cret", self.dialer.cce_import_folder)
        self.assertIs(self.dialer._get_client_class(), CceFileClient)
        self.assertEqual(self._get_config().import_folder, address)
        self.dialer.cce_import_folder = "env:ECM_CCE_IMPORT"
        with patch.dict(os.environ, ECM_CCE_IMPORT="/mnt/import"):
            self.assertEqual(self._get_config().import_folder, "/mnt/import")
        self.assertFalse(self.target.can_be_switched)
        self.assertTrue(self.dialer._can_tell_uncalled())

    def test_files_have_the_columns_and_the_code_page_of_the_form(self):
        self.assertEqual(self._get_config().file_columns["AccountNumber"], "key")
        columns = "Account = key\nTel = number\nName = last_name"
        self.dialer.write({"cce_file_columns": columns, "cce_file_encoding": "cp1251"})
        config = self._get_config()
        expected = {"Account": "key", "Tel": "number", "Name": "last_name"}
        self.assertEqual(config.file_columns, expected)
        self.assertEqual(config.file_encoding, "cp1251")
        for name, value, told in [
            ("cce_file_encoding", "cp9999", "not the name of a code page"),
            ("cce_file_columns", "Account = key\nTel = phone", "none of what a file can hold"),
            ("cce_file_columns", "Account = key", "a column for key and one for number"),
            ("cce_file_columns", "Account: key", "Column = value"),
        ]:
            with self.assertRaisesRegex(ValidationError, told):
                self.dialer[name] = value
                self.dialer.flush_recordset()

    def test_a_uccx_has_a_client_of_its_own(self):
        self.dialer.provider = "uccx"
        self.assertIs(self.dialer._get_client_class(), UccxClient)
        self.assertEqual(self.dialer._prepare_client_config().hosts, ("logger.invalid",))

    def test_settings_that_would_change_a_statement_are_refused(self):
        for name, value in [
            ("cce_instance", "ucce; DROP"),
            ("cce_detail_table", "a b"),
            ("cce_list_table", "DL_{campaign}_{rule} x"),
            ("cce_list_table", "DL_{0}"),
            ("cce_new_row", "CallStatusZone1: P"),
            ("cce_new_row", "CallStatusZone1 = P'"),
        ]:
            with self.assertRaisesRegex(ValidationError, "settings of the databases"):
                self.dialer[name] = value
                self.dialer.flush_recordset()

    def test_both_servers_are_needed(self):
        with self.assertRaisesRegex(ValidationError, "Administration & Data Server"):
            self.dialer.cce_reporting_host = False
        with self.assertRaisesRegex(ValidationError, "not a host name"):
            self.dialer.cce_reporting_host = "aw/../x"

    def test_a_test_of_the_connection_holds_until_a_server_is_changed(self):
        self.dialer.action_test_connection()
        self.assertTrue(self.dialer.tested_at)
        self.dialer.cce_plus = "00"
        self.assertTrue(self.dialer.tested_at)
        self.dialer.cce_side = "B"
        self.assertFalse(self.dialer.tested_at)

    def test_another_instance_is_read_from_the_beginning(self):
        self.dialer.watermark = "x"
        self.dialer.cce_side = "B"
        self.assertEqual(self.dialer.watermark, "x")
        self.dialer.cce_instance = "other"
        self.assertFalse(self.dialer.watermark)

    def test_campaigns_are_mirrored_with_their_skill_groups(self):
        calls = {"max_attempts": 3, "groups": ("Sales", "Sales_2")}
        times = ("08:00", "21:00", "(GMT+01:00) Berlin")
        self.client.listed = [DialerCampaign("7", "Sales", "agent", "", True, *times, 0, **calls)]
        self.dialer.action_fetch_campaigns()
        self.assertEqual(self.target.skill_groups, "Sales, Sales_2")
        self.assertFalse(self.target.dialing_mode)
        self.assertIn("up to 3 times by itself", self.campaign.attempts_warning)
        self.assertIn("CCE's campaign", self.campaign.attempts_warning)

    def test_its_hours_are_on_the_customers_clock(self):
        self.target.write(
            {"start_time": "08:00", "end_time": "21:00", "time_zone": "(GMT+01:00) Berlin"}
        )
        warning = self.target._get_hours_warning(self.campaign)
        self.assertFalse(warning and "not understood" in warning)
        self.assertTrue(self.target._get_own_hours("America/New_York"))

    def test_contacts_are_taken_back_without_a_connection_string(self):
        self.assertFalse(self.dialer.results_connection)
        self.assertTrue(self.target._may_take_back())

    def test_its_codes_become_outcomes(self):
        contact = self._create_contacts(1)
        self.feed()
        row = self.result_row(contact, "9", table="Dialer_Detail", raw_status="M")
        self.client.rows = [row]
        self.sync()
        attempt = contact.attempt_ids
        self.assertEqual((attempt.raw_code, attempt.outcome_id.code), ("9", "busy"))

    def test_every_documented_code_has_an_outcome(self):
        codes = self.env["ecm.engine"]._get_outcome_codes("cce")
        known = {code for source, code in codes if source == "Dialer_Detail"}
        # 1 is not defined.
        self.assertEqual(known, {str(code) for code in range(34)} - {"1"})

    def test_over_rest_it_has_another_client_and_gives_nothing_back(self):
        self.assertFalse(self.target.can_be_switched)
        self._create_contacts(1)
        self.feed()
        self.assertTrue(self.campaign.can_purge)
        self.dialer.write(
            {"cce_delivery": "rest", "cce_api_user": "a@b", "cce_api_password": "hush"}
        )
        self.assertIs(self.dialer._get_client_class(), CceRestClient)
        rest = self._get_config().rest
        self.assertEqual((rest.host, rest.user, rest.password), ("aw.invalid", "a@b", "hush"))
        self.assertTrue(self.target.can_be_switched)
        self.campaign.invalidate_recordset()
        self.assertFalse(self.campaign.can_purge)
        self.assertFalse(self.target._may_take_back())
        self.assertNotIn("hush", str(self.dialer.read(["cce_api_password"])))

    def test_in_doubt_it_waits_until_the_queue_of_imports_is_over(self):
        seconds = self.target._get_doubt_seconds()
        self.dialer.cce_delivery = "rest"
        self.assertGreater(self.target._get_doubt_seconds(), max(900, seconds))

    @mute_logger("odoo.addons.ecm_dialer_cisco.models.ecm_engine")
    def test_a_server_without_a_driver_says_what_to_install(self):
        with patch.object(odbc, "installed_drivers", return_value=[]):
            config = self.dialer._prepare_client_config()
        health = CceClient(config, self.dialer._get_connect()).health()
        self.assertFalse(health.ok)
        self.assertIn("tdsodbc", health.message)
