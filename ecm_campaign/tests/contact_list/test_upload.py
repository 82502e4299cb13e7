import io
import mmap
from unittest.mock import patch

from freezegun import freeze_time

from odoo import http
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, new_test_user, tagged

from ...models.contact_list import ir_attachment
from ...models.contact_list.ir_attachment import CONTACT_FILE
from ..common import CampaignCase

MODELS_WITH_FILE = (
    "ecm.contact.list",
    "ecm.global.list",
    "ecm.contact.withdrawal",
    "ecm.contact.upload",
)
CONTENT = b"phone,first name\n+493023125001,Anna\n"


@tagged("post_install", "-at_install")
class TestUpload(HttpCase):
    """A file comes to the server as a stream (requirement L1)."""

    def _log_in(self, role):
        user = new_test_user(
            self.env, login=f"ecm_{role}", groups=f"ecm_campaign.ecm_campaign_group_{role}"
        )
        self.authenticate(user.login, user.login)
        return user

    def _send(self, content=CONTENT, **values):
        form = {"csrf_token": http.Request.csrf_token(self), **values}
        return self.url_open("/ecm/upload", data=form, files={"ufile": ("june.csv", content)})

    def test_a_supervisor_uploads_a_file(self):
        user = self._log_in("supervisor")
        answer = self._send().json()
        attachment = self.env["ir.attachment"].browse(answer["id"])
        self.assertEqual((answer["name"], answer["size"]), ("june.csv", len(CONTENT)))
        self.assertEqual((attachment.raw, attachment.create_uid), (CONTENT, user))
        self.assertEqual((attachment.mimetype, attachment.index_content), (CONTACT_FILE, False))

    def test_a_large_file_is_taken_from_the_disk_and_not_into_memory(self):
        """More than half a megabyte, which the server keeps in a temporary file."""
        self._log_in("supervisor")
        content = CONTENT + b"+493023125002,Bernd\n" * 100_000
        with patch.object(ir_attachment.mmap, "mmap", wraps=mmap.mmap) as mapped:
            answer = self._send(content).json()
        mapped.assert_called_once()
        self.assertEqual(self.env["ir.attachment"].browse(answer["id"]).raw, content)

    def test_an_agent_is_refused(self):
        self._log_in("agent")
        answer = self._send()
        self.assertEqual(answer.status_code, 403)
        self.assertIn("supervisors", answer.json()["error"])
        self.assertFalse(
            self.env["ir.attachment"].search([("res_model", "=", "ecm.contact.upload")])
        )

    def test_a_request_of_another_site_is_refused(self):
        self._log_in("supervisor")
        with self.assertLogs("odoo.http", "WARNING"):
            self.assertEqual(self._send(csrf_token="forged").status_code, 400)

    def test_a_request_without_a_file_is_refused(self):
        self._log_in("supervisor")
        answer = self.url_open("/ecm/upload", data={"csrf_token": http.Request.csrf_token(self)})
        self.assertEqual(answer.status_code, 400)
        self.assertIn("no file", answer.json()["error"])

    def test_a_file_beyond_the_limit_is_refused_before_it_is_read(self):
        self._log_in("supervisor")
        self.env["ir.config_parameter"].set_param("ecm_campaign.max_upload_mb", "1")
        with patch.object(
            type(self.env["ecm.contact.upload"]), "_keep_file", side_effect=AssertionError("read")
        ):
            self.assertEqual(self._send(bytes(2 << 20)).status_code, 413)
        session = self.make_jsonrpc_request("/web/session/get_session_info", {})
        self.assertEqual(session["ecm_max_upload_size"], 1 << 20)


