"""What supervisors do meanwhile, and what leads to each crash point."""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import itertools
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.web_client import RpcError, WebClient

from .checks import Ledger
from .house import Campaign, House

# Endings of numbers, see simulators/uccx/README.md: most are answered, some after a while.
ENDINGS = ("1", "1", "1", "2", "3", "09", "39", "48", "18", "6", "69")
NEVER_ENDS = "99999"
# What a button that was pressed while a server died, or in the middle of another's work, answers.
LOST = (OSError, http.client.HTTPException)
JUST_NOW = "now() AT TIME ZONE 'UTC' - interval '1 minute'"


class Supervisor:
    """Somebody who runs campaigns, at one of the servers.

    :param number: of the server
    """

    def __init__(self, house: House, ledger: Ledger, number: int, draw: random.Random) -> None:
        self.house, self.ledger, self.number, self.draw = house, ledger, number, draw
        self._client: WebClient | None = None
        self._serial = itertools.count(1)

    def call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """:raise OSError: the server is away
        :raise RpcError: it refuses, as it does where somebody else is in the way
        """
        try:
            if self._client is None:
                self._client = self.house.supervisor(self.number)
            return self._client.call(model, method, *args, **kwargs)
        except (*LOST, ValueError):
            # A server that was started again asks for a new session.
            self._client = None
            raise

    def create(self, model: str, **values: Any) -> int:
        return int(self.call(model, "create", [values])[0])

    def name(self, what: str) -> str:
        return f"{what} {self.number}-{next(self._serial)}"

    def pick(self) -> Campaign:
        return self.draw.choice(self.house.campaigns)

    # -- contacts come in -------------------------------------------------------------------------

    def upload(
        self,
        count: int = 12,
        campaign: Campaign | None = None,
        endings: tuple[str, ...] = ENDINGS,
        is_packed: bool = False,
        **values: Any,
    ) -> list[str]:
        """Bring a file of new numbers."""
        campaign = campaign or self.pick()
        numbers = campaign.numbers([self.draw.choice(endings) for _each in range(count)])
        content = csv_of(numbers)
        if is_packed:
            content = gzip.compress(content)
        text = base64.b64encode(content).decode()
        known = self.ledger.uploads[campaign.id]
        try:
            name = self.name("list")
            self.call(
                "ecm.contact.list", "create_from_file", campaign.id, f"{name}.csv", text, **values
            )
        except (*LOST, RpcError):
            # Its answer is lost: it may have been taken all the same.
            self.ledger.unsure.update(numbers)
        known.update(numbers)
        return numbers

    def upload_packed(self) -> None:
        self.upload(is_packed=True)

    def overwrite(self) -> None:
        """A file that replaces what was not called yet."""
        self.upload(mode="overwrite")

    # -- buttons ----------------------------------------------------------------------------------

    def start(self) -> None:
        for campaign in self.house.campaigns:
            self.call("ecm.campaign", "action_start", [campaign.id])

    def stop_and_start(self) -> None:
        """What stands at the dialer comes back by itself meanwhile."""
        campaign = self.pick()
        self.call("ecm.campaign", "action_stop", [campaign.id])
        threading.Event().wait(self.draw.uniform(0.2, 2))
        self.call("ecm.campaign", "action_start", [campaign.id])

    def take_back(self) -> None:
        self.call("ecm.campaign", "action_purge", [self._pick_giving_back().id])

    def _pick_giving_back(self) -> Campaign:
        return self.draw.choice(self.house.campaigns[:3])

    def withdraw(self) -> None:
        open_ones = [("state", "in", ("pending", "sent_to_dialer"))]
        ids = self.call("ecm.contact", "search", open_ones, limit=200)
        chosen = self.draw.sample(ids, min(3, len(ids)))
        self.call("ecm.contact", "action_withdraw", chosen, "Chaos")

    def withdraw_in_bulk(self) -> None:
        """Who waits of one campaign, a few of them."""
        waiting = [("campaign_id", "=", self.pick().id), ("state", "=", "pending")]
        ids = self.call("ecm.contact", "search", waiting, limit=5, order="id desc")
        wizard = self.create(
            "ecm.bulk.start",
            source_domain=repr([("id", "in", ids or [0])]),
            action="withdraw",
            reason="Chaos",
        )
        self.call("ecm.bulk.start", "action_start", [wizard])

    def suppress(self) -> None:
        """Put somebody who waits on a do-not-contact list."""
        campaign = self.pick()
        waiting = [("campaign_id", "=", campaign.id), ("state", "=", "pending")]
        rows = self.call("ecm.contact", "search_read", waiting, ["phone_1"], limit=3)
        if not rows:
            return
        numbers = [row["phone_1"] for row in rows]
        dnc_list = self._find_dnc_list()
        entries = [{"list_id": dnc_list, "kind": "number", "value": number} for number in numbers]
        self.call("ecm.dnc.entry", "create", entries)
        # A claim that had begun before may still send them.
        threading.Event().wait(5)
        [[last]] = self.house.sql("SELECT last_value FROM ecm_attempt_id_seq")
        self.ledger.suppressed.update(dict.fromkeys(numbers, last))

    def _find_dnc_list(self) -> int:
        found = self.call("ecm.dnc.list", "search", [("name", "=", "Chaos")], limit=1)
        return int(found[0]) if found else self.create("ecm.dnc.list", name="Chaos")

    def send_now(self) -> None:
        self.call("ecm.campaign", "action_feed_now", [self.pick().id])

    def read_results(self) -> None:
        self.call("ecm.dialer", "action_sync_results", [self.draw.choice(self.house.dialer_ids)])

    def fetch_campaigns(self) -> None:
        self.call("ecm.dialer", "action_fetch_campaigns", [self.draw.choice(self.house.dialer_ids)])


