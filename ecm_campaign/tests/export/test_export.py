import csv
import io
from datetime import datetime, timedelta
from itertools import count
from unittest.mock import patch

from openpyxl import load_workbook

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from ...models.export import ecm_export
from ...tools import export_rows
from ..common import CampaignCase

FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "\tx")


class ExportCase(CampaignCase):
    """A supervisor who may export, in Berlin."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supervisor = cls.create_exporter("supervisor", login="ecm_exporter")
        cls.env["ecm.export"].search([]).write({"state": "expired"})

    @classmethod
    def create_exporter(cls, role, **values):
        user = cls.create_user(role, tz="Europe/Berlin", **values)
        user.group_ids += cls.env.ref("base.group_allow_export")
        return user

    def ask(self, records, domain=None, user=None, **choices):
        """Press *Export* on a list, choose, and start.

        :param domain: of the filter; none where records are chosen
        :return: the job
        """
        user = user or self.supervisor
        records = records.with_user(user)
        if domain is not None:
            records = records.with_context(active_domain=domain)
        action = records.action_export()
        form = Form(self.env["ecm.export.start"].with_user(user).with_context(**action["context"]))
        columns = choices.pop("columns", None)
        for name, value in choices.items():
            setattr(form, name, value)
        wizard = form.save()
        if columns:
            for column in wizard.column_ids:
                column.is_chosen = column.name in columns
                if column.is_chosen:
                    column.sequence = columns.index(column.name)
        return self.env["ecm.export"].browse(wizard.action_start()["res_id"])

    def export(self, records, domain=None, **choices):
        """:return: the job that is done, and the lines of its files, each with its line of titles"""
        job = self.ask(records, domain, **choices)
        self.env["ecm.export"]._cron_run()
        self.env.invalidate_all()
        self.assertEqual(job.state, "done", job.error)
        return job, [self.read(file) for file in job.file_ids]

    def read(self, file):
        content = file.attachment_id.raw
        if file.name.endswith(".csv"):
            return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
        sheet = load_workbook(io.BytesIO(content)).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()]

    def create_contacts(self, count, **values):
        contacts = self.env["ecm.contact"]
        for number in range(count):
            contacts += self.create_contact(phone_1=f"+49302312500{number}", **values)
        return contacts


class TestExport(ExportCase):
    """Contacts and attempts as files (L10): what is in them, and for whom."""

    def test_chosen_contacts_with_the_usual_columns(self):
        contact = self.create_contact(first_name="Anna", last_name="Schmidt", account_number="C-1")
        self.create_contact(phone_1="+493023125001")
        contact.last_attempt_at = datetime(2026, 1, 15, 12, 30)
        job, [[titles, line]] = self.export(contact)
        self.assertEqual(titles[:2], ["Campaign", "List"])
        row = dict(zip(titles, line, strict=True))
        self.assertEqual(row["Campaign"], "Spring offer")
        self.assertEqual(row["Customer key"], "C-1")
        self.assertEqual(row["Phone 1"], "+493023125000")
        self.assertEqual(row["State"], "Pending")
        # On the clock of whoever asked.
        self.assertEqual(row["Last attempt on"], datetime(2026, 1, 15, 13, 30))
        self.assertIsNone(row["Last outcome"])
        self.assertEqual((job.processed_count, job.progress), (1, 100.0))

    def test_all_of_the_filter_in_csv(self):
        contacts = self.create_contacts(3)
        self.create_contact(self.create_campaign("Other offer"), phone_1="+493023125009")
        columns = ["phone_1", "id", "has_agreed", "not_before"]
        contacts[1].not_before = datetime(2026, 7, 1, 6)
        domain = [("campaign_id", "=", self.campaign.id)]
        none = self.env["ecm.contact"]
        _job, [lines] = self.export(none, domain, columns=columns, file_format="csv")
        # What is not stored cannot be chosen.
        self.assertEqual(lines[0], ["Phone 1", "ID", "Not before"])
        self.assertEqual([int(line[1]) for line in lines[1:]], contacts.ids)
        self.assertEqual(lines[2][2], "2026-07-01 08:00:00")

    def test_a_business_parameter_is_a_column(self):
        self.create_contact(business_parameters={"business_parameter_2": "Gold"})
        name = "business_parameters.business_parameter_2"
        domain = [("campaign_id", "=", self.campaign.id)]
        _job, [lines] = self.export(self.env["ecm.contact"], domain, columns=[name])
        self.assertEqual(lines, [["Business Parameter 2"], ["Gold"]])

    def test_nothing_becomes_a_formula(self):
        contacts = self.env["ecm.contact"]
        for place, text in enumerate(FORMULAS):
            contacts += self.create_contact(phone_1=f"+49302312500{place}", first_name=text)
        columns = ["first_name", "phone_1"]
        _job, [lines] = self.export(contacts, columns=columns, file_format="csv")
        self.assertEqual([line[0] for line in lines[1:]], [f"'{text}" for text in FORMULAS])
        # A number in its usual form is none, and is read again by the next import.
        self.assertEqual(lines[1][1], "+493023125000")

        job, [lines] = self.export(contacts, columns=columns)
        sheet = load_workbook(io.BytesIO(job.file_ids.attachment_id.raw)).active
        self.assertEqual([line[0] for line in lines[1:]], list(FORMULAS))
        self.assertEqual({cell.data_type for row in sheet.iter_rows() for cell in row}, {"s"})

    def test_attempts_with_their_contacts(self):
        contact = self.create_contact(first_name="Anna", email="anna@example.com")
        outcome = self.env["ecm.outcome"].search([("code", "=", "busy")])
        attempt = self.env["ecm.attempt"].create(
            {
                "key": "export-1",
                "contact_id": contact.id,
                "campaign_id": contact.campaign_id.id,
                "company_id": contact.company_id.id,
                "channel": "voice",
                "state": "done",
                "position": 1,
                "number": contact.phone_1,
                "claimed_at": datetime(2026, 1, 15, 12, 30),
                "outcome_id": outcome.id,
            }
        )
        columns = ["claimed_at", "contact_id.first_name", "contact_id.email", "outcome_id"]
        _job, [lines] = self.export(attempt, columns=columns)
        expected = [datetime(2026, 1, 15, 13, 30), "Anna", "anna@example.com", outcome.name]
        self.assertEqual(lines[1], expected)

    def test_a_sheet_is_full_and_the_next_file_goes_on(self):
        contacts = self.create_contacts(7)
        self.patch(export_rows.XlsxFile, "most_rows", 3)
        self.patch(ecm_export, "BATCH", 2)
        job, files = self.export(contacts, columns=["id"])
        self.assertEqual([len(lines) - 1 for lines in files], [3, 3, 1])
        found = [line[0] for lines in files for line in lines[1:]]
        self.assertEqual(found, contacts.ids)
        day = fields.Date.context_today(job.with_context(tz="Europe/Berlin"))
        self.assertEqual(job.file_ids[1].name, f"contacts-{day}-2.xlsx")

    def test_a_job_that_was_cut_off_goes_on_with_its_file(self):
        contacts = self.create_contacts(5)
        self.patch(export_rows.XlsxFile, "most_rows", 2)
        job = self.ask(contacts, columns=["id"])
        job._begin()
        self.assertTrue(job._write_file())
        job.processed_count = 4
        self.env["ecm.export"]._cron_run()
        self.env.invalidate_all()
        self.assertEqual(job.file_ids.mapped("row_count"), [2, 2, 1])
        self.assertEqual((job.state, job.processed_count), ("done", 5))

    def test_a_file_ends_when_its_time_is_up(self):
        contacts = self.create_contacts(3)
        self.patch(ecm_export, "BATCH", 1)
        # Each look at the clock is a second later.
        clock = patch.object(ecm_export.time, "monotonic", side_effect=count(0))
        self.patch(ecm_export, "FILE_SECONDS", 6)
        with clock:
            job, files = self.export(contacts, columns=["id"])
        found = [line[0] for lines in files for line in lines[1:]]
        self.assertEqual((len(files) > 1, found), (True, contacts.ids))
        self.assertEqual(job.processed_count, 3)

    def test_nothing_to_export(self):
        with self.assertRaises(UserError):
            self.ask(self.env["ecm.contact"], [("id", "=", 0)])

    def test_cancelled_while_it_is_written(self):
        job = self.ask(self.create_contacts(3))
        job.with_user(self.supervisor).action_cancel()
        self.env["ecm.export"]._cron_run()
        self.assertEqual((job.state, job.file_ids.ids), ("cancelled", []))
        job._begin()
        self.assertFalse(job._note(1))

    def test_whoever_asked_is_told(self):
        job, _files = self.export(self.create_contacts(2))
        message = self.env["mail.message"].search(
            [("model", "=", "ecm.export"), ("res_id", "=", job.id)]
        )
        self.assertEqual(message.notified_partner_ids, self.supervisor.partner_id)
        self.assertIn("Your export is ready", message.subject)

    def test_files_go_when_their_time_is_over(self):
        job, _files = self.export(self.create_contacts(2))
        attachment = job.file_ids.attachment_id
        self.assertEqual(job.expires_at - job.finished_at, timedelta(days=7))
        job.expires_at = fields.Datetime.now() - timedelta(minutes=1)
        self.env["ecm.export"]._cron_run()
        self.assertEqual(job.state, "expired")
        self.assertFalse(attachment.exists() or job.file_ids)


class TestExportRights(ExportCase):
    """Only what the role may read, and only for whoever asked (L10, R8)."""

    def test_an_agent_exports_nothing(self):
        agent = self.create_exporter("agent", login="ecm_agent_exporter")
        contact = self.create_contact()
        with self.assertRaises(AccessError):
            contact.with_user(agent).action_export()
        with self.assertRaises(AccessError):
            self.env["ecm.export"].with_user(agent)._ask_for(self.values(), [])

    def test_a_supervisor_without_the_right_to_export(self):
        contact, user = self.create_contact(), self.create_user("supervisor", login="ecm_no_export")
        with self.assertRaises(AccessError):
            contact.with_user(user).action_export()

    def test_another_company_finds_nothing(self):
        company = self.env["res.company"].create({"name": "Foreign company"})
        own = {"company_ids": [(6, 0, company.ids)], "company_id": company.id}
        foreign = self.create_exporter("administrator", login="ecm_foreign", **own)
        self.create_contact()
        with self.assertRaises(UserError):
            self.env["ecm.export"].with_user(foreign)._ask_for(self.values(), [])

    def test_rights_are_those_of_the_moment_when_rows_are_read(self):
        job = self.ask(self.create_contacts(2))
        company = self.env["res.company"].create({"name": "Another company"})
        self.supervisor.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})
        self.env["ecm.export"]._cron_run()
        self.assertEqual((job.state, job.file_ids.ids), ("failed", []))
        self.assertIn("no longer", job.error)

    def test_a_field_of_administrators_is_no_column_for_others(self):
        field = self.env["ecm.contact"]._fields["email"]
        self.patch(field, "groups", "ecm_campaign.ecm_campaign_group_administrator")
        columns = self.env["ecm.export.columns"].with_user(self.supervisor)
        names = [choice.name for choice in columns._get_choices("ecm.contact")]
        self.assertNotIn("email", names)
        names = [choice.name for choice in columns._get_choices("ecm.attempt")]
        self.assertNotIn("contact_id.email", names)
        self.create_contact()
        exports = self.env["ecm.export"].with_user(self.supervisor)
        with self.assertRaises(AccessError):
            exports._ask_for({**self.values(), "columns": ["email"]}, [])

    def test_only_whoever_asked_sees_the_export(self):
        job, _files = self.export(self.create_contacts(1))
        other = self.create_exporter("administrator", login="ecm_other_exporter")
        for record in (job, job.file_ids, job.file_ids.attachment_id):
            with self.assertRaises(AccessError):
                record.with_user(other).read(["name" if "name" in record._fields else "state"])
        for record, method in ((job, "action_cancel"), (job.file_ids, "action_download")):
            with self.assertRaises(AccessError):
                getattr(record.with_user(other), method)()
        self.assertFalse(self.env["ecm.export"].with_user(other).search([("id", "=", job.id)]))

    def values(self):
        return {
            "model": "ecm.contact",
            "source": "All",
            "file_format": "csv",
            "columns": ["phone_1"],
        }


@tagged("post_install", "-at_install")
class TestExportDownload(HttpCase, ExportCase):
    """The link leads to the file for whoever asked, and for nobody else."""

    def test_download(self):
        job, _files = self.export(self.create_contacts(2), columns=["phone_1"], file_format="csv")
        action = job.with_user(self.supervisor).action_download()
        self.authenticate(self.supervisor.login, self.supervisor.login)
        answer = self.url_open(action["url"])
        self.assertIn("+493023125001", answer.text)
        self.assertIn(job.file_ids.name, answer.headers["Content-Disposition"])

        other = self.create_exporter("supervisor", login="ecm_other_exporter")
        self.authenticate(other.login, other.login)
        self.assertEqual(self.url_open(action["url"]).status_code, 404)
