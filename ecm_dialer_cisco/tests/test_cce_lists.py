import os
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, ValidationError
from odoo.tools import mute_logger

from ..clients.base import PersonalCallback
from ..clients.exceptions import InDoubt, Unreachable
from .common import DialerCase

NOW = datetime(2026, 3, 2, 9, 0)
ENGINE = "odoo.addons.ecm_dialer_cisco.models.ecm_engine_listed"


class ListsCase(DialerCase):
    """A CCE with one Logger, whose dialing lists are written to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"provider": "cce", "host": "logger.invalid", "cce_reporting_host": "aw.invalid"}
        cls.dialer.write(values)

    def setUp(self):
        super().setUp()
        frozen = freeze_time(NOW)
        self.clock = frozen.start()
        self.addCleanup(frozen.stop)

    def get_config(self):
        return self.dialer._prepare_cce_config()


class TestPersonalCallbacks(ListsCase):
    """Who has promised a call makes it, where CCE has a list for that (F1)."""

    def setUp(self):
        super().setUp()
        self.dialer.cce_writes_personal = True

    def create_callback(self, **values):
        asked = {"callback": "personal", "callback_agent": "1001"}
        return self._create_contacts(1, **{**asked, **values})

    def get_sent(self):
        self.feed()
        return [contact.callback for contact in self.client.dialled]

    def test_a_personal_callback_is_for_its_agent(self):
        self.create_callback()
        self._create_contacts(1)
        expected = [PersonalCallback("1001", NOW.replace(tzinfo=UTC)), None]
        self.assertEqual(self.get_sent(), expected)

    def test_anybodys_callback_is_like_any_other_call(self):
        self.create_callback(callback="normal")
        self.create_callback(callback_agent=False)
        self.assertEqual(self.get_sent(), [None, None])

    def test_without_the_setting_nothing_is_for_one_agent(self):
        self.dialer.cce_writes_personal = False
        self.create_callback()
        self.assertEqual(self.get_sent(), [None])
        self.assertEqual(self.get_config().personal_table, "")

    def test_files_and_other_dialers_have_none(self):
        self.dialer.write({"cce_delivery": "file", "cce_import_folder": "env:ECM_CCE"})
        self.create_callback()
        with patch.dict(os.environ, ECM_CCE="/mnt/import"):
            self.assertEqual(self.get_sent(), [None])
        self.dialer.write({"cce_delivery": "database", "provider": "uccx"})
        self.create_callback()
        self.assertEqual(self.get_sent(), [None, None])

    def test_its_client_is_told_the_table_and_the_column(self):
        self.dialer.write({"cce_personal_table": "PCB", "cce_agent_column": "PeripheralNumber"})
        config = self.get_config()
        self.assertEqual((config.personal_table, config.agent_column), ("PCB", "PeripheralNumber"))
        with self.assertRaisesRegex(ValidationError, "settings of the databases"):
            self.dialer.cce_personal_table = "PCB; DROP"
            self.dialer.flush_recordset()

    def test_over_rest_they_are_made_by_its_interface(self):
        self.dialer.write({"cce_delivery": "rest", "cce_agent_column": "PeripheralNumber"})
        self.create_callback()
        self.assertEqual(self.get_sent(), [PersonalCallback("1001", NOW.replace(tzinfo=UTC))])
        config = self.dialer._prepare_client_config()
        self.assertTrue(config.rest.personal)
        # No table is written to; agents have the id that the interface knows.
        self.assertEqual((config.personal_table, config.agent_column), ("", "SkillTargetID"))
        self.dialer.cce_writes_personal = False
        self.assertFalse(self.dialer._prepare_client_config().rest.personal)

    def test_of_two_loggers_that_of_the_side_in_use_is_written_to(self):
        self.dialer.host_2 = "logger2.invalid"
        config = self.get_config()
        self.assertEqual(config.personal_table, "Personal_Callback_List")
        self.assertEqual(config.sides[0].host, "logger.invalid")
        self.dialer.action_switch_side()
        self.assertEqual(self.get_config().sides[0].host, "logger2.invalid")


class TestListed(ListsCase):
    """CCE's own do-not-call list has the numbers of the lists that are chosen (N2)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        values = {"name": "For the dialer", "for_voice": True}
        cls.dnc_list = cls.env["ecm.dnc.list"].create(values)
        cls.dialer.cce_dnc_list_ids = cls.dnc_list

    def list_number(self, value, **values):
        entry = {"list_id": self.dnc_list.id, "value": value, **values}
        return self.env["ecm.dnc.entry"].create(entry)

    def turn(self, **delta):
        self.clock.tick(timedelta(**delta))
        with mute_logger(ENGINE):
            self.engine._write_listed_safely(self.dialer)
        self.env.invalidate_all()

    def get_states(self):
        found = self.env["ecm.dialer.listed"].search([("dialer_id", "=", self.dialer.id)])
        return {each.number: each.state for each in found}

    def test_of_two_loggers_none_is_written_to(self):
        with self.assertRaisesRegex(ValidationError, "has two"):
            self.dialer.host_2 = "logger2.invalid"
            self.dialer.flush_recordset()

    def test_numbers_come_and_go_with_the_lists(self):
        self.list_number("+493012345601")
        entry = self.list_number("+493012345602")
        self.turn()
        self.assertEqual(self.client.do_not_call, {"+493012345601", "+493012345602"})
        self.assertEqual(set(self.get_states().values()), {"written"})
        self.assertEqual(self.dialer.cce_listed_at, NOW)
        entry.unlink()
        self.list_number("+493012345603")
        self.turn(minutes=14)
        self.assertIn("+493012345602", self.client.do_not_call, "not compared every minute")
        self.turn(minutes=1)
        self.assertEqual(self.client.do_not_call, {"+493012345601", "+493012345603"})

    def test_what_is_no_number_or_not_in_force_is_not_written(self):
        self.list_number("+4930", kind="prefix")
        self.list_number("4711", kind="key")
        self.list_number("+493012345601", date_to="2026-03-01")
        self.list_number("+493012345602", date_from="2026-03-03")
        self.turn()
        self.assertEqual(self.client.do_not_call, set())
        self.turn(days=1)
        self.assertEqual(self.client.do_not_call, {"+493012345602"})

    def test_a_number_that_was_there_before_stays(self):
        self.client.do_not_call = {"+493012345601"}
        entries = self.list_number("+493012345601") + self.list_number("+493012345602")
        self.turn()
        self.assertEqual(self.get_states(), {"+493012345601": "found", "+493012345602": "written"})
        entries.unlink()
        self.turn(minutes=15)
        self.assertEqual(self.client.do_not_call, {"+493012345601"})
        self.assertEqual(self.get_states(), {})

    def test_when_no_list_is_chosen_any_more_ours_are_taken_off(self):
        self.list_number("+493012345601")
        self.turn()
        self.dialer.cce_dnc_list_ids = False
        self.turn()
        self.assertEqual(self.client.do_not_call, set())
        self.assertFalse(self.dialer._is_listing_due(NOW + timedelta(days=1)))

    def test_after_a_lost_answer_it_is_written_again(self):
        self.list_number("+493012345601")
        self.client.list_error = InDoubt("lost")
        self.turn()
        self.assertEqual(self.get_states(), {"+493012345601": "writing"})
        self.assertFalse(self.dialer.cce_listed_at)
        self.assertIn("lost", self.dialer.listed_error)
        # It had arrived: nobody else has put it there.
        self.client.do_not_call, self.client.list_error = {"+493012345601"}, None
        self.turn()
        self.assertEqual(self.get_states(), {"+493012345601": "written"})
        self.assertFalse(self.dialer.listed_error)

    def test_a_dialer_that_cannot_be_reached_is_left_alone_and_fed_all_the_same(self):
        self.list_number("+493012345601")
        self.client.list_error = Unreachable("down")
        for _turn in range(10):
            self.turn()
        self.assertTrue(self.dialer._is_left_alone("listed", NOW))
        self._create_contacts(1)
        self.feed()
        self.assertEqual(len(self.client.dialled), 1)

    def test_over_rest_and_on_a_uccx_nothing_is_written(self):
        self.list_number("+493012345601")
        self.dialer.write({"cce_delivery": "rest", "cce_api_user": "a@b"})
        self.turn()
        self.dialer.write({"cce_delivery": "database", "provider": "uccx"})
        self.turn()
        self.assertEqual(self.client.do_not_call, set())

    def test_who_may_see_them(self):
        self.list_number("+493012345601")
        self.turn()
        listed = self.env["ecm.dialer.listed"]
        self.assertEqual(listed.with_user(self._user("administrator")).search_count([]), 1)
        with self.assertRaises(AccessError):
            listed.with_user(self._user("supervisor")).search_count([])
