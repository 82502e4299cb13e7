import base64
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, mute_logger

from ...tools.results import Wish
from ..common import CampaignCase

LISTED, FREE = "+493023125001", "+493023125002"


class TestDnc(CampaignCase):
    """Do-not-contact lists: what counts where, the scrub at import, loads, checks (N1, N2, L7)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dnc_list = cls.create_dnc_list("Registry", dnc_class="national")

    @classmethod
    def create_dnc_list(cls, name, **values):
        return cls.env["ecm.dnc.list"].create({"name": name, **values})

    def add(self, value=LISTED, kind="number", dnc_list=None, **values):
        dnc_list = dnc_list or self.dnc_list
        return self.env["ecm.dnc.entry"].create(
            {"list_id": dnc_list.id, "kind": kind, "value": value, **values}
        )

    def find(self, *numbers, campaign=None, **kwargs):
        listed, keys = self.env["ecm.dnc.list"]._find_listed(
            campaign or self.campaign, set(numbers), **kwargs
        )
        return {**listed, **keys}

    def test_numbers_prefixes_and_keys(self):
        self.add("030 23125001")
        self.add("+49 151", kind="prefix")
        self.add("K-1", kind="key")
        found = self.find(LISTED, FREE, "+4915123456789", keys={"K-1", "K-2"})
        self.assertEqual(set(found), {LISTED, "+4915123456789", "K-1"})
        self.assertEqual(set(found.values()), {"national"})

    def test_bad_values_are_refused(self):
        for kind, value in (("number", "call me"), ("prefix", "+1"), ("key", " ")):
            with self.subTest(kind=kind), self.assertRaises(ValidationError):
                self.add(value, kind=kind)

    def test_dates_of_entry_and_list(self):
        today = fields.Date.context_today(self.env.user)
        day = timedelta(days=1)
        entry = self.add(date_to=today)
        self.assertTrue(self.find(LISTED))
        entry.date_to = today - day
        self.assertFalse(self.find(LISTED))
        entry.write({"date_to": False, "date_from": today + day})
        self.assertFalse(self.find(LISTED))
        entry.date_from = today
        self.dnc_list.date_to = today - day
        self.assertFalse(self.find(LISTED))

    def test_scope_and_channel(self):
        self.add()
        other = self.create_campaign("Other offer")
        self.dnc_list.campaign_ids = other
        self.assertFalse(self.find(LISTED))
        self.assertTrue(self.find(LISTED, campaign=other))
        self.dnc_list.for_voice = False
        self.assertFalse(self.find(LISTED, campaign=other))
        self.assertTrue(self.find(LISTED, campaign=other, channel="sms"))

    def test_another_companys_list_does_not_count(self):
        self.add()
        self.dnc_list.company_id = self.env["res.company"].create({"name": "Other company"})
        self.assertFalse(self.find(LISTED))

    def test_archived_list_does_not_count(self):
        self.add()
        self.dnc_list.active = False
        self.assertFalse(self.find(LISTED))

    def test_odoos_blacklist_counts_and_wishes_are_mirrored_to_it(self):
        self.env["phone.blacklist"]._add([LISTED])
        self.assertEqual(self.find(LISTED), {LISTED: "corporate"})
        self.env["ecm.dnc.list"]._suppress([Wish(self.env.company.id, FREE)])
        self.assertTrue(self.env["phone.blacklist"].search([("number", "=", FREE)]))
        self.assertIn(FREE, self.find(FREE))

    def test_import_scrubs_each_number_and_counts_by_class(self):
        self.add()
        self.add("K-1", kind="key", dnc_list=self.create_dnc_list("Legal", dnc_class="litigation"))
        contact_list = self.upload(
            "phone1,phone2,account number\n"
            f"{LISTED},{FREE},\n"
            f"+493023125003,{LISTED},\n"
            f"+493023125004,,K-1\n"
            f"{LISTED},,K-9\n",
            duplicate_policy="allow",
        )
        contacts = self.contacts_of(self.campaign)
        self.assertEqual(contacts.mapped("state").count("dnc_listed"), 2)
        by_phone = {contact.phone_1: contact for contact in contacts if contact.state == "pending"}
        self.assertEqual(set(by_phone), {FREE, "+493023125003"})
        self.assertEqual(by_phone[FREE].number_to_call, FREE)
        self.assertFalse(by_phone["+493023125003"].phone_2)
        counts = {
            name: contact_list[name]
            for name in (
                "dnc_national_contacts",
                "dnc_national_numbers",
                "dnc_litigation_contacts",
                "uploaded_count",
            )
        }
        self.assertEqual(
            counts,
            {
                "dnc_national_contacts": 3,
                "dnc_national_numbers": 3,
                "dnc_litigation_contacts": 1,
                "uploaded_count": 4,
            },
        )
        self.assertIn("dnc_national", contact_list.reject_ids.mapped("reason"))
        self.assertEqual(contact_list.warning_count, len(contact_list.reject_ids))

    def test_old_registry_blocks_its_campaigns(self):
        self.dnc_list.write(
            {"max_age_days": 31, "refreshed_at": fields.Datetime.now() - timedelta(days=32)}
        )
        self.assertTrue(self.dnc_list.is_outdated)
        self.assertEqual(self.env["ecm.dnc.list"]._get_outdated(self.campaign), self.dnc_list)
        self.dnc_list.refreshed_at = fields.Datetime.now()
        self.assertFalse(self.env["ecm.dnc.list"]._get_outdated(self.campaign))

    def test_api_adds_and_removes(self):
        self.assertEqual(
            self.dnc_list.api_add(["030 23125001", LISTED, FREE, "nonsense"], "Asked"),
            {"added": 2, "invalid": ["nonsense"]},
        )
        self.assertEqual(self.dnc_list.api_add([LISTED])["added"], 0)
        self.assertEqual(self.dnc_list.api_remove(["030 23125001"]), 1)
        self.assertEqual(set(self.find(LISTED, FREE)), {FREE})

    def queue_load(self, content, **values):
        file = base64.b64encode(content.encode())
        return self.env["ecm.dnc.load"].create(
            {"list_id": self.dnc_list.id, "file": file, "file_name": "registry.csv", **values}
        )

    def load(self, content, **values):
        load = self.queue_load(content, **values)
        self.env["ecm.dnc.load"]._cron_import()
        self.env.invalidate_all()
        return load

    def test_load_counts_and_refreshes(self):
        self.add()
        load = self.load(f"number\n{LISTED}\n030 23125002\n{FREE}\nnonsense\n")
        self.assertEqual(
            (
                load.state,
                load.processed_count,
                load.loaded_count,
                load.duplicate_count,
                load.invalid_count,
            ),
            ("done", 4, 1, 2, 1),
        )
        self.assertTrue(self.dnc_list.refreshed_at)
        self.assertEqual(set(self.find(LISTED, FREE)), {LISTED, FREE})

    def test_replacing_load_removes_what_the_file_no_longer_has(self):
        self.add()
        self.add(FREE)
        self.env.flush_all()
        self.env.cr.execute("UPDATE ecm_dnc_entry SET added_at = added_at - interval '1 day'")
        self.load(f"number\n{FREE}\n+493023125003\n", mode="replace")
        self.assertEqual(set(self.find(LISTED, FREE, "+493023125003")), {FREE, "+493023125003"})

    @freeze_time("2026-03-02 09:00:00")
    def test_a_load_replaces_what_another_has_listed_in_the_same_second(self):
        self.load(f"number\n{LISTED}\n")
        for number in (FREE, LISTED, FREE):
            self.load(f"number\n{number}\n", mode="replace")
            self.assertEqual(set(self.find(LISTED, FREE)), {number})

    def test_file_without_numbers_empties_no_registry_and_lifts_no_gate(self):
        long_ago = fields.Datetime.now() - timedelta(days=40)
        for mode in ("append", "replace"):
            with self.subTest(mode=mode):
                self.dnc_list.write({"max_age_days": 31, "refreshed_at": long_ago})
                self.env["ecm.dnc.entry"].search([]).unlink()
                self.add(added_at=long_ago)
                load = self.load("name,city\nfoo,bar\nbaz,qux\n", mode=mode)
                self.assertEqual((load.state, load.invalid_count), ("failed", load.processed_count))
                self.assertTrue(load.error)
                self.assertTrue(self.find(LISTED))
                self.assertTrue(self.dnc_list.is_outdated)

    def test_replacing_load_keeps_beginnings_and_keys(self):
        long_ago = fields.Datetime.now() - timedelta(days=40)
        self.add("+49151", kind="prefix", added_at=long_ago)
        self.add("K-1", kind="key", added_at=long_ago)
        self.add(added_at=long_ago)
        self.load(f"number\n{FREE}\n", mode="replace")
        self.assertEqual(
            set(self.find(LISTED, FREE, "+4915123456789", keys={"K-1"})),
            {FREE, "+4915123456789", "K-1"},
        )

    def test_load_that_was_cut_off_goes_on_where_it_stopped(self):
        load = self.queue_load(f"number\n{LISTED}\n{FREE}\n")
        load.write(
            {"state": "importing", "resume_line": 2, "processed_count": 1, "loaded_count": 1}
        )
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual((load.state, load.processed_count, load.loaded_count), ("done", 2, 2))
        self.assertEqual(set(self.find(LISTED, FREE)), {FREE})

    def test_a_long_load_makes_room_for_other_work_and_goes_on(self):
        load = self.queue_load(f"number\n{LISTED}\n{FREE}\n+493023125003\n")
        with self.time_for_one_chunk(2, "ecm.dnc.load"):
            self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual((load.state, load.loaded_count), ("importing", 2))
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual((load.state, load.loaded_count), ("done", 3))

    def test_load_that_another_worker_has_finished_is_left_alone(self):
        load = self.load(f"number\n{LISTED}\n")
        finished_at = load.finished_at = fields.Datetime.now() - timedelta(hours=1)
        load._run_safely()
        self.assertEqual(
            (load.state, load.finished_at, load.processed_count), ("done", finished_at, 1)
        )

    def test_cancelled_load_changes_nothing(self):
        self.add(added_at=fields.Datetime.now() - timedelta(days=40))
        load = self.queue_load(f"number\n{FREE}\n", mode="replace")
        load.action_cancel()
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual(load.state, "cancelled")
        self.assertEqual(set(self.find(LISTED, FREE)), {LISTED})
        self.assertFalse(self.dnc_list.refreshed_at)

    def test_load_reads_the_column_that_is_called_phone(self):
        rows = "".join(f"49302312{n:02d},030 231250{n:02d},Berlin\n" for n in range(1, 10))
        self.load(f"identifier,phone,city\n{rows}")
        values = (
            self.env["ecm.dnc.entry"]
            .search([("list_id", "=", self.dnc_list.id)], order="id")
            .mapped("value")
        )
        self.assertEqual(values, [f"+493023125{n:03d}" for n in range(1, 10)])

    def test_number_that_comes_again_later_in_the_file(self):
        with self.chunks_of(2, "ecm.dnc.load"):
            load = self.load(
                f"number\n{LISTED}\n{FREE}\n+493023125003\n{LISTED}\n+493023125004\n{FREE}\n"
            )
        counts = (load.state, load.processed_count, load.loaded_count, load.duplicate_count)
        self.assertEqual(counts, ("done", 6, 4, 2))
        self.assertEqual(self.dnc_list.entry_count, 4)

    def test_load_says_who_uploaded_it(self):
        supervisor = self.create_user("supervisor")
        self.dnc_list.company_id = self.env.company
        content = base64.b64encode(f"number\n{LISTED}\n".encode())
        self.env["ecm.dnc.load"].with_user(supervisor).create(
            {"list_id": self.dnc_list.id, "file": content}
        )
        self.env["ecm.dnc.load"]._cron_import()
        self.assertEqual(
            self.env["ecm.dnc.entry"].search([("value", "=", LISTED)]).added_by, supervisor
        )

    def test_unreadable_file_fails_its_load_and_keeps_the_list(self):
        self.add()
        load = self.load("\x89PNG\x00\x00\x01\x02")
        self.assertEqual(load.state, "failed")
        self.assertTrue(load.error)
        self.assertTrue(self.find(LISTED))

    def test_check_says_where_and_until_when(self):
        self.add(reason="Asked")
        self.add("+49302312", kind="prefix", dnc_list=self.create_dnc_list("Hospitals"))
        findings = self.env["ecm.dnc.list"].check_number(LISTED)
        self.assertEqual({finding["list"] for finding in findings}, {"Registry", "Hospitals"})
        self.assertEqual({finding["until"] for finding in findings}, {"for ever"})
        check = self.env["ecm.dnc.check"].create(
            {"number": "030 23125001", "country_id": self.env.ref("base.de").id}
        )
        self.assertIn("Registry", check.result_html)
        check.number = "+12025550199"
        self.assertIn("may be contacted", check.result_html)

    def test_check_shows_what_is_in_force_by_whom_and_what_stands_still(self):
        day = timedelta(days=1)
        self.add(FREE, date_to=fields.Date.today() - day)
        over = self.create_dnc_list("Over", date_to=fields.Date.today() - day)
        self.add(FREE, dnc_list=over)
        archived = self.create_dnc_list("Archived")
        self.add(FREE, dnc_list=archived)
        archived.active = False
        self.assertEqual(self.env["ecm.dnc.list"].check_number(FREE), [])
        self.add(reason="Court order")
        other = self.create_campaign("Other offer")
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE ecm_campaign SET is_running = id = ANY(%s)", [self.campaign.id, other.id])
        )
        self.env.invalidate_all()
        self.dnc_list.campaign_ids = self.campaign
        (finding,) = self.env["ecm.dnc.list"].check_number("030 23125001")
        self.assertEqual((finding["by"], finding["reason"]), (self.env.user.name, "Court order"))
        self.assertEqual(finding["running"], "Spring offer")
        self.dnc_list.for_voice = False
        self.assertEqual(self.env["ecm.dnc.list"].check_number(LISTED)[0]["running"], "")
        with self.assertRaises(UserError):
            self.env["ecm.dnc.list"].check_number("nobody")

    def test_strictest_class_counts(self):
        for order in (("litigation", "national"), ("national", "litigation")):
            lists = [self.create_dnc_list(dnc_class, dnc_class=dnc_class) for dnc_class in order]
            for dnc_list in lists:
                self.add(dnc_list=dnc_list)
                self.add("+4915", kind="prefix", dnc_list=dnc_list)
            with self.subTest(order=order):
                found = self.find(LISTED, "+4915123456789")
                self.assertEqual(found, {LISTED: "litigation", "+4915123456789": "litigation"})
            for dnc_list in lists:
                dnc_list.unlink()

    def test_campaign_of_messages_heeds_lists_for_messages(self):
        self.add()
        self.dnc_list.for_voice = False
        messages = self.env.ref("ecm_campaign.ecm_strategy_default")
        texts = self.create_campaign(
            "Texts", kind="sms", strategy_id=messages.id, callback_strategy_id=False
        )
        self.assertTrue(self.find(LISTED, campaign=texts))
        self.assertFalse(self.find(LISTED))

    @mute_logger("odoo.models", "odoo.orm.models", "odoo.addons.base.models.ir_rule")
    def test_agent_adds_to_no_list_of_another_company(self):
        foreign = self.create_dnc_list(
            "Theirs", company_id=self.env["res.company"].create({"name": "Other"}).id
        )
        contact = self.create_contact()
        add = self.env["ecm.dnc.add"].with_user(self.create_user("agent"))
        with self.assertRaises(AccessError):
            add.create(
                {"contact_id": contact.id, "list_id": foreign.id, "reason": "x"}
            ).action_add()

    def test_agent_lists_a_contact_and_it_closes(self):
        contact = self.create_contact(phone_1=LISTED)
        twin = self.create_contact(self.create_campaign("Other offer"), phone_1=LISTED)
        agent = self.create_user("agent")
        add = (
            self.env["ecm.dnc.add"]
            .with_user(agent)
            .create({"contact_id": contact.id, "reason": "Asked"})
        )
        add.action_add()
        self.env.invalidate_all()
        self.assertEqual((contact.state, twin.state), ("dnc_listed", "dnc_listed"))
        self.assertEqual(contact.close_reason, "suppressed")

    def test_a_contact_closes_by_whichever_phone_is_listed(self):
        contact = self.create_contact(phone_1=LISTED)
        twin = self.create_contact(
            self.create_campaign("Other offer"), phone_1=FREE, phone_2=LISTED
        )
        self.add(FREE)
        self.env["ecm.dnc.add"].create({"contact_id": contact.id, "reason": "Asked"}).action_add()
        self.env.invalidate_all()
        self.assertEqual((contact.state, twin.state), ("dnc_listed", "dnc_listed"))

    def test_a_free_number_is_listed_from_its_check(self):
        """U25: the button is where the answer is, and what closed is said."""
        self.create_contact(phone_1=FREE)
        self.create_contact(self.create_campaign("Other offer"), phone_1=FREE)
        agent = self.create_user("agent")
        check = self.env["ecm.dnc.check"].with_user(agent).create({"number": "030 23125001"})
        check.number = FREE
        self.assertTrue(check.is_free)
        action = check.action_block()
        add = self.env["ecm.dnc.add"].with_user(agent).with_context(**action["context"])
        message = add.create({"reason": "Asked"}).action_add()["params"]["message"]
        self.assertIn(f"{FREE}: on ", message)
        self.assertRegex(message, r"Contacts closed: .*Other offer \(1\)")
        check.invalidate_recordset()
        self.assertFalse(check.is_free)

    def test_nobody_was_open_with_the_number(self):
        add = self.env["ecm.dnc.add"].create({"number": FREE, "reason": "Asked"})
        message = add.action_add()["params"]["message"]
        self.assertTrue(message.endswith("No contact was open with it."))

    def test_what_is_no_number_is_not_listed(self):
        add = self.env["ecm.dnc.add"].create({"number": "call me", "reason": "Asked"})
        with self.assertRaises(UserError):
            add.action_add()

    @mute_logger("odoo.models", "odoo.orm.models", "odoo.addons.base.models.ir_model")
    def test_agents_change_no_list(self):
        entry = self.add()
        agent = self.create_user("agent")
        for change in (
            lambda: self.dnc_list.with_user(agent).api_add([FREE]),
            lambda: self.dnc_list.with_user(agent).api_remove([LISTED]),
            lambda: entry.with_user(agent).unlink(),
            lambda: entry.with_user(agent).copy(),
        ):
            with self.assertRaises(AccessError):
                change()

    def test_deleting_a_list_deletes_its_entries(self):
        self.add()
        self.dnc_list.unlink()
        self.assertFalse(self.env["ecm.dnc.entry"].search([("value", "=", LISTED)]))

    def fill(self, count):
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_dnc_entry (list_id, kind, value)
                   SELECT %s, 'number', '+49' || (1510000000 + n) FROM generate_series(1, %s) AS n""",
                self.dnc_list.id,
                count,
            )
        )
        self.env.cr.execute("ANALYZE ecm_dnc_entry")

    def test_large_lists_are_counted_by_estimate(self):
        self.fill(5000)
        with patch("odoo.addons.ecm_campaign.models.dnc.ecm_dnc_entry.COUNTED_EXACTLY", 1000):
            self.assertAlmostEqual(self.dnc_list.entry_count, 5000, delta=500)
        self.env.invalidate_all()
        self.assertEqual(self.dnc_list.entry_count, 5000)

    def test_a_large_list_is_out_of_force_at_once_and_deleted_in_the_background(self):
        self.fill(50)
        self.add()
        with patch("odoo.addons.ecm_campaign.models.dnc.ecm_dnc_list.DELETE_AT_ONCE", 20):
            self.dnc_list.unlink()
            self.assertFalse(self.find(LISTED))
            self.assertFalse(self.env["ecm.dnc.list"].search([("id", "=", self.dnc_list.id)]))
            self.assertEqual(
                self.env["ecm.dnc.entry"].search_count([("list_id", "=", self.dnc_list.id)]), 51
            )
            self.env["ecm.dnc.list"]._cron_delete()
        self.assertFalse(self.dnc_list.exists())
        self.assertFalse(self.env["ecm.dnc.entry"].search_count([("value", "=", LISTED)]))

    def test_replacing_removes_a_part_at_a_time(self):
        self.fill(50)
        self.env.cr.execute("UPDATE ecm_dnc_entry SET added_at = now() - interval '1 day'")
        with patch("odoo.addons.ecm_campaign.models.dnc.ecm_dnc_load.DELETED_AT_ONCE", 20):
            self.load(f"number\n{FREE}\n", mode="replace")
        self.assertEqual(self.dnc_list.entry_count, 1)

    def is_blacklisted(self, number):
        return bool(self.env["phone.blacklist"].search([("number", "=", number)]))

    def test_a_removed_number_leaves_odoos_blacklist_unless_somebody_else_wants_it_there(self):
        self.dnc_list.mirrors_blacklist = True
        other = self.create_dnc_list("Wishes", mirrors_blacklist=True)
        self.env["phone.blacklist"]._add([FREE])
        self.dnc_list.api_add([LISTED, FREE])
        other.api_add([LISTED])
        self.dnc_list.api_remove([LISTED, FREE])
        self.assertTrue(self.is_blacklisted(LISTED), "another list has it")
        self.assertTrue(self.is_blacklisted(FREE), "a person put it there")
        other.unlink()
        self.assertFalse(self.is_blacklisted(LISTED))
        self.dnc_list.api_add([LISTED])
        self.env["phone.blacklist"].add(LISTED)
        self.dnc_list.api_remove([LISTED])
        self.assertTrue(self.is_blacklisted(LISTED), "a person put it there meanwhile")

    def test_the_scrub_reads_an_index(self):
        """Also right after a load, before PostgreSQL has counted the rows: what it knows then is the
        little that stood there before.
        """
        self.add()
        self.env.cr.execute("ANALYZE ecm_dnc_entry")
        self.env.cr.execute(
            SQL(
                """INSERT INTO ecm_dnc_entry (list_id, kind, value)
                   SELECT %s, 'number', '+49' || (1510000000 + n) FROM generate_series(1, 50000) AS n""",
                self.dnc_list.id,
            )
        )
        self.add("+4930", kind="prefix")
        self.add("K-1", kind="key")
        empty = self.create_dnc_list("Empty")
        for is_counted in (False, True):
            if is_counted:
                self.env.cr.execute("ANALYZE ecm_dnc_entry")
            for count in (1000, 20_000):
                values = [f"+49{1510000000 + n}" for n in range(count)]
                for kind in ("number", "prefix", "key"):
                    with self.subTest(is_counted=is_counted, count=count, kind=kind):
                        self.assert_index_look_ups(kind, values, self.dnc_list | empty)

    def assert_index_look_ups(self, kind, values, lists):
        """Explain the very statements that the scrub executes, and see that no scan of all entries
        is in them.
        """
        cursor = self.env.cr
        execute, statements = cursor.execute, []

        def record(query, *args, **kwargs):
            statements.append(query)
            return execute(query, *args, **kwargs)

        with patch.object(cursor, "execute", record):
            self.env["ecm.dnc.entry"]._match(kind, values, lists)
        own = [query for query in statements if "ecm_dnc_entry e" in getattr(query, "code", "")]
        for statement, index in zip(own, ("list_kind", "value_unique"), strict=True):
            cursor.execute(SQL("EXPLAIN %s", statement))
            plan = "\n".join(line for (line,) in cursor.fetchall())
            self.assertNotIn("Seq Scan", plan)
            self.assertNotIn("Hash", plan)
            self.assertIn(index, plan)
