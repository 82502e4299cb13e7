"""A worker dies after each commit and around each network call (docs/crash-points.md), and others go
on: nobody is called twice, nobody is lost, a result counts once, a file is stored once.

`make test` tries the most dangerous points, `make test-long` all of them.
"""

import base64
import contextlib
import os
from functools import partial
from pathlib import Path

import pytest

from scripts import cluster, databases, templates
from scripts.odoo_server import OdooServer
from scripts.web_client import RpcError
from simulators.cce.testing import running_cce
from simulators.uccx.testing import running_simulator

from . import callback_crashes, sms_crashes
from .callback_crashes import CallbackHouse
from .crash_house import (
    CALLBACK,
    VOICE,
    Case,
    CceCrashHouse,
    CceFileCrashHouse,
    CrashHouse,
    RestCrashHouse,
    csv_of,
    packed,
)
from .rehearsal import IMPORT_FOLDER
from .sms_house import running_sms_house
from .test_email import ANSWER_POINTS, SENT_POINTS

IMPORT = "ecm_campaign.ir_cron_import"
DNC_LOAD = "ecm_campaign.ir_cron_dnc_load"
WITHDRAW = "ecm_campaign.ir_cron_withdraw"
BULK = "ecm_campaign.ir_cron_bulk"
DATES = "ecm_campaign.ir_cron_dates"
LISTS = "ecm_campaign.ir_cron_lists"
EXPIRY = "ecm_campaign.ir_cron_expiry"
DRY_RUN = "ecm_campaign.ir_cron_dry_run"
DNC_DELETE = "ecm_campaign.ir_cron_dnc_delete"
EXPORT = "ecm_campaign.ir_cron_export"
SOURCES = "ecm_import_source.ir_cron_check_sources"
JUST_NOW = "now() AT TIME ZONE 'UTC' - interval '1 minute'"
# More rows than the first chunk of a file, and more contacts than a slice of a bulk action.
MANY = 6000


@contextlib.contextmanager
def running_house(make, running_dialer, folder, variables=None):
    """The server, the simulator and their databases.

    :param variables: of the server's environment
    """
    name, order = f"ecm_e2e_crash_{make.__name__.lower()}_{os.getpid()}", folder / "order"
    dialer = f"{name}_dialer"
    templates.new_database(name, demo=False)
    databases.drop(dialer)
    databases.create(dialer)
    environment = {"ECM_CRASH_POINTS": str(order), **(variables or {})}
    server = OdooServer(name, cron_threads=0, workers=1, environment=environment)
    server.log.unlink(missing_ok=True)
    with running_dialer(cluster.load().uri(dialer), lines=50) as simulator:
        try:
            yield make(server.start(), simulator, order)
        finally:
            server.kill()
    for database in (name, dialer):
        databases.drop(database)


def for_each_test(shared_name):
    """A fixture that begins and ends a shared house's part in each test."""

    @pytest.fixture
    def house(request):
        shared = request.getfixturevalue(shared_name)
        shared.begin()
        yield shared
        shared.end()

    return house


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory):
    with running_house(CrashHouse, running_simulator, tmp_path_factory.mktemp("crash")) as house:
        yield house


@pytest.fixture(scope="module")
def shared_cce_house(tmp_path_factory):
    with running_house(CceCrashHouse, running_cce, tmp_path_factory.mktemp("crash_cce")) as house:
        yield house


@pytest.fixture(scope="module")
def shared_callback_house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash_callback")
    with running_house(CallbackHouse, running_simulator, folder) as house:
        yield house


callback_house = for_each_test("shared_callback_house")


@pytest.fixture(scope="module")
def shared_file_house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash_file")
    running = partial(running_cce, import_folder=str(folder))
    variables = {IMPORT_FOLDER: str(folder)}
    with running_house(CceFileCrashHouse, running, folder, variables) as house:
        yield house


file_house = for_each_test("shared_file_house")


@pytest.fixture(scope="module")
def shared_rest_house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crash_rest")
    with running_house(RestCrashHouse, running_cce, folder) as house:
        yield house


rest_house = for_each_test("shared_rest_house")


cce_house = for_each_test("shared_cce_house")


house = for_each_test("shared_house")