# What is done at random, and how often in proportion.
ACTIONS: dict[str, int] = {
    "upload": 6,
    "upload_packed": 1,
    "overwrite": 1,
    "stop_and_start": 2,
    "take_back": 2,
    "withdraw": 2,
    "withdraw_in_bulk": 1,
    "suppress": 1,
    "send_now": 2,
    "read_results": 2,
    "start": 1,
}


class Crowd:
    """Supervisors who do something every now and then, until they are told to stop."""

    def __init__(self, house: House, ledger: Ledger, seed: int, pause: float) -> None:
        self._stop = threading.Event()
        self._pause = pause
        self.counts: dict[str, int] = dict.fromkeys(ACTIONS, 0)
        self._threads = []
        for number in range(len(house.servers)):
            person = Supervisor(house, ledger, number, random.Random(seed + number))
            thread = threading.Thread(target=self._work, args=(person,), daemon=True)
            self._threads.append(thread)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)

    def _work(self, person: Supervisor) -> None:
        while not self._stop.wait(person.draw.uniform(0.5, 1.5) * self._pause):
            [action] = person.draw.choices([*ACTIONS], [*ACTIONS.values()])
            with contextlib.suppress(*LOST, RpcError, ValueError):
                getattr(person, action)()
                self.counts[action] += 1


