import contextlib
import tempfile
import tracemalloc
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from ..common import CampaignCase

NUMBERS = [f"+4930231250{n:02d}" for n in range(100)]


class TestImport(CampaignCase):
    """From the file to contacts: what is found out, what is refused, what is counted (L1, L5 to
    L9).
    """

    def assert_counts(self, contact_list, **counts):
        self.assertEqual({name: contact_list[f"{name}_count"] for name in counts}, counts)

    def test_file_with_header(self):
        contact_list = self.upload(
            "Vorname;Nachname;Telefon;Handy;Vertrag\nAnna;Öz;030 23125001;0151 23456789;K-1\n"
            "Bernd;Au;030 23125002;;K-2\n"
        )
        self.assertEqual(contact_list.state, "done", contact_list.error)
        self.assert_counts(contact_list, processed=2, uploaded=2, failed=0, duplicate=0)
        anna = self.contacts_of(self.campaign).filtered(
            lambda contact: contact.first_name == "Anna"
        )
        self.assertEqual(
            (anna.last_name, anna.phone_1, anna.phone_2, anna.number_to_call),
            ("Öz", "+493023125001", "+4915123456789", "+493023125001"),
        )
        self.assertEqual(anna.business_parameters["business_parameter_1"], "K-1")
        self.assertEqual((anna.state, anna.is_ready, anna.list_id), ("pending", True, contact_list))

    def test_ecm_order_without_header(self):
        contact_list = self.upload(
            "+493023125001,,,,,Gold,x@y.de\n+493023125002,+493023125003\n", layout="ecm"
        )
        self.assert_counts(contact_list, processed=2, uploaded=2)
        first = self.contacts_of(self.campaign).filtered(
            lambda contact: contact.phone_1 == "+493023125001"
        )
        self.assertEqual(dict(first.business_parameters)["business_parameter_1"], "Gold")

    def test_first_column_is_the_phone_where_nothing_names_it(self):
        contact_list = self.upload("+493023125001|Gold\n+493023125002|Silver\n")
        self.assert_counts(contact_list, processed=2, uploaded=2)

    def test_latin_1_and_byte_order_mark(self):
        for content, name in (
            ("Vorname;Telefon\nJörg;030 23125001\n".encode("latin-1"), "Jörg"),
            ("\ufeffVorname;Telefon\nZoë;030 23125002\n".encode(), "Zoë"),
        ):
            with self.subTest(name=name):
                self.upload(content)
                self.assertIn(name, self.contacts_of(self.campaign).mapped("first_name"))

    def test_what_may_be_wrong_is_said_of_a_file_that_cannot_be_imported(self):
        long_line = "+493023125001;" + "x" * (1 << 20)
        for content in ("phone;first name\n", f"phone;first name\n{long_line}\n"):
            form = self.open_wizard(content, delimiter=",")
            self.assertTrue(form.problem)
            self.assertIn("delimiter", form.warning)

    def test_what_may_be_wrong_is_said_beside_columns_chosen_twice(self):
        content = "Vorname;Telefon\nJörg;03023125001\n".encode("latin-1")
        form = self.open_wizard(content, encoding="utf-8")
        for place in range(2):
            with form.column_ids.edit(place) as column:
                column.target = "phone_1"
        self.assertIn("more than one column", form.problem)
        self.assertIn("characters", form.warning)

    def test_wrong_delimiter_is_pointed_out_and_corrected(self):
        form = self.open_wizard("phone;first name\n+493023125001;Anna\n", delimiter=",")
        self.assertIn("column", form.warning)
        form.delimiter = ";"
        self.assertFalse(form.problem or form.warning)
        self.assertEqual(self.texts_of(form), [["+493023125001", "Anna"]])

    def test_preview_shows_what_is_wrong_in_its_place(self):
        form = self.open_wizard(
            "phone,e-mail,first name\ncall me,a@b.de,Anna\n"
            "030 23125001,nobody,Bernd\n+493023125002,c@d.de,Carla\n"
        )
        rejected, partly, fine = form.preview["rows"]
        self.assertEqual([row["line"] for row in form.preview["rows"]], [2, 3, 4])
        self.assertEqual(
            (rejected["stored"], partly["stored"], fine["stored"]), (False, True, True)
        )
        self.assertIn("not a phone number", rejected["cells"][0]["reason"])
        self.assertEqual(
            partly["cells"][0], {"text": "+493023125001", "raw": "030 23125001", "reason": ""}
        )
        self.assertEqual(partly["cells"][1]["raw"], "nobody")
        self.assertIn("not an e-mail address", partly["cells"][1]["reason"])
        self.assertFalse(fine["problem"])
        self.assertIn("Stored: 2. Of these, with a bad value left out: 1.", form.preview["summary"])

    def test_preview_follows_the_chosen_columns(self):
        form = self.open_wizard("a,b\n030 23125001,030 23125002\n")
        with form.column_ids.edit(0) as column:
            column.target = "ignore"
        self.assertIn("phone 1", form.problem)
        with form.column_ids.edit(1) as column:
            column.target = "phone_1"
        self.assertFalse(form.problem)
        self.assertEqual(self.texts_of(form), [["", "+493023125002"]])
        with form.column_ids.edit(0) as column:
            column.target = "phone_1"
        self.assertIn("more than one column: Phone 1", form.problem)

    def test_business_parameters_are_called_as_the_campaign_calls_them(self):
        self.campaign.parameters_definition = [
            {"name": "business_parameter_1", "type": "char", "string": "Contract"},
        ]
        form = self.open_wizard("phone,contract\n+493023125001,CT-1\n")
        self.assertIn(
            ["business_parameter_1", "Contract (Business Parameter 1)"], form.preview["choices"]
        )

    def texts_of(self, form):
        """What the preview's cells say is stored."""
        texts = []
        for row in form.preview["rows"]:
            texts.append([cell["text"] for cell in row["cells"]])
        return texts

    def test_bad_rows_are_kept_with_line_and_reason(self):
        long = "x" * 256
        contact_list = self.upload(
            f"phone,name,contract\n+493023125001,A,1\nabc,B,2\n{'1' * 29},C,3\n"
            f"+493023125002,D,{long}\n,E,5\n"
            '+493023125003,"F ""the"" G",6\n'
        )
        self.assert_counts(contact_list, processed=6, uploaded=2, failed=4)
        rejects = {reject.line_number: reject.reason for reject in contact_list.reject_ids}
        self.assertEqual(rejects, {3: "not_a_number", 4: "too_long", 5: "too_long", 6: "empty"})
        self.assertTrue(all(contact_list.reject_ids.mapped("reason_text")))
        self.assertIn('F "the" G', self.contacts_of(self.campaign).mapped("last_name"))

    def test_bad_second_phone_does_not_reject_the_contact(self):
        contact_list = self.upload("phone1,phone2\n+493023125001,nonsense\n")
        self.assert_counts(contact_list, processed=1, uploaded=1, failed=0, warning=1)
        self.assertTrue(contact_list.reject_ids.is_warning)

    def test_nul_bytes_line_ends_and_long_fields(self):
        contact_list = self.upload(
            b"phone,first name,contract\r\n+493023125001,A\0nna,1\n"
            b"+493023125002,B,2\r+493023125003,C,3\r\n"
            b"+493023125004,D," + b"x" * 20_000 + b"\n+493023125005,=cmd|' /C calc'!A0,5\n"
        )
        self.assert_counts(contact_list, processed=5, uploaded=4, failed=1)
        names = self.contacts_of(self.campaign).mapped("first_name")
        self.assertEqual(names, ["Anna", "B", "C", "=cmd|' /C calc'!A0"])
        reasons = {(reject.line_number, reject.reason) for reject in contact_list.reject_ids}
        self.assertEqual(reasons, {(2, "nul_removed"), (5, "too_long")})

    def test_the_same_file_twice_at_once(self):
        """A worker that gets its turn after another one sees what that one has stored, and a file
        that is done.
        """
        first, second = (self.queue("phone\n+493023125001\n") for _upload in range(2))
        lists = self.env["ecm.contact.list"]
        with patch.object(
            self.registry["ecm.contact.list"],
            "_exclusively",
            lambda *_args: contextlib.nullcontext(False),
        ):
            lists._cron_import()
        self.assertEqual((first | second).mapped("state"), ["queued", "queued"])
        lists._cron_import()
        first._run_safely()
        self.env.invalidate_all()
        self.assertEqual((first | second).mapped("state"), ["done", "done"])
        self.assertEqual(sorted((first | second).mapped("uploaded_count")), [0, 1])
        self.assertEqual(len(self.contacts_of(self.campaign)), 1)

    def test_duplicates_in_file_and_campaign(self):
        self.create_contact(phone_1="+493023125001")
        content = "phone\n+493023125001\n+493023125002\n030 23125002\n"
        contact_list = self.upload(content)
        self.assert_counts(contact_list, processed=3, uploaded=1, duplicate=2, failed=0)
        self.assertEqual(set(contact_list.reject_ids.mapped("reason")), {"duplicate"})
        allowed = self.upload(content, duplicate_policy="allow")
        self.assert_counts(allowed, processed=3, uploaded=3, duplicate=0)

    def test_the_same_number_in_another_campaign_is_no_duplicate(self):
        other = self.create_campaign("Other offer")
        self.create_contact(other, phone_1="+493023125001")
        self.assert_counts(self.upload("phone\n+493023125001\n"), uploaded=1, duplicate=0)

    def test_a_list_says_how_much_of_it_is_worked_off(self):
        """Of the calls, not of the file, which is read to its end (L7)."""
        contact_list = self.upload("".join(f"+4930231250{row:02d}\n" for row in range(1, 5)))
        contacts = self.contacts_of(self.campaign)
        contacts[0].action_withdraw()
        contacts[1].write({"not_before": fields.Datetime.now() + timedelta(days=1)})
        self.env.invalidate_all()
        counts = (
            contact_list.contact_count,
            contact_list.pending_count,
            contact_list.available_count,
        )
        self.assertEqual((*counts, contact_list.worked_percent), (4, 3, 2, 25))

    def test_file_without_rows(self):
        for content in ("phone,first name\n", "\n\n"):
            with self.subTest(content=content), self.assertRaises(UserError):
                self.queue(content)

    def test_thirty_columns(self):
        header = ",".join(["phone", *(f"field {n}" for n in range(29))])
        contact_list = self.upload(f"{header}\n+493023125001,{','.join(map(str, range(29)))}\n")
        self.assert_counts(contact_list, uploaded=1)
        self.assertEqual(len(dict(self.contacts_of(self.campaign).business_parameters)), 12)

    def test_not_before_makes_a_contact_wait(self):
        self.upload(
            "phone,not before\n+493023125001,2099-01-01 10:00\n+493023125002,2020-01-01 10:00\n"
        )
        by_phone = {contact.phone_1: contact for contact in self.contacts_of(self.campaign)}
        self.assertFalse(by_phone["+493023125001"].is_ready)
        self.assertEqual(str(by_phone["+493023125001"].next_attempt_at), "2099-01-01 10:00:00")
        self.assertTrue(by_phone["+493023125002"].is_ready)

    def test_number_to_call_follows_the_strategy(self):
        strategy = self.strategy.copy()
        strategy.attempt_ids[0].phone_index = "2"
        campaign = self.create_campaign("Second phones", strategy_id=strategy.id)
        self.upload("phone1,phone2\n+493023125001,+493023125002\n+493023125003,\n", campaign)
        self.assertEqual(
            sorted(self.contacts_of(campaign).mapped("number_to_call")),
            ["+493023125002", "+493023125003"],
        )

    def test_an_import_that_was_cut_off_goes_on_where_it_stopped(self):
        rows = "".join(f"{number}\n" for number in NUMBERS)
        contact_list = self.queue(f"phone\n{rows}")
        self.enterContext(self.chunks_of(10))
        load_chunk = self.registry["ecm.contact.list"]._load_chunk
        loaded = []

        def dying(record, chunk, read_on):
            if len(loaded) == 3:
                raise KeyboardInterrupt
            loaded.append(chunk)
            return load_chunk(record, chunk, read_on)

        # Not assertRaises: that would roll back what a dying process has committed.
        with self.patch_method("_load_chunk", dying), contextlib.suppress(KeyboardInterrupt):
            self.env["ecm.contact.list"]._cron_import()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("importing", 30))
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("done", 100))
        self.assertEqual(sorted(self.contacts_of(self.campaign).mapped("phone_1")), NUMBERS)

    def patch_method(self, name, method):
        return patch.object(self.registry["ecm.contact.list"], name, method)

    def test_a_long_import_makes_room_for_other_work_and_goes_on(self):
        rows = "".join(f"{number}\n" for number in NUMBERS)
        contact_list = self.queue(f"phone\n{rows}")
        with self.time_for_one_chunk(10):
            self.env["ecm.contact.list"]._cron_import()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("importing", 10))
        self.env["ecm.contact.list"]._cron_import()
        self.assertEqual((contact_list.state, contact_list.uploaded_count), ("done", 100))

    def test_cancelled_import_removes_what_was_not_called(self):
        rows = "".join(f"{number}\n" for number in NUMBERS)
        contact_list = self.queue(f"phone\n{rows}")
        self.enterContext(self.chunks_of(10))
        notify = self.registry["ecm.contact.list"]._notify_progress

        def cancelling(record):
            record.action_cancel()
            return notify(record)

        with self.patch_method("_notify_progress", cancelling):
            self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual(contact_list.state, "cancelled")
        self.assertFalse(self.contacts_of(self.campaign))

    def test_cancelling_a_finished_import_changes_nothing(self):
        contact_list = self.upload("phone\n+493023125001\n")
        contact_list.action_cancel()
        self.assertEqual((contact_list.state, len(self.contacts_of(self.campaign))), ("done", 1))

    def test_file_that_turns_out_unreadable_fails_its_list_only(self):
        broken = self.queue("phone\n+493023125001\n")
        broken.attachment_id.raw = b"\x89PNG" + b"\0" * 5000
        fine = self.queue("phone\n+493023125002\n", self.create_campaign("Other offer"))
        self.env["ecm.contact.list"]._cron_import()
        self.env.invalidate_all()
        self.assertEqual(fine.state, "done")
        self.assertNotEqual(broken.state, "importing")
        self.assertFalse(broken.uploaded_count)

    def test_imported_values_survive_copy(self):
        nasty = 'back\\slash\ttab "quote" \\N'
        contact_list = self.upload(
            f'phone,first name\n+493023125001,"{nasty.replace(chr(34), chr(34) * 2)}"\n'
        )
        self.assertEqual(contact_list.uploaded_count, 1)
        self.assertEqual(self.contacts_of(self.campaign).first_name, nasty)


