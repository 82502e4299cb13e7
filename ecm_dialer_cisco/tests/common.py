from datetime import UTC, datetime

from odoo.tests import TransactionCase, new_test_user

from ..clients.base import CallResult, DialerCampaign, DialerClient, Health, Holding, PushReceipt

CONNECTED, MACHINE, INVALID, DO_NOT_CALL, CALLBACK = "1", "3", "4", "5", "8"
BUSY, NO_ANSWER, CALL_FAILED = "11", "15", "17"


class FakeClient(DialerClient):
    """A dialer in memory: takes what it is given, answers what the test says.

    ``failures`` are raised by the next pushes, one each; ``taken`` are the batches that arrived;
    ``known`` are the keys that ``find`` answers; those that are ``deleted`` were never called.
    """

    def __init__(self):
        self.failures = []
        self.taken = []
        self.known = set()
        self.refuse_numbers = set()
        self.rows = []
        self.find_error = None
        self.listed = [
            DialerCampaign("7", "Sales", "agent", "progressive", True, "00:00", "23:59", "UTC", 0)
        ]
        self.deleted = set()
        self.purged = []
        self.deletes, self.purge_error = False, None
        self.deletes_finished, self.kept, self.held = False, [], Holding()
        self.do_not_call, self.list_error = set(), None
        self.counted, self.asked_figures = {}, []
        self.receipt = None

    @property
    def dialled(self):
        """Every contact that arrived, in order."""
        return [contact for batch in self.taken for contact in batch]

    def campaigns(self):
        return self.listed

    def figures(self, campaign_key):
        self.asked_figures.append(campaign_key)
        found = self.counted[campaign_key]
        if isinstance(found, Exception):
            raise found
        return found

    def set_enabled(self, campaign_key, enabled):
        self.listed = [
            campaign if campaign.key != campaign_key else _with(campaign, enabled=enabled)
            for campaign in self.listed
        ]

    def set_single_attempt(self, campaign_key):
        self.listed = [_with(campaign, max_attempts=1) for campaign in self.listed]

    def push(self, campaign_key, campaign_name, contacts):
        if self.failures and (failure := self.failures.pop(0)):
            raise failure
        self.taken.append(list(contacts))
        if self.receipt:
            return self.receipt
        keys = frozenset(contact.key for contact in contacts)
        refused = frozenset(
            contact.key for contact in contacts if contact.number in self.refuse_numbers
        )
        self.known |= keys - refused
        return PushReceipt(keys - refused, refused)

    def find(self, campaign_key, keys, sent_at=None):
        if self.find_error:
            raise self.find_error
        return set(keys) & self.known - self.deleted

    def undialled(self, keys):
        return set(keys) & self.deleted

    def results(self, watermark):
        return self.rows, f"{len(self.rows)}"

    def results_for(self, keys):
        return [row for row in self.rows if row.key in keys]

    def purge(self, campaign_key):
        self.purged.append(campaign_key)
        if self.deletes:
            self.deleted |= self.known
        if self.purge_error:
            raise self.purge_error

    def finished(self, campaign_key):
        return self.kept

    def delete_finished(self, campaign_key, contacts):
        gone = [contact for contact in contacts if contact in self.kept]
        self.kept = [contact for contact in self.kept if contact not in gone]
        return len(gone)

    def holding(self, campaign_key):
        return self.held

    def find_listed(self, numbers):
        return self.do_not_call & set(numbers)

    def add_listed(self, numbers):
        if self.list_error:
            raise self.list_error
        self.do_not_call |= set(numbers)

    def remove_listed(self, numbers):
        self.do_not_call -= set(numbers)

    def contacts(self, campaign_key, status=""):
        return []

    def health(self):
        return Health(True, "fine", "fake", True, True)


def _with(campaign, **changes):
    return DialerCampaign(
        **{**{name: getattr(campaign, name) for name in campaign.__dataclass_fields__}, **changes}
    )


class DialerCase(TransactionCase):
    """A switched-on dialer with one campaign, and a running campaign on it that is always open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "tracking_disable": True})
        cls.client = FakeClient()
        cls.dialer = cls.env["ecm.dialer"].create(
            {"name": "UCCX", "host": "uccx.invalid", "user": "admin", "is_enabled": True}
        )
        cls.target = cls.env["ecm.dialer.campaign"].create(
            {
                "dialer_id": cls.dialer.id,
                "key": "7",
                "name": "Sales",
                "kind": "agent",
                "is_enabled": True,
            }
        )
        cls.strategy = cls._create_strategy()
        cls.campaign = cls._create_campaign("Spring offer")
        cls.engine = cls.env["ecm.engine"]

    def setUp(self):
        super().setUp()
        client = self.__class__.client = FakeClient()
        self.patch(self.registry["ecm.dialer"], "_get_client", lambda dialer, **_kinds: client)

    @classmethod
    def _create_strategy(cls, **values):
        """Busy goes to attempt 2 after five minutes, everything else closes; attempt 2 is on phone
        2.
        """
        strategy = cls.env["ecm.strategy"].create({"name": "Test strategy", **values})
        first, second = cls.env["ecm.strategy.attempt"].create(
            [
                {"strategy_id": strategy.id, "sequence": 1, "phone_index": "1"},
                {"strategy_id": strategy.id, "sequence": 2, "phone_index": "2"},
            ]
        )
        cls.env["ecm.strategy.rule"].create(
            {
                "attempt_id": first.id,
                "outcome_id": cls.env.ref("ecm_campaign.ecm_outcome_busy").id,
                "next_attempt_id": second.id,
                "delay_minutes": 5,
            }
        )
        return strategy

    @classmethod
    def _create_campaign(cls, name, **values):
        return cls.env["ecm.campaign"].create(
            {
                "name": name,
                "kind": "agent",
                "strategy_id": cls.strategy.id,
                "calendar_id": False,
                "keeps_region_rules": False,
                "tz": "UTC",
                "duplicate_policy": "allow",
                "dialer_campaign_id": cls.target.id,
                "is_running": True,
                **values,
            }
        )

    @classmethod
    def _create_contacts(cls, count, campaign=None, **values):
        """Contacts on the numbers +493023125000, 001 …"""
        campaign = campaign or cls.campaign
        return cls.env["ecm.contact"].create(
            [
                {"campaign_id": campaign.id, "phone_1": f"+4930231250{n:02d}", **values}
                for n in range(count)
            ]
        )

    @classmethod
    def _user(cls, role):
        return new_test_user(cls.env, login=role, groups=f"ecm_campaign.ecm_campaign_group_{role}")

    def feed(self):
        """What a turn of each dialer sends."""
        for dialer in self.env["ecm.dialer"].search([("is_enabled", "=", True)]):
            self.engine._feed_owner(dialer)
        self.env.invalidate_all()

    def results(self, *rows):
        """The Call Results Synchronizer finds ``(contact, dialer code)``."""
        self.client.rows = [self.result_row(contact, code) for contact, code in rows]
        self.sync()

    def sync(self):
        """What a turn of the dialer reads."""
        self.engine._sync_safely(self.dialer)
        self.env.invalidate_all()

    def result_row(self, contact, code, **values):
        """What the dialer says of a contact's current attempt."""
        key = contact if isinstance(contact, str) else contact.current_attempt_id.key
        return CallResult(
            **{
                "key": key,
                "dialer_campaign_key": "7",
                "dialer_ref": "1",
                "final": True,
                "table": "DialingList",
                "raw_status": "3",
                "raw_code": code,
                "number": "",
                "called_at": datetime.now(UTC),
                **values,
            }
        )