@pytest.fixture(scope="module")
def shared_sms_house(tmp_path_factory):
    """A server whose worker dies, a Kannel and its phones."""
    order = tmp_path_factory.mktemp("sms") / "order"
    options = {"workers": 1, "environment": {"ECM_CRASH_POINTS": str(order)}}
    with running_sms_house(f"ecm_e2e_crash_sms_{os.getpid()}", order, **options) as house:
        yield house


sms_house = for_each_test("shared_sms_house")


# -- feed -----------------------------------------------------------------------------------------


def feed(house, case):
    house.send_nothing_yet()
    house.die(case.point, house.feed, case.times)
    house.finish()


def feed_in_parts(house, case):
    """Several requests in a turn."""
    house.set_rows(3)
    feed(house, case)


def feed_refused_once(house, case):
    """A batch is refused, its halves are taken."""
    feed_with(house, case, {"name": "bad_request", "times": 1})


def feed_refused_down_to_one(house, case):
    """One contact is refused in the end, the others are taken."""
    feed_with(house, case, {"name": "bad_request", "times": 4})


def feed_refused(house, case):
    """All that is offered is refused, until the dialer is at fault."""
    feed_with(house, case, {"name": "bad_request"})


def feed_unavailable(house, case):
    feed_with(house, case, {"name": "unavailable", "method": "GET", "path": "contacts/status"})


def feed_with(house, case, fault):
    house.send_nothing_yet()
    house.simulator.faults(fault)
    house.die(case.point, house.feed, case.times)
    house.finish()


def feed_with_limit(house, case):
    """The tries of all campaigns are counted, by one process at a time."""
    limit = house.create(
        "ecm.strategy.limit",
        strategy_id=house._get_strategy_id(),
        count=3,
        period="24h",
        subject="number",
        scope="all",
    )
    try:
        feed(house, case)
    finally:
        # A strategy that runs cannot be changed.
        house.client.call("ecm.campaign", "action_stop", [house.campaign_id])
        house.client.call("ecm.strategy.limit", "unlink", [limit])


def feed_adopted(house, case):
    """The strategy has given up a channel on which contacts wait."""
    house.send_nothing_yet()
    house.sql(
        """UPDATE ecm_contact SET is_ready = TRUE, next_attempt_at = NULL, channel = 'sms'
            WHERE campaign_id = %s""",
        house.campaign_id,
    )
    house.die(case.point, house.feed)
    house.finish()


FEED = [
    Case("feed.measured", feed),
    Case("feed.adopted", feed_adopted),
    Case("feed.locked", feed_with_limit, is_quick=True),
    Case("feed.claimed", feed),
    Case("feed.stamped", feed),
    Case("feed.sent", feed, is_quick=True),
    Case("feed.received", feed),
    Case("feed.ended", feed),
    Case("feed.succeeded", feed),
    Case("feed.claimed", feed_in_parts, times=2, is_quick=True),
    Case("feed.stamped", feed_in_parts, times=2),
    Case("feed.sent", feed_in_parts, times=2),
    Case("feed.received", feed_in_parts, times=2),
    Case("feed.halved", feed_refused_once),
    Case("feed.sent", feed_refused_once),
    Case("feed.received", feed_refused_once, is_quick=True),
    Case("feed.stamped", feed_refused_once, times=2),
    Case("feed.halved", feed_refused_down_to_one, times=3),
    Case("feed.received", feed_refused_down_to_one),
    Case("feed.put_off", feed_refused_down_to_one, is_quick=True),
    Case("feed.put_off", feed_refused),
    Case("feed.given_back", feed_refused),
    Case("feed.given_back", feed_unavailable),
    Case("feed.paused", feed_unavailable),
]

# -- doubt ----------------------------------------------------------------------------------------


def ask_about_what_arrived(house, case):
    """The dialer has the contacts, its answer was lost."""
    # A result would settle the doubt.
    house.simulator.pause()
    house.send_nothing_yet()
    house.simulator.faults({"name": "lose_answer", "times": 1})
    house.feed()
    house.let_doubts_age()
    house.die(case.point, house.feed)
    house.finish()


def ask_about_what_never_left(house, case):
    """Two deaths, one after the other."""
    house.send_nothing_yet()
    house.die("feed.stamped", house.feed)
    house.let_doubts_age()
    house.die(case.point, house.feed)
    house.finish()