@tagged("post_install", "-at_install")
class TestRejectsDownload(HttpCase, CampaignCase):
    """The file of rejected rows (L8), for those who may see the list."""

    def test_download(self):
        contact_list = self.upload("phone,first name\n=cmd|' /C calc'!A0,A\n+493023125001,B\n")
        self.create_user("supervisor", password="ecm_supervisor")
        self.authenticate("ecm_supervisor", "ecm_supervisor")
        response = self.url_open(f"/ecm/contact_list/{contact_list.id}/rejects")
        self.assertEqual(response.status_code, 200)
        self.assertIn("text/csv", response.headers["Content-Type"])
        self.assertIn("2,phone,phone_1,'=cmd|' /C calc'!A0,not_a_number", response.text)
        self.assertIn(",\"'=cmd|' /C calc'!A0,A\"", response.text)

    def test_the_file_is_never_held_in_memory(self):
        contact_list = self.upload("phone\n+493023125001\n")
        self.env.cr.execute(
            """INSERT INTO ecm_contact_list_reject (list_id, line_number, reason, row_text)
               SELECT %s, n, 'empty', repeat('x', 2000) FROM generate_series(1, 10000) AS n""",
            [contact_list.id],
        )
        with tempfile.TemporaryFile() as file:
            tracemalloc.start()
            self.env["ecm.contact.list.reject"]._write_csv(contact_list, file)
            _now, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            self.assertGreater(file.tell(), 20_000_000)
        self.assertLess(peak, 10_000_000)

    def test_refused_without_the_role_or_the_company(self):
        contact_list = self.upload("phone\nabc\n+493023125001\n")
        self.env["res.users"].create(
            {"name": "No role", "login": "norole", "password": "norole-password"}
        )
        self.authenticate("norole", "norole-password")
        self.assertEqual(
            self.url_open(f"/ecm/contact_list/{contact_list.id}/rejects").status_code, 404
        )
        self.authenticate(None, None)
        response = self.url_open(
            f"/ecm/contact_list/{contact_list.id}/rejects", allow_redirects=False
        )
        self.assertEqual(response.status_code, 303)
        self.assertIn("/web/login", response.headers["Location"])