class TestUploadedFile(CampaignCase):
    """Whose file the wizard opens, and what becomes of one that nobody imports."""

    def _keep(self, user=None):
        uploads = self.env["ecm.contact.upload"].with_user(user or self.env.user)
        return uploads._keep_file("june.csv", io.BytesIO(CONTENT))

    def test_the_wizard_opens_no_other_file(self):
        supervisor = self.create_user("supervisor")
        others = self._keep()
        own = self._keep(supervisor)
        document = self.env["ir.attachment"].create(
            {"name": "secret.txt", "raw": b"phone\n+493023125001\n"}
        )
        for attachment in (others, document):
            with self.subTest(file=attachment.name), self.assertRaises(AccessError):
                self._open(attachment, supervisor)
        self.assertEqual(
            self._open(own, supervisor).column_ids.mapped("target"), ["phone_1", "first_name"]
        )

    def _open(self, attachment, user):
        """The wizard as it reads a file, before it is saved."""
        uploads = self.env["ecm.contact.upload"].with_user(user)
        wizard = uploads.new({"campaign_id": self.campaign.id, "attachment_id": attachment.id})
        wizard._onchange_file()
        return wizard

    def test_a_file_that_nobody_imports_is_removed(self):
        with freeze_time("2026-05-04 10:00:00"):
            forgotten = self._keep()
            self.env.flush_all()
            self.env.cr.execute(
                "UPDATE ir_attachment SET create_date = %s WHERE id = %s",
                ["2026-05-03 09:00:00", forgotten.id],
            )
            self.env.invalidate_all()
            recent = self._keep()
            self.env["ecm.contact.upload"]._gc_files()
        self.assertFalse(forgotten.exists())
        self.assertTrue(recent.exists())

    def test_an_imported_file_belongs_to_its_list(self):
        contact_list = self.queue(CONTENT)
        self.assertEqual(
            (contact_list.attachment_id.res_model, contact_list.attachment_id.res_id),
            ("ecm.contact.list", contact_list.id),
        )
        self.assertEqual(contact_list.file_size, len(CONTENT))

    def test_a_do_not_contact_list_is_loaded_from_a_dropped_file(self):
        supervisor = self.create_user("supervisor")
        values = {"name": "Registry", "dnc_class": "national", "company_id": self.env.company.id}
        dnc_list = self.env["ecm.dnc.list"].create(values)
        loads = self.env["ecm.dnc.load"].with_user(supervisor)
        attachment = self._keep(supervisor)
        load = loads.create({"list_id": dnc_list.id, "attachment_id": attachment.id})
        self.assertEqual(load.file_name, "june.csv")
        with self.assertRaises(AccessError):
            loads.create({"list_id": dnc_list.id, "attachment_id": attachment.id})
        with self.assertRaises(AccessError):
            loads.create({"list_id": dnc_list.id, "attachment_id": self._keep().id})
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual((load.state, load.loaded_count), ("done", 1))
        self.assertTrue(dnc_list.check_number("+493023125001"))