DOUBT = [
    Case("doubt.asking", ask_about_what_arrived),
    Case("doubt.asked", ask_about_what_arrived),
    Case("doubt.settled", ask_about_what_arrived),
    Case("doubt.asking", ask_about_what_never_left),
    Case("doubt.asked", ask_about_what_never_left, is_quick=True),
    Case("doubt.settled", ask_about_what_never_left),
    Case("feed.claimed", ask_about_what_never_left),
]

# -- purge and take back --------------------------------------------------------------------------


def purge(house, case):
    house.send_and_stop()
    house.die(case.point, house.purge)
    house.sync()
    house.finish()


def purge_again(house, case):
    """Whoever pressed the button presses it once more."""
    house.send_and_stop()
    house.die(case.point, house.purge)
    house.purge()
    assert house.tally() == {"pending": 8}
    house.finish()


def purge_in_doubt(house, case):
    """What is deleted was sent, and its answer was lost."""
    house.simulator.faults({"name": "lose_answer", "times": 1})
    house.send_and_stop()
    house.die(case.point, house.purge)
    house.sync()
    house.finish()


def take_back(house, case):
    """The turn takes back what stands at the dialer."""
    house.send_and_stop()
    house.die(case.point, house.feed)
    house.feed()
    assert house.tally() == {"pending": 8}
    house.finish()


PURGE_POINTS = ("asking", "deleting", "deleted", "returning", "returned")
PURGE = [
    *(Case(f"purge.{point}", purge, is_quick=point == "deleted") for point in PURGE_POINTS),
    *(Case(f"purge.{point}", purge_in_doubt) for point in PURGE_POINTS),
    *(Case(f"purge.{point}", purge_again) for point in PURGE_POINTS),
    *(Case(f"purge.{point}", take_back) for point in PURGE_POINTS),
    Case("recall.noted", take_back),
]

# -- purge of finished contacts -------------------------------------------------------------------


def purge_finished(house, case):
    """Some have ended and others wait; what waits comes back, or is left."""
    house.call_some()
    # Another call may end at any moment.
    house.simulator.pause()
    house.upload(house.numbers(4, VOICE))
    house.feed()
    kept = house.count_finished()
    assert kept
    house.die(case.point, house.purge_finished, case.times)
    # The next turns go on; results tell what was deleted and never called.
    house.sync()
    house.purge_finished()
    assert house.count_finished() == 0
    house.finish()


def purge_with_doubt(house, case):
    """A send was in doubt when it was time."""
    house.call_some()
    house.simulator.pause()
    house.upload(house.numbers(4, VOICE))
    house.simulator.faults(house.lost_answer)
    house.feed()
    house.simulator.faults()
    house.die(case.point, house.purge_finished, case.times)
    house.let_doubts_age()
    house.purge_finished()
    house.sync()
    house.finish()
    house.purge_finished()
    assert house.count_finished() == 0


def purge_whose_answer_is_lost(house, case):
    """The dialer has deleted them, its answer was lost, and then the worker dies."""
    house.call_some()
    house.simulator.pause()
    house.upload(house.numbers(4, VOICE))
    house.feed()
    house.simulator.faults(house.lost_deletion)
    house.purge_finished()
    house.simulator.faults()
    house.die(case.point, house.purge_finished, case.times)
    house.sync()
    house.purge_finished()
    assert house.count_finished() == 0
    house.finish()


CLEARING = [
    Case("finished.held", purge_finished),
    Case("finished.clearing", purge_finished),
    Case("purge.deleted", purge_finished, is_quick=True),
    Case("purge.returned", purge_finished),
    Case("finished.cleared", purge_finished),
    Case("finished.noted", purge_finished),
    Case("finished.held", purge_with_doubt),
    Case("finished.noted", purge_whose_answer_is_lost),
]
# -- what else is written to CCE ------------------------------------------------------------------


