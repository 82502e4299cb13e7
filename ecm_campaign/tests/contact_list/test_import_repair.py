import io
from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, tagged

from ...models.contact_list import ecm_contact_list
from ...models.contact_list.ecm_import_profile import DELIMITERS, ENCODINGS
from ...tools import contact_file, encodings
from ..common import CampaignCase

NUMBER = "+493023125001"
OTHER = "+493023125002"


class TestImportRepair(CampaignCase):
    """What becomes of rows that are not stored, and of those that are stored in part (L6, L8)."""

    def test_everything_that_is_found_out_can_be_chosen(self):
        self.assertEqual([code for code, _label in ENCODINGS], list(encodings.KNOWN))
        self.assertEqual([code for code, _label in DELIMITERS], list(contact_file.READABLE))

    def test_the_encoding_that_was_found_is_the_one_that_is_shown_and_read(self):
        content = "phone;name\n" + f"{NUMBER};Иванова Анна\n" * 3
        form = self.open_wizard(content.encode("cp1251"))
        self.assertEqual(form.encoding, "cp1251")
        self.assertEqual(form.preview["rows"][0]["cells"][1]["text"], "Иванова Анна")
        form.encoding = "utf-8"
        self.assertIn("Windows Western", form.warning)

    def test_duplicates_keep_their_row(self):
        contact_list = self.upload(f"phone;name;note\n{NUMBER};Anna;a\n{NUMBER};Bernd;b;\n")
        reject = contact_list.reject_ids
        self.assertEqual((reject.reason, reject.row_text), ("duplicate", f"{NUMBER},Bernd,b,"))

    def test_rejects_beyond_the_limit_are_counted_only(self):
        rows = f"{NUMBER}\n" * 12
        with patch.object(ecm_contact_list, "MAX_REJECTS", 5):
            contact_list = self.upload("phone\nx\ny\n" + rows)
            self.assertEqual(contact_list.unkept_count, 8)
        self.assertEqual((contact_list.failed_count, contact_list.duplicate_count), (2, 11))
        self.assertEqual(contact_list.reject_ids.mapped("line_number"), [2, 3, 5, 6, 7])

    def test_nul_characters_fail_no_list_and_no_upload(self):
        file = self.env["ecm.contact.upload"]._keep_file("a\0.csv", io.BytesIO(b"x"))
        self.assertEqual(file.name, "a.csv")
        contact_list = self.upload(f'phone,na\0me\n{NUMBER},"Ann\0a\n{OTHER},Bernd\n')
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("done", 1))
        self.assertEqual(contact_list.reject_ids.reason, "unclosed_quote")

    def test_the_next_valid_number_moves_up_unless_the_profile_says_otherwise(self):
        content = f"phone;mobile\nnone;{NUMBER}\n"
        strict = self.env["ecm.import.profile"].create({"name": "Strict", "moves_up": False})
        self.assertEqual(self.upload(content, profile_id=strict).failed_count, 1)
        contact_list = self.upload(content, profile_id=self.env["ecm.import.profile"])
        contact = self.contacts_of(self.campaign)
        self.assertEqual((contact.phone_1, contact.phone_2), (NUMBER, False))
        self.assertEqual((contact_list.warning_count, contact_list.failed_phone_1), (1, 1))

    def test_each_phone_has_the_mode_that_its_profile_says(self):
        mode = self.env["ecm.phone.mode"].create(
            {"name": "Islands", "description": "Short ones", "min_length": 7, "max_length": 7}
        )
        line = Command.create({"phone": "phone_2", "mode_id": mode.id})
        profile = self.env["ecm.import.profile"].create({"name": "Own", "phone_ids": [line]})
        contact_list = self.upload(
            f"phone;phone 2\n{NUMBER};+683 4002\n{OTHER};{NUMBER}\n+683 4002;\n",
            profile_id=profile,
        )
        contacts = self.contacts_of(self.campaign)
        self.assertEqual(contacts.mapped("phone_2"), ["+6834002", False])
        self.assertEqual((contact_list.warning_count, contact_list.failed_count), (1, 1))

    def test_headings_name_the_parameters_that_nobody_has_named(self):
        definition = [dict(item) for item in self.campaign.parameters_definition]
        definition[1]["string"] = "Tariff"
        self.campaign.parameters_definition = definition
        form = self.open_wizard(f"phone;Anrede;PLZ;Ort\n{NUMBER};Frau;10115;Berlin\n")
        choices = dict(form.preview["choices"])
        targets = [row["target"] for row in form.column_ids._records]
        unnamed = [name for name in targets if name == "business_parameter_1"]
        self.assertEqual(unnamed, ["business_parameter_1"])
        self.assertEqual(choices["business_parameter_1"], "Anrede → Business Parameter 1")
        self.assertEqual(choices["business_parameter_2"], "Tariff (Business Parameter 2)")
        form.save().action_import()
        labels = self.campaign._get_parameter_labels()
        self.assertEqual(labels["business_parameter_1"], "Anrede")
        self.assertEqual(labels["business_parameter_2"], "Tariff")

    def test_an_upload_of_which_nothing_can_be_stored_names_the_country(self):
        self.env.company.country_id = self.env.ref("base.us")
        form = self.open_wizard("phone\n030 23125001\n030 23125002\n0151 12345678\n")
        self.assertEqual((form.stored_count, form.problem), (0, False))
        self.assertEqual(form.suggested_country_id.code, "DE")
        self.assertIn("0 of 3 are valid", form.suggestion)
        wizard = form.save()
        wizard.action_use_country()
        self.assertEqual((wizard.country_id.code, wizard.stored_count), ("DE", 3))
        self.assertFalse(wizard.suggestion)

    def test_the_country_of_the_campaigns_hours_is_likelier_than_a_better_fit(self):
        self.env.company.country_id = self.env.ref("base.us")
        self.campaign.tz = "Europe/Berlin"
        # Valid in Italy, all of them.
        content = "phone\n030 231\n030 23125001\n030 23125002\n"
        form = self.open_wizard(content)
        self.assertEqual(form.suggested_country_id.code, "DE")
        self.campaign.tz = "Europe/Rome"
        self.assertEqual(self.open_wizard(content).suggested_country_id.code, "IT")

    def test_times_name_their_zone(self):
        self.campaign.tz = "Europe/Berlin"
        form = self.open_wizard(f"phone;not before\n{NUMBER};2026-07-01 10:00\n")
        self.assertEqual(
            form.preview["rows"][0]["cells"][1]["text"], "2026-07-01 10:00 Europe/Berlin"
        )
        self.assertIn(str(self.env.tz), form.zone_text)


@tagged("post_install", "-at_install")
class TestRejectedFile(HttpCase, CampaignCase):
    """Rejected rows come back in the columns of their file (requirement L8)."""

    def test_rejected_rows_can_be_repaired_and_uploaded_again(self):
        self.authenticate("admin", "admin")
        contact_list = self.upload(f"phone;name\n{NUMBER};=A1\n{NUMBER};=B1\nnone;Carl\n")
        action = contact_list.action_download_repairable()
        text = self.url_open(action["url"]).content.decode("utf-8-sig")
        self.assertEqual(text.splitlines(), ["phone;name", f"{NUMBER};'=B1", "none;Carl"])
        repaired = text.replace("none", OTHER).replace(NUMBER, "+493023125003")
        self.assertEqual(self.upload(repaired).uploaded_count, 2)
