import base64
import io
import logging
import re
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import OperationalError

from odoo import fields

from ..common import CampaignCase

LOGGERS = "odoo.addons.ecm_campaign.models.contact_list"
NUMBER, OTHER = "+493023125001", "+493023125002"


@freeze_time("2026-05-04 10:00:00")
class TestFileLog(CampaignCase):
    """The server's log says what became of each file, in a line for each state (Y8)."""

    @contextmanager
    def assert_log(self, *texts):
        """:param texts: the lines; ``#`` stands for the job's id"""
        # By its number: Odoo gives the name INFO to a level of its own as well.
        with self.assertLogs(LOGGERS, logging.INFO) as log:
            yield
        lines = [re.sub(r' \d+ "', ' # "', line.getMessage(), count=1) for line in log.records]
        self.assertEqual(lines, list(texts))

    def test_an_import(self):
        content = f"phone\n{NUMBER}\n{NUMBER}\nnonsense\n".encode()
        with self.assert_log('list # "big.csv": queued'):
            contact_list = self.create_list_from(content, name="big.csv")
        contact_list.started_at = fields.Datetime.now() - timedelta(seconds=7)
        with self.assert_log(
            'list # "big.csv": started',
            'list # "big.csv": 1 stored, 1 rejected, 1 known already, 7 s',
        ):
            self.env["ecm.contact.list"]._cron_import()
        with self.assert_log('list # "big.csv": undone, 1 deleted, 0 returned, 0 kept'):
            contact_list.action_undo()

    def test_an_import_that_goes_on(self):
        contact_list = self.create_list_from(f"phone\n{NUMBER}\n{OTHER}\n".encode())
        contact_list.write({"state": "importing", "resume_line": 2, "uploaded_count": 1})
        with self.assert_log(
            'list # "contacts.csv": goes on after line 2',
            'list # "contacts.csv": 2 stored, 0 rejected, 0 s',
        ):
            self.env["ecm.contact.list"]._cron_import()

    def test_an_import_that_fails_says_why(self):
        contact_list = self.create_list_from(f"phone\n{NUMBER}\n".encode())
        contact_list.attachment_id.raw = b""
        failed = "failed, 0 stored, 0 rejected, 0 s: The file has no rows with contacts."
        with self.assert_log(
            'list # "contacts.csv": started',
            f'list # "contacts.csv": {failed}',
        ):
            self.env["ecm.contact.list"]._cron_import()

    def test_a_lost_connection_is_no_failure_of_the_file(self):
        contact_list = self.create_list_from(f"phone\n{NUMBER}\n".encode())
        lists = self.registry["ecm.contact.list"]
        with (
            patch.object(lists, "_run", side_effect=OperationalError),
            patch.object(lists, "_is_lost", return_value=True),
            self.assertNoLogs(LOGGERS, logging.ERROR),
            self.assertRaises(OperationalError),
        ):
            contact_list._cron_import()
        self.assertEqual((contact_list.state, contact_list.error), ("queued", False))

    def test_an_import_that_is_cancelled(self):
        contact_list = self.create_list_from(f"phone\n{NUMBER}\n".encode())
        with self.assert_log('list # "contacts.csv": cancelled, 0 stored, 0 rejected'):
            contact_list.action_cancel()

    def test_a_name_makes_no_line_of_its_own(self):
        name = 'a"\n2026 list 1: done'
        with self.assert_log(
            'list # "a\\"\\n2026 list 1: done": queued',
        ):
            self.create_list_from(f"phone\n{NUMBER}\n".encode(), name=name)

    def test_a_load_of_a_do_not_contact_list(self):
        registry = self.env["ecm.dnc.list"].create({"name": "Registry", "dnc_class": "national"})
        file = base64.b64encode(f"phone\n{NUMBER}\n{OTHER}\nnonsense\n".encode())
        values = {"list_id": registry.id, "file": file, "file_name": "june.csv"}
        label = 'do-not-contact load # "june.csv": '
        with self.assert_log(label + "queued"):
            self.env["ecm.dnc.load"].create(values)
        with self.assert_log(label + "started", label + "2 new, 0 listed before, 1 no number, 0 s"):
            self.env["ecm.dnc.load"]._cron_import()

    def test_a_withdrawal(self):
        self.create_contact(phone_1=NUMBER)
        content = io.BytesIO(f"phone\n{NUMBER}\n{OTHER}\n".encode())
        file = self.env["ecm.contact.upload"]._keep_file("paid.csv", content)
        wizard = self.env["ecm.contact.withdraw"].create(
            {
                "campaign_id": self.campaign.id,
                "reason": "Paid",
                "attachment_id": file.id,
            }
        )
        label = 'withdrawal # "paid.csv": '
        with self.assert_log(label + "queued"):
            wizard.action_withdraw_by_file()
        with self.assert_log(
            label + "started",
            label + "1 withdrawn, 1 without an open contact, 0 s",
        ):
            self.env["ecm.contact.withdrawal"]._cron_import()