def promise(house, case, every=1, fault=None, is_asked=False):
    """Each contact's callback is promised by an agent, and goes to CCE's list of these.

    :param every: only of each second contact, and so on: the others are anybody's
    :param fault: of CCE, when they are sent
    :param is_asked: they were sent before, and it is time to ask about what is in doubt
    """
    house.write_dialer(cce_writes_personal=True)
    try:
        house.send_nothing_yet(VOICE)
        house.sql(
            f"""UPDATE ecm_contact SET callback = 'personal', callback_agent = '1002',
                       callback_since = {JUST_NOW}, callback_due = {JUST_NOW}
                 WHERE campaign_id = %s AND id %% %s = 0""",
            house.campaign_id,
            every,
        )
        if fault:
            house.simulator.faults(fault)
        if is_asked:
            # A result would settle the doubt.
            house.simulator.pause()
            house.feed()
            house.let_doubts_age()
        house.die(case.point, house.feed, case.times)
        house.finish()
        assert house.read_agents() == ({"1002"} if every == 1 else {"1001", "1002"})
    finally:
        house.write_dialer(cce_writes_personal=False)


def promise_whose_answer_is_lost(house, case):
    """CCE has them, its answer was lost, and then the worker dies."""
    promise(house, case, fault=house.lost_answer, is_asked=True)


def promise_some(house, case):
    """Some are promised, each in a request of its own, and the others are imported."""
    promise(house, case, every=2)


def promise_some_and_no_import(house, case):
    """CCE has taken the callbacks, and is too busy for the others."""
    promise(house, case, 2, {"name": "queue_full", "verb": "import", "times": 1})


def promise_some_and_a_lost_import(house, case):
    """CCE has taken the callbacks, and its answer to the import of the others was lost."""
    promise(house, case, 2, house.lost_answer)


def ask_about_a_lost_import(house, case):
    """The same, some time later."""
    promise(house, case, 2, house.lost_answer, is_asked=True)


def ask_about_a_lost_promise(house, case):
    """CCE has the first callback, its answer was lost, and nothing more was sent."""
    fault = {"name": "lose_answer", "verb": "callback", "times": 1}
    promise(house, case, 2, fault, is_asked=True)


def heed_the_count(house, case):
    """What CCE counts says how much is sent."""
    house.write_dialer(cce_heeds_count=True)
    try:
        feed(house, case)
    finally:
        house.write_dialer(cce_heeds_count=False)


def list_at_dialer(house, case):
    """Numbers are written to CCE's do-not-call list."""
    with house.listing(3) as (numbers, _dnc_list):
        house.die(case.point, house.compare_lists)
        house.compare_lists()
        assert house.read_do_not_call() == numbers
    assert house.read_do_not_call() == []
    house.assert_log_is_clean()


def take_off_at_dialer(house, case):
    """Numbers come off a list here; one of them CCE had before."""
    with house.listing(3) as (numbers, dnc_list):
        kept = numbers[:1]
        house.change_do_not_call(f"INSERT INTO {{}} (phone) VALUES ('{kept[0]}')")
        house.compare_lists()
        house.sql("DELETE FROM ecm_dnc_entry WHERE list_id = %s", dnc_list)
        house.die(case.point, house.compare_lists)
        house.compare_lists()
        assert house.read_do_not_call() == kept
        house.change_do_not_call("TRUNCATE {}")
    house.assert_log_is_clean()


LISTS_OF_CCE = [
    Case("feed.claimed", promise),
    Case("feed.stamped", promise),
    Case("feed.sent", promise, is_quick=True),
    Case("feed.received", promise),
    Case("doubt.asked", promise_whose_answer_is_lost),
    Case("doubt.settled", promise_whose_answer_is_lost),
    *(
        Case(f"listed.{point}", list_at_dialer, is_quick=point == "written")
        for point in ("asked", "begun", "written", "kept", "noted")
    ),
    *(Case(f"listed.{point}", take_off_at_dialer) for point in ("removed", "forgotten", "noted")),
]
OVER_REST = [
    Case("feed.claimed", promise_some),
    Case("feed.stamped", promise_some),
    Case("feed.sent", promise_some, is_quick=True),
    Case("feed.received", promise_some),
    Case("feed.sent", promise_some_and_no_import),
    Case("feed.received", promise_some_and_no_import),
    Case("feed.given_back", promise_some_and_no_import),
    Case("feed.paused", promise_some_and_no_import),
    Case("feed.sent", promise_some_and_a_lost_import),
    Case("feed.received", promise_some_and_a_lost_import),
    *(
        Case(f"doubt.{point}", way)
        for way in (ask_about_a_lost_import, ask_about_a_lost_promise)
        for point in ("asked", "settled")
    ),
    *(
        Case(f"figures.{point}", heed_the_count, is_quick=point == "asked")
        for point in ("asking", "asked", "noted")
    ),
]
BY_FILE = [
    Case("feed.claimed", feed),
    Case("feed.stamped", feed),
    Case("feed.sent", feed, is_quick=True),
    Case("feed.received", feed),
    Case("feed.stamped", feed_in_parts, times=2),
    Case("feed.sent", feed_in_parts, times=2),
]
DELETING = [
    Case("finished.asking", purge_finished),
    Case("finished.found", purge_finished),
    Case("finished.deleted", purge_finished, is_quick=True),
    Case("finished.noted", purge_finished),
    Case("finished.deleted", purge_with_doubt),
    Case("finished.found", purge_whose_answer_is_lost),
]

