import gzip
import io
from unittest.mock import patch

from openpyxl import Workbook

from ...tools import contact_file, sheet_xml
from ..common import CampaignCase

NUMBERS = [f"+4930231250{n:02d}" for n in range(60)]
TEXT = "\n".join(["phone", *NUMBERS]).encode()


def make_workbook():
    book = Workbook()
    for text in ("phone", *NUMBERS):
        book.active.append([text])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


class TestFileSlices(CampaignCase):
    """A long file is worked through in slices, each of which goes on where the last one ended (L1,
    E11, X10).
    """

    def import_in_slices(self, contact_list, slices):
        """:return: how many rows the slices have read from the file"""
        skip_to = f"{contact_list._get_file.__module__[: -len('ecm_contact_list')]}"
        read = []

        def counting(rows, line):
            for row in rows:
                read.append(row)
                if row[0] > line:
                    yield row

        with (
            patch(f"{skip_to}ecm_file_job._skip_to", counting),
            self.time_for_one_chunk(10),
        ):
            for _slice in range(slices):
                self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        return len(read)

    def assert_imported(self, contact_list):
        self.assertEqual((contact_list.state, contact_list.error), ("done", False))
        self.assertEqual(self.contacts_of(self.campaign).mapped("phone_1"), NUMBERS)
        self.assertFalse(contact_list.sudo().unpacked_id)

    def test_text_is_read_once_however_many_slices_it_takes(self):
        contact_list = self.create_list_from(TEXT)
        read = self.import_in_slices(contact_list, 7)
        self.assert_imported(contact_list)
        self.assertEqual(read, len(NUMBERS))

    def test_packed_text_is_unpacked_once_and_read_once(self):
        contact_list = self.create_list_from(gzip.compress(TEXT), name="contacts.csv.gz")
        with patch.object(
            contact_file, "write_copy", side_effect=contact_file.write_copy
        ) as write_copy:
            read = self.import_in_slices(contact_list, 7)
        self.assert_imported(contact_list)
        self.assertEqual((read, write_copy.call_count), (len(NUMBERS), 1))

    def test_a_workbook_is_read_on_at_the_row(self):
        contact_list = self.create_list_from(make_workbook(), name="contacts.xlsx")
        # Small blocks: what is read ahead of a row is no more than that.
        with patch.object(sheet_xml, "BLOCK", 64):
            read = self.import_in_slices(contact_list, 7)
        self.assert_imported(contact_list)
        # The row that a slice begins at is looked at again.
        self.assertLessEqual(read, len(NUMBERS) + 7)

    def test_the_copy_goes_when_the_import_is_cancelled(self):
        contact_list = self.create_list_from(gzip.compress(TEXT), name="contacts.csv.gz")
        self.import_in_slices(contact_list, 1)
        copy = contact_list.sudo().unpacked_id
        self.assertEqual((contact_list.processed_count, bool(copy)), (10, True))
        contact_list.action_cancel()
        self.assertFalse(copy.exists())

    def test_a_lost_mark_costs_time_only(self):
        contact_list = self.create_list_from(TEXT)
        self.import_in_slices(contact_list, 3)
        contact_list.resume_mark = False
        self.import_in_slices(contact_list, 4)
        self.assert_imported(contact_list)

    def test_nothing_is_begun_when_the_time_is_up(self):
        """Odoo calls a scheduled action with work left ten times, although its time is up."""
        contact_list = self.create_list_from(TEXT)
        lists = self.registry["ecm.contact.list"]
        with (
            patch.object(lists, "_commit", lambda *_args, **_kwargs: 0),
            patch.object(lists, "_trigger_next_run") as trigger,
        ):
            self.env["ecm.contact.list"]._cron_import()
        self.assertEqual((contact_list.state, trigger.call_count), ("queued", 1))