class Provocations:
    """What leads to a crash point, by its name or the first word of it; of one that nobody knows
    yet, all that is usual is tried.
    """

    def __init__(self, person: Supervisor) -> None:
        self._person, self._house = person, person.house
        self._is_paused = self._heeds_count = False
        self._by_name: dict[str, Callable[[], Any]] = {
            "feed": self._feed,
            "feed.adopted": self._strand,
            "feed.halved": lambda: self._refuse(1),
            "feed.put_off": lambda: self._refuse(8),
            "feed.given_back": self._be_unavailable,
            "feed.paused": self._be_unavailable,
            "doubt": self._lose_answer,
            "purge": self._purge,
            "finished": self._purge_finished,
            "recall": person.stop_and_start,
            "results": self._feed,
            "results.late": self._look_for_late_ones,
            "results.taken_back": self._delete_unheard,
            "results.promised": lambda: person.upload(6, endings=("48",)),
            "file": person.upload,
            "file.unpacked": person.upload_packed,
            "file.replaced": self._load_dnc,
            "file.failed": self._load_rubbish,
            "bulk": person.withdraw_in_bulk,
            "mirror": person.fetch_campaigns,
            "source": self._put_file,
            "sweep": self._expire,
            "dates": self._be_dated,
            "lists": self._date_lists,
            "dry_run": self._forecast,
            "dnc": self._delete_dnc,
            "export": self._export,
            "figures": self._heed_the_count,
            "listed": self._list_at_dialer,
        }

    def lead_to(self, point: str) -> None:
        """Do once what may lead there."""
        way = self._by_name.get(point) or self._by_name.get(point.partition(".")[0])
        usual: list[Callable[[], Any]] = [self._feed, self._purge, self._person.upload]
        for each in [way] if way else usual:
            with contextlib.suppress(*LOST, RpcError, ValueError):
                each()

    def end(self) -> None:
        """The dialers are as they were."""
        self._house.uccx.faults()
        self._house.uccx.resume()
        if self._heeds_count:
            with contextlib.suppress(*LOST, RpcError, ValueError):
                self._let_heed_count(heeds=False)

    def _pause(self) -> bool:
        """Have UCCX call nobody: results would come before what is looked for.

        :return: whether it called until now
        """
        was_paused, self._is_paused = self._is_paused, True
        self._house.uccx.pause()
        return not was_paused

    def _admin(self, model: str, method: str, *args: Any) -> Any:
        return self._house.servers[1 - self._person.number].client().call(model, method, *args)

    def _feed(self) -> None:
        for campaign in self._house.campaigns[:3]:
            self._person.upload(6, campaign, endings=("1", "2"))

    def _strand(self) -> None:
        """Contacts wait on a channel that their campaign has given up."""
        self._feed()
        self._house.sql(
            """UPDATE ecm_contact SET is_ready = TRUE, next_attempt_at = NULL, channel = 'sms'
                WHERE id IN (SELECT id FROM ecm_contact
                              WHERE state = 'pending' AND is_ready AND last_attempt_at IS NULL
                              ORDER BY id DESC LIMIT 3 FOR UPDATE SKIP LOCKED)"""
        )

    def _refuse(self, times: int) -> None:
        self._house.uccx.faults({"name": "bad_request", "times": times})
        self._person.upload(8, self._house.campaigns[0], endings=("1",))

    def _be_unavailable(self) -> None:
        fault = {"name": "unavailable", "method": "GET", "path": "contacts/status", "times": 6}
        self._house.uccx.faults(fault)
        self._person.upload(8, self._house.campaigns[0], endings=("1",))

    def _lose_answer(self) -> None:
        self._pause()
        # A doubt has to grow old, and somebody may take it back before.
        doubts = "SELECT FROM ecm_attempt WHERE state = 'claimed' AND campaign_id = %s LIMIT 1"
        if self._house.sql(doubts, self._house.campaigns[0].id):
            return
        self._house.uccx.faults({"name": "lose_answer", "times": 1})
        self._person.upload(8, self._house.campaigns[0], endings=("1",))

    def _purge(self) -> None:
        campaign = self._house.campaigns[0]
        if self._pause():
            self._person.upload(30, campaign, endings=("1",))
            threading.Event().wait(3)
        self._person.call("ecm.campaign", "action_purge", [campaign.id])

    def _purge_finished(self) -> None:
        """It is time, wherever something is finished."""
        self._feed()
        self._house.sql(
            """UPDATE ecm_dialer SET purge_schedule = 'interval', purge_until = NULL,
                      purge_due_at = now() AT TIME ZONE 'UTC' - interval '1 minute'"""
        )

    def _delete_unheard(self) -> None:
        """The dialer deletes what waits, and its answer is lost."""
        self._house.uccx.faults({"name": "lose_answer", "method": "DELETE", "times": 1})
        self._purge()

    def _look_for_late_ones(self) -> None:
        self._house.sql("UPDATE ecm_dialer SET last_late_sync_at = NULL")

    def _load_dnc(self, content: bytes | None = None) -> int:
        """A list of numbers that nobody has, loaded twice."""
        dnc_list = self._person.create("ecm.dnc.list", name=self._person.name("Registry"))
        for first in (0, 200):
            file = content or csv_of([f"+4940{first + n:07d}" for n in range(300)])
            self._person.create(
                "ecm.dnc.load",
                list_id=dnc_list,
                mode="replace",
                file=base64.b64encode(file).decode(),
                file_name="registry.csv",
            )
        return dnc_list

    def _load_rubbish(self) -> None:
        self._load_dnc(b"\x00\x01\x02" * 99)

    def _export(self) -> None:
        """A file of somebody's contacts."""
        chosen = repr([("campaign_id", "=", self._person.pick().id)])
        values = {"source_domain": chosen, "file_format": "csv"}
        [wizard] = self._admin("ecm.export.start", "create", [values])
        self._admin("ecm.export.start", "action_start", [wizard])

    def _heed_the_count(self) -> None:
        """CCE is asked what it counts before it gets more over REST."""
        self._let_heed_count(heeds=True)
        self._person.upload(6, self._house.campaigns[3], endings=("1",))

    def _let_heed_count(self, heeds: bool) -> None:
        self._heeds_count = heeds
        dialer_id = self._house.dialer_ids[2]
        self._admin("ecm.dialer", "write", [dialer_id], {"cce_heeds_count": heeds})

    def _list_at_dialer(self) -> None:
        """CCE is to have numbers on its own do-not-call list that nobody has, and no more those that
        it got before.
        """
        name, dialer_id = "On CCE's own list", self._house.dialer_ids[1]
        found = self._admin("ecm.dnc.list", "search", [("name", "=", name)])
        if not found:
            found = self._admin("ecm.dnc.list", "create", [{"name": name, "for_voice": True}])
            values = {"cce_dnc_list_ids": [(6, 0, found)]}
            self._admin("ecm.dialer", "write", [dialer_id], values)
        self._house.sql("DELETE FROM ecm_dnc_entry WHERE list_id = %s", found[0])
        first = self._person.draw.randrange(10**6)
        numbers = [f"+4940{(first + n) % 10**6:07d}" for n in range(3)]
        self._admin("ecm.dnc.list", "api_add", found, numbers)
        self._house.sql("UPDATE ecm_dialer SET cce_listed_at = NULL WHERE id = %s", dialer_id)

    def _delete_dnc(self) -> None:
        dnc_list = self._load_dnc()
        self._house.sql(
            """UPDATE ecm_dnc_list SET active = FALSE, is_deleting = TRUE
                WHERE is_deleting IS NOT TRUE AND name LIKE 'Registry%%' AND id < %s""",
            dnc_list,
        )

    def _put_file(self) -> None:
        campaign = self._house.campaigns[0]
        folder = self._ensure_source(campaign)
        numbers = campaign.numbers(["1"] * 10)
        name = self._person.name("june")
        partial = folder.parent / name
        partial.write_bytes(csv_of(numbers))
        partial.rename(folder / f"{name}.csv")
        self._person.ledger.uploads[campaign.id].update(numbers)
        self._house.sql("UPDATE ecm_import_source SET next_run_at = NULL")

    def _ensure_source(self, campaign: Campaign) -> Path:
        root = self._house.folder / "source"
        folder = root / "in"
        if folder.is_dir():
            return folder
        storage = {"name": "chaos", "code": "chaos", "protocol": "file"}
        storage["directory_path"] = str(root)
        [storage_id] = self._admin("fs.storage", "create", [storage])
        values = {"name": "Folder", "campaign_id": campaign.id, "storage_id": storage_id}
        values |= {"directory": "in", "settle_seconds": 0}
        self._admin("ecm.import.source", "create", [values])
        # Last: as soon as it is there, it is looked into.
        folder.mkdir(parents=True)
        return folder

    def _beside(self, **values: Any) -> int:
        """A campaign beside those that call: of what it holds nobody is sent."""
        return int(self._admin("ecm.campaign", "copy", [self._house.campaigns[0].id], values)[0])

    def _with_contacts(self, **values: Any) -> int:
        campaign = self._beside(name=self._person.name("Beside"), **values)
        contacts = [{"campaign_id": campaign, "phone_1": f"+4930990000{n:02d}"} for n in range(20)]
        self._admin("ecm.contact", "create", contacts)
        return campaign

    def _expire(self) -> None:
        campaign = self._with_contacts(ttl_days=1)
        self._house.sql(
            "UPDATE ecm_contact SET added_at = added_at - interval '3 days' WHERE campaign_id = %s",
            campaign,
        )

    def _be_dated(self) -> None:
        campaign = self._with_contacts(end_contacts="close")
        self._house.sql(
            f"""UPDATE ecm_campaign SET date_start = {JUST_NOW}, start_due = {JUST_NOW},
                       date_end = now() AT TIME ZONE 'UTC' + interval '2 seconds',
                       dialer_campaign_id = (SELECT id FROM ecm_dialer_campaign
                                              WHERE kind = 'agent' AND key = '2')
                 WHERE id = %s""",
            campaign,
        )

    def _date_lists(self) -> None:
        """A list begins now, another one is over."""
        name = self._person.name("dated")
        text = base64.b64encode(csv_of([f"+493099100{n:03d}" for n in range(20)])).decode()
        campaign = self._beside(name=self._person.name("Beside"))
        list_id = self._admin("ecm.contact.list", "create_from_file", campaign, f"{name}.csv", text)
        threading.Event().wait(3)
        self._house.sql(
            f"""UPDATE ecm_contact_list SET status = 'planned', date_start = {JUST_NOW},
                       date_end = now() AT TIME ZONE 'UTC' + interval '3 seconds' WHERE id = %s""",
            list_id,
        )

    def _forecast(self) -> None:
        values = {"campaign_id": self._house.campaigns[0].id}
        [run] = self._admin("ecm.dry.run", "create", [values])
        self._house.sql("UPDATE ecm_dry_run SET state = 'queued' WHERE id = %s", run)


def csv_of(numbers: list[str]) -> bytes:
    """A file of these numbers."""
    return "\n".join(["phone,first name", *(f"{number},Anna" for number in numbers)]).encode()