# -- results --------------------------------------------------------------------------------------


def results(house, case):
    house.send_nothing_yet()
    house.feed()
    house.wait_for_calls()
    house.sql("UPDATE ecm_dialer SET last_late_sync_at = NULL")
    house.die(case.point, house.read_results)
    house.finish()


def many_results(house, case):
    """More than one transaction takes."""
    house.set_rows(2000)
    house.upload(house.numbers(1100))
    house.start()
    results_of_what_runs(house, case)


def results_of_what_runs(house, case):
    house.feed()
    house.wait_for_calls()
    house.die(case.point, house.read_results)
    house.finish()


def results_of_deleted(house, case):
    """The answer to a purge was lost: results tell what was deleted."""
    house.send_and_stop()
    house.simulator.faults({"name": "lose_answer", "method": "DELETE"})
    with contextlib.suppress(RpcError):
        house.purge()
    house.simulator.faults()
    house.die(case.point, house.read_results)
    house.read_results()
    assert house.tally() == {"pending": 8}
    house.finish()


def results_with_callbacks(house, case):
    """Agents have arranged callbacks, which the dialer makes itself."""
    house.simulator.faults({"name": "callbacks", "seconds": 3000})
    house.send_nothing_yet(CALLBACK, VOICE)
    house.feed()
    house.simulator.wait_until(house.has_callbacks)
    house.die(case.point, house.read_results)
    house.finish()


RESULTS = [
    *(Case(f"results.{point}", results) for point in ("asking", "read", "late", "noted")),
    Case("results.applied", results, is_quick=True),
    Case("results.applied", many_results),
    Case("results.taken_back", results_of_deleted),
    Case("results.promised", results_with_callbacks),
    Case("results.applied", results_with_callbacks),
]

# -- files ----------------------------------------------------------------------------------------


def import_file(house, case):
    check_import(house, case, csv_of(house.numbers(500)), 500)


def import_many(house, case):
    """More than a chunk."""
    check_import(house, case, csv_of(house.numbers(MANY)), MANY)


def import_packed(house, case):
    check_import(house, case, packed(csv_of(house.numbers(MANY))), MANY)


def check_import(house, case, content, count):
    list_id = house.start_file(content)
    house.die_in_job(case.point, IMPORT, case.times)
    names = ("state", "uploaded_count", "processed_count", "failed_count", "duplicate_count")
    assert house.read("ecm.contact.list", list_id, *names) == ("done", count, count, 0, 0)
    stored = "SELECT count(*), count(DISTINCT phone_1) FROM ecm_contact WHERE list_id = %s"
    assert house.sql(stored, list_id) == [(count, count)]
    house.assert_log_is_clean()


def load_dnc(house, case):
    """A registry that replaces what the list held."""
    dnc_list = house.create("ecm.dnc.list", name="Registry")
    old, new = house.numbers(300), house.numbers(MANY)
    start_load(house, dnc_list, csv_of(old))
    house.run(DNC_LOAD)
    kept = old[:100]
    load = start_load(house, dnc_list, csv_of([*kept, *new]))
    house.die_in_job(case.point, DNC_LOAD, case.times)

    counts = ("state", "loaded_count", "duplicate_count", "invalid_count")
    assert house.read("ecm.dnc.load", load, *counts) == ("done", MANY, len(kept), 0)
    listed = house.sql("SELECT value FROM ecm_dnc_entry WHERE list_id = %s", dnc_list)
    assert sorted(value for (value,) in listed) == sorted([*kept, *new])
    house.assert_log_is_clean()