class TestForeignFile(CampaignCase):
    """A supervisor reads no file of the database by its number, whatever the way (I1, E8)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        supervisor = cls.create_user("supervisor")
        cls.other = cls.campaign.copy({"name": "Summer offer"})
        cls.env = cls.env(user=supervisor)
        cls.uploads = cls.env["ecm.contact.upload"]
        sudo_uploads = cls.uploads.with_user(cls.other.env.user)
        document = {"name": "secret.txt", "raw": b"phone\n+493023125001\n"}
        attachments = cls.other.env["ir.attachment"]
        cls.foreign = {
            "unbound": attachments.create(document),
            "of a record": attachments.create(
                {**document, "res_model": "res.company", "res_id": cls.env.company.id}
            ),
            "of a field": attachments.create({**document, "res_field": "image"}),
            "upload of another user": sudo_uploads._keep_file("june.csv", io.BytesIO(CONTENT)),
        }

    def _keep(self):
        return self.uploads._keep_file("june.csv", io.BytesIO(CONTENT))

    def _values(self, model):
        """What a record of this model needs beside its file."""
        company = {"company_id": self.env.company.id}
        of_campaign = {"campaign_id": self.campaign.id}
        return {
            "ecm.contact.list": {"name": "June", **of_campaign},
            "ecm.global.list": {"name": "June", **company},
            "ecm.contact.withdrawal": {"match": "phone", "reason": "Paid", **company},
            "ecm.contact.upload": of_campaign,
        }[model]

    def _assert_refused(self, use):
        """:param use: callable that takes an attachment"""
        for kind, attachment in self.foreign.items():
            with self.subTest(file=kind):
                before = (attachment.res_model, attachment.res_id)
                with self.assertRaisesRegex(AccessError, "Upload the file"):
                    use(attachment)
                self.assertEqual((attachment.res_model, attachment.res_id), before)

    def test_no_record_is_created_with_it(self):
        for model in MODELS_WITH_FILE:
            with self.subTest(model=model):
                records, values = self.env[model], self._values(model)
                self._assert_refused(
                    lambda file: records.create({**values, "attachment_id": file.id})  # noqa: B023
                )

    def test_nor_with_one_of_the_context(self):
        values = self._values("ecm.contact.list")
        lists = self.env["ecm.contact.list"]
        self._assert_refused(
            lambda file: lists.with_context(default_attachment_id=file.id).create(values)
        )

    def test_no_record_gets_it_later(self):
        for model in MODELS_WITH_FILE:
            values = {**self._values(model), "attachment_id": self._keep().id}
            record = self.env[model].create(values)
            with self.subTest(model=model):
                self._assert_refused(lambda file: record.write({"attachment_id": file.id}))  # noqa: B023

    def test_the_file_of_one_list_goes_to_no_other(self):
        contact_list = self._create_list(self._keep())
        with self.assertRaises(AccessError):
            self._create_list(contact_list.attachment_id)
        contact_list.attachment_id = contact_list.attachment_id
        self.assertEqual(contact_list.attachment_id.res_id, contact_list.id)

    def test_an_own_upload_becomes_the_file_of_the_record(self):
        for model in MODELS_WITH_FILE[:-1]:
            values = {**self._values(model), "attachment_id": self._keep().id}
            with self.subTest(model=model):
                record = self.env[model].create(values)
                file = record.attachment_id
                self.assertEqual((file.res_model, file.res_id), (model, record.id))

    def test_a_supervisor_feeds_another_campaign_with_the_file_of_a_list(self):
        contact_list = self._create_list(self._keep())
        action = contact_list.action_feed_campaigns()
        form = Form(self.env["ecm.global.list.feed"].with_context(**action["context"]))
        form.campaign_ids.add(self.other.with_env(self.env))
        global_list = self.env["ecm.global.list"].browse(form.save().action_feed()["res_id"])
        self.assertEqual(global_list.list_ids.attachment_id, contact_list.attachment_id)
        self.assertEqual(global_list.list_ids.user_id, self.env.user)
        file = global_list.attachment_id
        self.assertEqual((file.res_model, file.res_id), (global_list._name, global_list.id))

    def test_a_do_not_contact_load_takes_it_neither_now_nor_later(self):
        values = {"name": "Registry", "dnc_class": "national", "company_id": self.env.company.id}
        dnc_list = self.env["ecm.dnc.list"].create(values)
        loads = self.env["ecm.dnc.load"]
        self._assert_refused(
            lambda file: loads.create({"list_id": dnc_list.id, "attachment_id": file.id})
        )
        load = loads.create({"list_id": dnc_list.id, "attachment_id": self._keep().id})
        self._assert_refused(lambda file: load.write({"attachment_id": file.id}))

    def test_the_wizard_does_not_tell_its_name(self):
        values = {"campaign_id": self.campaign.id, "attachment_id": self.foreign["unbound"].id}
        wizard = self.uploads.new(values)
        self.assertFalse(wizard.file_name)
        self.assertFalse(wizard.list_name)
        self.assertEqual(self.uploads.new({"attachment_id": self._keep().id}).file_name, "june.csv")

    def _create_list(self, file):
        values = self._values("ecm.contact.list")
        return self.env["ecm.contact.list"].create({**values, "attachment_id": file.id})
