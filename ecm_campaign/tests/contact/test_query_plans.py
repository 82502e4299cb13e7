import json
import re
from functools import partial
from itertools import product
from unittest.mock import patch

from odoo import fields
from odoo.tools import SQL

from ...const import PHONE_FIELDS
from ...models.contact.ecm_bulk_choices_mixin import ACTIONS
from ..common import CampaignCase

BIG_TABLES = ("ecm_contact", "ecm_attempt")
BY_VALUE = r"\b(phone_\d|account_number|id)\b"
ROWS = 50_000
NUMBERS = [f"+4930{number:08d}" for number in range(0, ROWS, 25)]


class PlanCase(CampaignCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.create_campaign("Other offer")
        cls.list, cls.other_list = cls.env["ecm.contact.list"].create(
            [{"name": name, "campaign_id": cls.campaign.id} for name in ("Large", "Small")]
        )
        cls.env.flush_all()

    @classmethod
    def fill(cls, campaign, large, small):
        """Contacts of a list, and one of fifty in another campaign or in another list."""
        cls.env.cr.execute(
            SQL(
                """INSERT INTO ecm_contact (campaign_id, list_id, company_id, channel, state, phone_1,
                                            account_number, priority, is_ready, is_retry,
                                            next_position, attempt_count, uncounted_count, added_at)
                   SELECT CASE WHEN n %% 50 = 0 THEN %s ELSE %s END,
                          CASE WHEN n %% 500 = 0 THEN %s ELSE %s END, %s,
                          'voice', 'pending', '+4930' || lpad(n::text, 8, '0'), 'K-' || n, 0, n %% 10 <> 0,
                          FALSE, 1, 0, 0, %s
                     FROM generate_series(1, %s) AS n""",
                cls.other.id,
                campaign.id,
                small.id,
                large.id,
                cls.env.company.id,
                fields.Datetime.now(),
                ROWS,
            )
        )

    def get_slices(self, campaign, other):
        """What a slice of each bulk action executes.

        :return: list of callables
        """
        self.env.cr.execute(
            SQL("SELECT id FROM ecm_contact WHERE campaign_id = %s LIMIT 2000", campaign.id)
        )
        ids = [contact_id for (contact_id,) in self.env.cr.fetchall()]
        slices = []
        for action, _label in ACTIONS:
            values = {"action": action, "company_id": self.env.company.id, "start_position": 1}
            job = self.env["ecm.bulk.action"].create({**values, "campaign_id": other.id})
            part = job.part_ids.create(
                {"bulk_id": job.id, "contact_ids": ids, "contact_count": len(ids)}
            )
            slices += [partial(job._change, part), partial(job._undo, part)]
        return slices

    def get_plans(self, work):
        """What PostgreSQL plans for each statement that ``work`` executes on contacts or attempts.

        :return: list of ``(statement, nodes of its plan)``
        """
        cursor = self.env.cr
        execute, statements = cursor.execute, []

        def record(query, *args, **kwargs):
            if isinstance(query, SQL) and any(table in query.code for table in BIG_TABLES):
                statements.append(query)
            return execute(query, *args, **kwargs)

        with patch.object(cursor, "execute", record):
            work()
        self.assertTrue(statements)
        return [(statement.code, self._explain(statement)) for statement in statements]

    def _explain(self, statement):
        self.env.cr.execute(SQL("EXPLAIN (FORMAT JSON) %s", statement))
        plan = self.env.cr.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        return list(_nodes(plan[0]["Plan"]))

    def each_comparison(self):
        """Settings of a list under which it looks for known numbers."""
        for scope, any_phone in product(("list", "campaign", "company"), (False, True)):
            yield {
                "duplicate_scope": scope,
                "duplicate_closed": True,
                "duplicate_days": 30,
                "duplicate_any_phone": any_phone,
            }

    def find_by_phone(self):
        closed = self.list._get_closed_condition()
        columns = self.list._get_compared_columns()
        self.env["ecm.contact"]._find_by_phone(self.campaign, NUMBERS, closed, columns)

    def assert_no_scan(self, work):
        for code, nodes in self.get_plans(work):
            self.assertFalse(
                list(filter(_is_scan, nodes)), f"{code}\n{json.dumps(nodes, indent=1)}"
            )

    def chain_to(self, target):
        """Contacts of the campaign whose line is busy go to another one."""
        busy = self.env.ref("ecm_campaign.ecm_outcome_busy")
        self.env["ecm.campaign.chain"].create(
            {
                "campaign_id": self.campaign.id,
                "outcome_id": busy.id,
                "mode": "copy",
                "target_id": target.id,
            }
        )
        some = self.env["ecm.contact"].search([("campaign_id", "=", self.campaign.id)], limit=500)
        ends = SQL(
            "SELECT id, %s, NULL::int, TRUE FROM ecm_contact WHERE id = ANY(%s)", busy.id, some.ids
        )
        return lambda: self.env["ecm.contact"]._chain(ends, fields.Datetime.now())


class TestQueryPlans(PlanCase):
    """The hot statements reach their rows of millions by an index, and never read the table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fill(cls.campaign, cls.list, cls.other_list)
        cls.env.cr.execute(
            SQL(
                """INSERT INTO ecm_attempt (key, contact_id, campaign_id, company_id, state, channel, position, number,
                                            claimed_at, outcome_id)
                   SELECT 'plan-' || c.id, c.id, c.campaign_id, c.company_id, 'done', 'voice', 1, c.phone_1, %s, %s
                     FROM ecm_contact c WHERE c.campaign_id IN %s""",
                fields.Datetime.now(),
                cls.env.ref("ecm_campaign.ecm_outcome_busy").id,
                (cls.campaign.id, cls.other.id),
            )
        )
        cls.env.cr.execute("ANALYZE ecm_contact, ecm_attempt")

    def test_known_numbers_in_every_scope(self):
        for settings in self.each_comparison():
            self.list.write(settings)
            with self.subTest(**settings):
                self.assert_no_scan(lambda: self.list._get_known_phones(NUMBERS))
                self.assert_no_scan(self.find_by_phone)

    def test_bulk_actions(self):
        for work in self.get_slices(self.campaign, self.other):
            self.assert_no_scan(work)

    def lock_ready(self):
        campaigns = self.campaign | self.other
        asked = {self.campaign.id: 100, self.other.id: 10}
        return self.env["ecm.engine"]._lock_ready(campaigns, asked, "voice")

    def order_by_field(self):
        self.campaign.write({"dial_order": "field", "order_field": "account_number"})
        self.env.flush_all()
        contacts = self.env["ecm.contact"]
        contacts._key_range(self.campaign, 0, 10**9)
        self.env.cr.execute("ANALYZE ecm_contact")
        last = contacts._get_last_id()
        self.assert_no_scan(lambda: contacts._key_range(self.campaign, last - 1000, last))

    def test_feed(self):
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        self.assert_no_scan(lambda: contacts._promote_due(self.campaign | self.other, now, 1000))
        for order in ("fifo", "lifo", "priority"):
            self.campaign.dial_order = order
            with self.subTest(order=order):
                self.assert_no_scan(self.lock_ready)
        self.order_by_field()
        for descending in (False, True):
            self.campaign.order_descending = descending
            self.campaign.is_ordering = False
            with self.subTest(descending=descending):
                self.assert_no_scan(self.lock_ready)
        self.other_list.status = "stopped"
        rows, engine = self.lock_ready(), self.env["ecm.engine"]
        missing = {self.campaign.id: 100, self.other.id: 10}

        def pass_gates():
            rules = engine._get_rules(self.campaign | self.other, now, "voice")
            engine._pass_gates(rules, rows, missing, now)

        self.assert_no_scan(pass_gates)
        tries = self.env["ecm.attempt"]
        self.assert_no_scan(lambda: tries._get_tries(rows, now, everywhere=True))
        self.assert_no_scan(lambda: tries._get_uses([row.contact_id for row in rows]))

    def test_pacing(self):
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        campaigns = self.campaign | self.other
        self.assert_no_scan(lambda: contacts._filter_ready(campaigns, "voice", now))
        self.assert_no_scan(lambda: contacts._count_awaiting(campaigns))

    def test_time_to_live(self):
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        self.assert_no_scan(lambda: contacts._expire_old(now, 100))
        self.other.write({"date_end": now, "end_contacts": "close"})
        self.env.flush_all()
        self.assert_no_scan(lambda: contacts._expire_ended(now, 100))

    def test_chaining(self):
        self.assert_no_scan(self.chain_to(self.other))

    def test_selection(self):
        contacts = self.env["ecm.contact"]
        group = self.env["ecm.target.group"].create(
            {"campaign_id": self.campaign.id, "name": "All"}
        )
        self.env.cr.execute(
            SQL(
                """UPDATE ecm_contact SET block_reason = 'target_group', target_group_id = %s, is_ready = FALSE
                    WHERE id %% 20 = 0 AND campaign_id = %s""",
                group.id,
                self.campaign.id,
            )
        )
        self.env.cr.execute("ANALYZE ecm_contact")
        for order in ("fifo", "lifo", "priority"):
            self.campaign.dial_order = order
            self.assert_no_scan(lambda: contacts._draw(group, 10))
        self.assert_no_scan(lambda: contacts._filter_queued(group))
        self.assert_no_scan(lambda: contacts._count_drawn(self.campaign, "voice"))
        self.assert_no_scan(lambda: contacts._count_turns(group))
        self.assert_no_scan(lambda: contacts._release_next(self.campaign, 0, 100))

    def test_life_of_a_list(self):
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        self.assert_no_scan(lambda: contacts._hold_lists(self.other_list, 1000))
        self.assert_no_scan(lambda: contacts._resume_lists(self.other_list, now, 1000))
        self.assert_no_scan(lambda: contacts._expire_lists(self.other_list, now, 1000))
        self.assert_no_scan(lambda: contacts._release_of_active_lists(now, 1000))

    def test_explain(self):
        contacts, now = self.env["ecm.contact"], fields.Datetime.now()
        ready = contacts.search(
            [("campaign_id", "=", self.campaign.id), ("is_ready", "=", True)], offset=100, limit=1
        )
        for order in ("fifo", "lifo", "priority"):
            self.campaign.dial_order = order
            with self.subTest(order=order):
                self.assert_no_scan(ready._count_before)
        self.assert_no_scan(lambda: contacts._tally_reasons(self.other, now))

    def test_withdrawal_by_file(self):
        contacts = self.env["ecm.contact"]
        where = SQL("c.campaign_id = %s", self.campaign.id)
        for columns, values in (
            (PHONE_FIELDS, NUMBERS[:500]),
            (["account_number"], [f"K-{n}" for n in range(500)]),
        ):
            with self.subTest(columns=columns):
                self.assert_no_scan(
                    lambda: contacts._withdraw_matching(columns, values, where, "x")  # noqa: B023  called at once
                )


class TestPlansWithoutStatistics(PlanCase):
    """What looks contacts up by a value does so by the value, whatever PostgreSQL knows of the
    table: an import fills campaigns faster than their statistics are made.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A temporary table hides the stored one, and nothing analyses it by itself.
        cls.env.cr.execute("CREATE TEMP TABLE ecm_contact (LIKE ecm_contact INCLUDING ALL)")

    def assert_by_value(self, work, tables=BIG_TABLES):
        for code, nodes in self.get_plans(work):
            astray = [node for node in nodes if _is_scan(node, tables) or _reads_a_campaign(node)]
            self.assertFalse(astray, f"{code}\n{json.dumps(nodes, indent=1)}")

    def assert_all_by_value(self):
        contacts = self.env["ecm.contact"]
        for settings in self.each_comparison():
            self.list.write(settings)
            with self.subTest(**settings):
                self.assert_by_value(lambda: self.list._get_known_phones(NUMBERS))
                self.assert_by_value(self.find_by_phone)
        for work in self.get_slices(self.campaign, self.other):
            # There are attempts, but a handful: those may be read.
            self.assert_by_value(work, tables=("ecm_contact",))
        self.assert_by_value(self.chain_to(self.other))
        # What the other campaigns of a shared list have made of a few people.
        few = contacts.search([("campaign_id", "=", self.campaign.id)], limit=5)._get_candidates()
        self.assert_by_value(lambda: contacts._find_elsewhere(few))
        where = SQL(
            "c.company_id = %s AND c.campaign_id = %s", self.env.company.id, self.campaign.id
        )
        for columns, values in ((PHONE_FIELDS, NUMBERS), (["account_number"], ["K-1", "K-2"])):
            self.assert_by_value(lambda: contacts._withdraw_matching(columns, values, where, "x"))  # noqa: B023  called at once

    def test_table_without_statistics(self):
        self.fill(self.campaign, self.list, self.other_list)
        self.assert_all_by_value()

    def test_campaign_younger_than_the_statistics(self):
        known = self.create_campaign("Known offer")
        self.fill(known, self.other_list, self.other_list)
        self.env.cr.execute("ANALYZE ecm_contact")
        self.fill(self.campaign, self.list, self.list)
        self.assert_all_by_value()


def _nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _is_scan(node, tables=BIG_TABLES):
    return node["Node Type"] == "Seq Scan" and node["Relation Name"] in tables


def _reads_a_campaign(node):
    """Whether an index of contacts is read by what many of them share."""
    condition = node.get("Index Cond")
    name = node.get("Index Name", "")
    # Contact lists are few, and have indexes of their own.
    is_contacts = name.startswith("ecm_contact_") and not name.startswith("ecm_contact_list__")
    return is_contacts and not (condition and re.search(BY_VALUE, condition))