def load_rubbish(house, case):
    dnc_list = house.create("ecm.dnc.list", name="Registry")
    load = start_load(house, dnc_list, b"\x00\x01\x02" * 99)
    house.die_in_job(case.point, DNC_LOAD)
    assert house.read("ecm.dnc.load", load, "state", "loaded_count") == ("failed", 0)
    house.assert_log_is_clean()


def start_load(house, dnc_list, content):
    file = base64.b64encode(content).decode()
    values = {"list_id": dnc_list, "mode": "replace", "file": file, "file_name": "registry.csv"}
    return house.create("ecm.dnc.load", **values)


def withdraw(house, case):
    """Contacts that a file names are withdrawn, the others stay."""
    named, others = house.numbers(MANY), house.numbers(50)
    house.upload([*named, *others])
    file = house.client.upload("/ecm/upload", "withdraw.csv", csv_of(named))
    wizard = house.create(
        "ecm.contact.withdraw",
        reason="Wished",
        campaign_id=house.campaign_id,
        attachment_id=file["id"],
    )
    action = house.client.call("ecm.contact.withdraw", "action_withdraw_by_file", [wizard])
    house.die_in_job(case.point, WITHDRAW, case.times)

    counts = ("state", "withdrawn_count", "missing_count", "invalid_count")
    job = house.read("ecm.contact.withdrawal", action["res_id"], *counts)
    assert job == ("done", MANY, 0, 0)
    assert house.tally() == {"withdrawn": MANY, "pending": 50}
    house.assert_log_is_clean()


FILES = [
    Case("file.begun", import_file),
    Case("file.unpacked", import_packed),
    Case("file.stored", import_file, is_quick=True),
    Case("file.stored", import_many),
    Case("file.stored", import_packed),
    Case("file.stored", import_many, times=2),
    Case("file.completed", import_file),
    Case("file.failed", load_rubbish),
    *(Case(f"file.{point}", load_dnc) for point in ("begun", "stored", "replaced", "completed")),
    Case("file.stored", load_dnc, times=2),
    *(Case(f"file.{point}", withdraw) for point in ("begun", "stored", "completed")),
    Case("file.stored", withdraw, times=2),
]

# -- bulk actions ---------------------------------------------------------------------------------


def change_few(house, case):
    """Few are changed at once, while the supervisor waits."""
    check_bulk(house, case, 40)


def change_many(house, case):
    """Many are changed in the background, a slice at a time."""
    check_bulk(house, case, MANY)


def check_bulk(house, case, count):
    house.upload(house.numbers(count))
    ask(house, action="withdraw", reason="Wrong list")
    house.run(BULK)
    assert house.tally() == {"withdrawn": count}

    # A slice that was done twice would have twice as many called again.
    def call_again():
        ask(house, action="again", has_withdrawn=True, campaign_id=house.campaign_id)
        house.run(BULK)

    house.die(case.point, call_again, case.times)
    house.run(BULK)
    assert house.tally() == {"withdrawn": count, "pending": count}
    jobs = house.client.call("ecm.bulk.action", "search", [], limit=1, order="id desc")
    assert house.read("ecm.bulk.action", jobs[0], "state", "changed_count") == ("done", count)
    house.assert_log_is_clean()


def ask(house, **values):
    domain = repr([("campaign_id", "=", house.campaign_id)])
    wizard = house.create("ecm.bulk.start", source_domain=domain, **values)
    house.client.call("ecm.bulk.start", "action_start", [wizard])


BULK_POINTS = ("begun", "changed", "completed")
BULKS = [
    *(Case(f"bulk.{point}", change_few) for point in BULK_POINTS),
    *(Case(f"bulk.{point}", change_many) for point in BULK_POINTS),
]

# -- what runs by itself --------------------------------------------------------------------------


def fetch_campaigns(house, case):
    """The dialer's campaigns have changed since they were mirrored."""
    of_dialer = [("dialer_id", "=", house.dialer_id)]
    before = house.client.call("ecm.dialer.campaign", "search_read", of_dialer, ["key", "name"])
    house.sql("UPDATE ecm_dialer_campaign SET name = 'Old'")

    def fetch():
        house.client.call("ecm.dialer", "action_fetch_campaigns", [house.dialer_id])

    house.die(case.point, fetch)
    fetch()
    after = house.client.call("ecm.dialer.campaign", "search_read", of_dialer, ["key", "name"])
    assert after == before
    house.send_nothing_yet()
    house.finish()


