import gzip
import io
import zipfile

import openpyxl
from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tools import mute_logger

from ..common import CampaignCase

CONTENT = b"Name;Mobil;Anders\nAnna;0151 23456789;x\nBernd;030 23125002;y\n"


class TestImportProfile(CampaignCase):
    """Files that arrive without anybody at a screen (L1, L2, L6)."""

    def create_profile(self, columns=(), **values):
        return self.env["ecm.import.profile"].create(
            {"name": "Bank", "column_ids": [Command.create(column) for column in columns], **values}
        )

    def create_list(self, content, name="contacts.csv", **choices):
        """:return: the list after its import"""
        contact_list = self.create_list_from(content, name=name, **choices)
        self.assertEqual(contact_list.state, "queued")
        return self.import_list(contact_list)

    def import_list(self, contact_list):
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual(contact_list.state, "done", contact_list.error)
        return contact_list

    def test_without_profile_everything_is_found_out(self):
        contact_list = self.create_list(CONTENT, source="folder")
        self.assertEqual((contact_list.uploaded_count, contact_list.source), (2, "folder"))
        self.assertEqual(contact_list.attachment_id.res_id, contact_list.id)
        anna = self.contacts_of(self.campaign).filtered(lambda contact: contact.last_name == "Anna")
        self.assertEqual(anna.phone_1, "+4915123456789")

    def test_attachment_that_is_there_already(self):
        attachment = self.env["ir.attachment"].create({"name": "night.csv", "raw": CONTENT})
        contact_list = self.import_list(
            self.env["ecm.contact.list"]._create_from_file(self.campaign, "Night", attachment)
        )
        self.assertEqual(
            (contact_list.attachment_id, contact_list.file_name), (attachment, "night.csv")
        )

    def test_columns_by_name_wherever_they_are(self):
        profile = self.create_profile(
            [
                {"header": "mobil", "target": "phone_1", "position": 1},
                {"header": "Anders", "target": "business_parameter_7", "position": 2},
            ]
        )
        self.create_list(CONTENT, profile=profile)
        contact = self.contacts_of(self.campaign)[0]
        self.assertEqual(contact.phone_1, "+4915123456789")
        self.assertEqual(dict(contact.business_parameters)["business_parameter_7"], "x")
        self.assertFalse(contact.last_name)

    def test_columns_by_place(self):
        profile = self.create_profile(
            [{"position": 2, "target": "phone_1"}], layout="none", country_id=False
        )
        self.create_list(b"Anna;0151 23456789\nBernd;030 23125002\n", profile=profile)
        self.assertEqual(self.contacts_of(self.campaign)[0].phone_1, "+4915123456789")

    def test_missing_column_is_named(self):
        profile = self.create_profile([{"header": "Phone", "target": "phone_1"}])
        with self.assertRaisesRegex(UserError, "Phone.*Bank"):
            self.create_list(CONTENT, profile=profile)

    def test_ecm_profile(self):
        profile = self.env.ref("ecm_campaign.ecm_import_profile_ecm")
        contact_list = self.create_list(
            b"+493023125001,,,,,Gold\n+493023125002,,,,,Silver\n", profile=profile
        )
        self.assertEqual(contact_list.uploaded_count, 2)
        contact = self.contacts_of(self.campaign)[0]
        self.assertEqual(dict(contact.business_parameters)["business_parameter_1"], "Gold")

    def test_lengths_of_the_profile(self):
        profile = self.create_profile(min_length=8, max_length=12)
        contact_list = self.create_list(CONTENT, profile=profile)
        self.assertEqual((contact_list.uploaded_count, contact_list.failed_count), (1, 1))
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.create_profile(min_length=0)

    def test_two_columns_of_one_target_are_refused(self):
        with self.assertRaises(ValidationError):
            self.create_profile(
                [{"position": 1, "target": "phone_1"}, {"position": 2, "target": "phone_1"}]
            )

    def test_what_cannot_be_read_is_refused_with_a_sentence(self):
        no_phone = self.create_profile([{"header": "Name", "target": "last_name"}])
        for content, profile, sentence in (
            (b"", None, "empty"),
            (b"\x89PNG" + bytes(100), None, "CSV or XLSX"),
            (b"\xd0\xcf\x11\xe0" + bytes(100), None, "old Excel file"),
            (gzip.compress(CONTENT)[:20], None, "damaged"),
            (CONTENT, no_phone, "phone 1"),
        ):
            with self.subTest(sentence=sentence), self.assertRaisesRegex(UserError, sentence):
                self.create_list_from(content, profile=profile)

    def test_workbook_and_packed_files(self):
        book = openpyxl.Workbook()
        for row in (("phone", "name"), ("0151 23456789", "Anna"), ("not a number", "Bernd")):
            book.active.append(row)
        workbook = io.BytesIO()
        book.save(workbook)
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("night.csv", CONTENT)
        for name, content, uploaded in (
            ("a.xlsx", workbook.getvalue(), 1),
            ("a.zip", archive.getvalue(), 2),
            ("a.csv.gz", gzip.compress(CONTENT), 2),
        ):
            with self.subTest(name=name):
                profile = self.create_profile(name=name, duplicate_policy="allow")
                contact_list = self.create_list(content, name, profile=profile)
                self.assertEqual(contact_list.uploaded_count, uploaded)
        workbook_list = self.env["ecm.contact.list"].search([("name", "=", "a.xlsx")])
        self.assertEqual(workbook_list.reject_ids.line_number, 3)

    def test_wizard_reads_a_workbook(self):
        book = openpyxl.Workbook()
        book.active.append(["phone", "name"])
        book.active.append([4915123456789, "Anna"])
        other = book.create_sheet("Other")
        other.append(["phone"])
        other.append(["+493023125002"])
        file = io.BytesIO()
        book.save(file)
        form = self.open_wizard(file.getvalue())
        self.assertEqual((form.kind, form.sheet_names), ("xlsx", "Sheet, Other"))
        self.assertFalse(form.problem)
        self.assertEqual(form.preview["rows"][0]["cells"][1]["text"], "Anna")
        form.sheet = "Nowhere"
        self.assertIn("no sheet", form.problem)
        form.sheet = "Other"
        form.save().action_import()
        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual(self.contacts_of(self.campaign).mapped("phone_1"), ["+493023125002"])

    def test_wizard_saves_the_mapping_and_remembers_it(self):
        form = self.open_wizard(CONTENT)
        with form.column_ids.edit(2) as column:
            column.target = "business_parameter_7"
        form.save_profile, form.profile_name = True, "Bank"
        form.save().action_import()
        profile = self.env["ecm.import.profile"].search([("name", "=", "Bank")])
        self.assertEqual(
            [(column.header, column.target) for column in profile.column_ids],
            [("Name", "last_name"), ("Mobil", "phone_1"), ("Anders", "business_parameter_7")],
        )
        self.assertEqual((profile.delimiter, profile.layout), (";", "header"))
        again = self.open_wizard(b"Mobil;Anders\n0151 23456789;z\n")
        self.assertEqual(again.profile_id, profile)
        contact_list = self.upload(b"Anders;Mobil;Name\nz;0151 23456780;Clara\n")
        self.assertEqual(contact_list.profile_id, profile)
        clara = self.contacts_of(self.campaign).filtered(
            lambda contact: contact.last_name == "Clara"
        )
        self.assertEqual(dict(clara.business_parameters)["business_parameter_7"], "z")