def bring_a_file(house, case):
    """From a folder into a list, and from there into the archive."""
    source, folder = house.create_source()
    (folder / "june.csv").write_bytes(csv_of(house.numbers(50)))

    def check():
        house.client.call("ecm.import.source", "write", [source], {"next_run_at": False})
        house.run(SOURCES)

    def check_and_import():
        check()
        house.run(IMPORT)
        check()

    house.die(case.point, check_and_import, case.times)
    check_and_import()
    files = house.client.call(
        "ecm.import.file", "search_read", [("source_id", "=", source)], ["state", "is_moved"]
    )
    assert [(file["state"], file["is_moved"]) for file in files] == [("done", True)]
    assert house.tally() == {"pending": 50}
    assert [path.name for path in folder.iterdir() if path.is_file()] == []
    assert len(list((folder / "archive").iterdir())) == 1
    house.assert_log_is_clean()


def expire(house, case):
    """More contacts than a batch, older than they may be."""
    house.upload(house.numbers(MANY))
    house.client.call("ecm.campaign", "write", [house.campaign_id], {"ttl_days": 1})
    house.sql(
        "UPDATE ecm_contact SET added_at = added_at - interval '3 days' WHERE campaign_id = %s",
        house.campaign_id,
    )
    house.die_in_job(case.point, EXPIRY, case.times)
    assert house.tally() == {"expired": MANY}
    house.assert_log_is_clean()


def start_by_date(house, case):
    house.upload(house.numbers(4))
    house.sql(
        f"UPDATE ecm_campaign SET date_start = {JUST_NOW}, start_due = {JUST_NOW} WHERE id = %s",
        house.campaign_id,
    )
    house.die_in_job(case.point, DATES)
    assert house.read("ecm.campaign", house.campaign_id, "is_running") == (True,)
    house.finish()


def end_by_date(house, case):
    """What is still open at the end is closed."""
    house.upload(house.numbers(4))
    house.start()
    house.client.call("ecm.campaign", "write", [house.campaign_id], {"end_contacts": "close"})
    house.sql(f"UPDATE ecm_campaign SET date_end = {JUST_NOW} WHERE id = %s", house.campaign_id)
    house.die_in_job(case.point, DATES)
    assert house.read("ecm.campaign", house.campaign_id, "is_running") == (False,)
    assert house.tally() == {"expired": 4}
    house.assert_log_is_clean()


def start_list(house, case):
    """Planned until just now."""
    house.upload(house.numbers(4))
    house.sql(
        f"UPDATE ecm_contact_list SET status = 'planned', date_start = {JUST_NOW}"
        " WHERE campaign_id = %s",
        house.campaign_id,
    )
    house.die_in_job(case.point, LISTS)
    house.finish()


def expire_list(house, case):
    house.upload(house.numbers(MANY))
    house.sql(
        f"UPDATE ecm_contact_list SET date_end = {JUST_NOW} WHERE campaign_id = %s",
        house.campaign_id,
    )
    house.die_in_job(case.point, LISTS)
    assert house.tally() == {"expired": MANY}
    house.assert_log_is_clean()


def forecast(house, case):
    house.upload(house.numbers(200))
    run = house.create("ecm.dry.run", campaign_id=house.campaign_id)
    house.sql("UPDATE ecm_dry_run SET state = 'queued' WHERE id = %s", run)
    house.die_in_job(case.point, DRY_RUN)
    assert house.read("ecm.dry.run", run, "state", "contact_count") == ("done", 200)
    house.assert_log_is_clean()


def delete_dnc_list(house, case):
    """One that is deleted in the background, beside another with the same numbers."""
    numbers = house.numbers(300)
    gone, kept = (house.create("ecm.dnc.list", name=name) for name in ("Gone", "Kept"))
    for dnc_list in (gone, kept):
        start_load(house, dnc_list, csv_of(numbers))
    house.run(DNC_LOAD)
    house.sql("UPDATE ecm_dnc_list SET active = FALSE, is_deleting = TRUE WHERE id = %s", gone)
    house.die_in_job(case.point, DNC_DELETE)
    left = house.sql("SELECT list_id, count(*) FROM ecm_dnc_entry GROUP BY 1")
    assert (kept, 300) in left
    assert gone not in dict(left)
    assert house.sql("SELECT id FROM ecm_dnc_list WHERE id = %s", gone) == []
    house.client.call("ecm.dnc.list", "unlink", [kept])
    house.assert_log_is_clean()


def export(house, case):
    """A file of all contacts: each stands in it once."""
    house.upload(house.numbers(60))
    domain = repr([("campaign_id", "=", house.campaign_id)])
    wizard = house.create("ecm.export.start", source_domain=domain, file_format="csv")
    job = house.client.call("ecm.export.start", "action_start", [wizard])["res_id"]
    house.die_in_job(case.point, EXPORT)
    assert house.read("ecm.export", job, "state", "processed_count") == ("done", 60)
    assert house.sql("SELECT row_count FROM ecm_export_file WHERE export_id = %s", job) == [(60,)]
    house.assert_log_is_clean()


BY_ITSELF = [
    *(Case(f"mirror.{point}", fetch_campaigns) for point in ("asking", "asked", "written")),
    *(
        Case(f"source.{point}", bring_a_file, is_quick=point == "moved")
        for point in ("looked", "fetched", "stored", "planned", "moved", "noted")
    ),
    Case("sweep.closed", expire),
    Case("sweep.closed", expire, times=2),
    Case("dates.started", start_by_date),
    Case("dates.ended", end_by_date),
    Case("lists.started", start_list),
    Case("lists.expired", expire_list),
    *(Case(f"dry_run.{point}", forecast) for point in ("begun", "stored")),
    *(Case(f"dnc.{point}", delete_dnc_list) for point in ("deleted", "removed")),
    *(
        Case(f"export.{point}", export, is_quick=point == "written")
        for point in ("begun", "written", "stored", "completed")
    ),
]


def prepare(cases):
    """Parameters of a test: the dangerous ones always, the others in `make test-long`."""
    parameters = []
    for each in cases:
        marks = () if each.is_quick else (pytest.mark.long,)
        parameters.append(pytest.param(each, marks=marks, id=str(each)))
    return parameters


CASES = prepare([*FEED, *DOUBT, *PURGE, *CLEARING, *RESULTS, *FILES, *BULKS, *BY_ITSELF])
CCE_CASES = prepare([*DELETING, *LISTS_OF_CCE])
FILE_CASES = prepare(BY_FILE)
REST_CASES = prepare(OVER_REST)
SMS_CASES = prepare(sms_crashes.CASES)
CALLBACK_CASES = prepare(callback_crashes.CASES)


@pytest.mark.parametrize("case", CASES)
def test_nobody_is_called_twice_or_lost(house, case):
    case.way(house, case)


@pytest.mark.parametrize("case", CCE_CASES)
def test_nobody_is_called_twice_or_lost_by_a_cce(cce_house, case):
    case.way(cce_house, case)


@pytest.mark.parametrize("case", FILE_CASES)
def test_nobody_is_called_twice_or_lost_by_files(file_house, case):
    case.way(file_house, case)


@pytest.mark.parametrize("case", REST_CASES)
def test_nobody_is_called_twice_or_lost_over_rest(rest_house, case):
    case.way(rest_house, case)


@pytest.mark.parametrize("case", SMS_CASES)
def test_nobody_gets_two_messages(sms_house, case):
    case.way(sms_house, case)


@pytest.mark.parametrize("case", CALLBACK_CASES)
def test_nobody_is_called_back_twice_or_forgotten(callback_house, case):
    case.way(callback_house, case)


def test_every_point_is_tried():
    every = [*CASES, *CCE_CASES, *FILE_CASES, *REST_CASES, *SMS_CASES, *CALLBACK_CASES]
    tried = {parameter.values[0].point for parameter in every}
    by_email = {*ANSWER_POINTS, *(point.split()[0] for point, _sent in SENT_POINTS)}
    tried |= {point for point in by_email if point.startswith("email.")}
    page = Path(__file__).parents[2] / "docs" / "crash-points.md"
    lines = page.read_text().splitlines()
    explained = {line.split("`")[1] for line in lines if line.startswith("| `")}
    assert tried == explained
