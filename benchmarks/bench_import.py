"""Contacts per second from a file to the table, beside Odoo's own import and beside the physical
limit.

`make bench NAME=import ARGS="1000000 10000000 200000"`: rows of a phone and twelve parameters,
entries of the list of numbers not to contact that they are checked against, and rows of a workbook;
duplicates are looked for as well. All of it runs as in production: by Odoo's own cron thread, one
for everything, with the limits that it sets a scheduled action. Meanwhile it feeds a running
campaign (`feed_gap_s` is the longest time between two feeds), and forms are read through a server
on the same database. The limit is what one core and the disk leave: phonenumbers (parse, validate,
format) on one core, then a bare COPY into the same table with its indexes. `odoo_load_per_s` is
Odoo's `load()` of a name and an e-mail into a small model, `load_contacts_per_s` that of such rows
into the contacts themselves.
"""

import itertools
import os
import random
import sys
import tempfile
import time
from typing import IO, Any, Self

from scripts.console import say

from . import common, cron_thread, form_reader

LOAD_ROWS = 4000
LOAD_CONTACTS = 1000
PARSED = 50_000
LISTED_EVERY = 100
FED = 100
WORDS = (
    "gold",
    "silver",
    "contract",
    "invoice",
    "Berlin",
    "Zürich",
    "fibre",
    "renewal",
    "premium",
    "family",
)


def write_file(rows: int, output: IO[bytes]) -> None:
    """A CSV file with a header, a German mobile number and twelve parameters in each row; always
    the same.
    """
    chance = random.Random(19)
    header = ["phone"]
    header += [f"parameter {number}" for number in range(1, 13)]
    write_line(header, output)
    for row in range(rows):
        cells = [f"0151 2{row:07d}"]
        for _parameter in range(12):
            word = chance.choice(WORDS)
            number = chance.randrange(10**6)
            cells.append(f"{word} {number}")
        write_line(cells, output)
    output.seek(0)


def write_line(cells: list[str], output: IO[bytes]) -> None:
    """One row of the CSV file; no cell needs a quote."""
    line = ",".join(cells) + "\n"
    output.write(line.encode())


def create_registry(env: Any, entries: int) -> None:
    """A do-not-contact list of which some numbers are in the file."""
    # Written by a bare statement: loading the list is what another benchmark measures.
    registry = env["ecm.dnc.list"].create({"name": "Registry", "dnc_class": "national"})
    env.flush_all()
    env.cr.execute(
        """INSERT INTO ecm_dnc_entry (list_id, kind, value)
           SELECT %s, 'number',
                  CASE WHEN n %% %s = 0 THEN '+491512' || lpad((n %% 10000000)::text, 7, '0')
                       ELSE '+4916' || lpad(n::text, 9, '0') END
             FROM generate_series(1, %s) AS n""",
        [registry.id, LISTED_EVERY, entries],
    )
    env.cr.commit()
    common.vacuum(env, "ecm_dnc_entry")


def write_workbook(rows: int, file: IO[bytes], output: IO[bytes]) -> None:
    """The first rows of the CSV file as a workbook."""
    from openpyxl import Workbook

    # Never held in memory: what was used here would hide what the import uses.
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in itertools.islice(file, rows + 1):
        sheet.append(line.decode().strip().split(","))
    book.save(output)
    file.seek(0)


def measure_import(env: Any, campaign: Any, name: str, file: IO[bytes], rows: int) -> float:
    """Rows per second of an uploaded file, from its upload to its last contact."""
    lists = env["ecm.contact.list"]
    attachment = env["ir.attachment"]._create_from_stream(name, file)
    start = time.perf_counter()
    contact_list = lists._create_from_file(campaign, name, attachment)
    common.wait_for(env, lambda: contact_list.state in ("queued", "importing"))
    elapsed = time.perf_counter() - start
    stored = contact_list.uploaded_count
    if stored != rows:
        raise SystemExit(f"{stored} of {rows} rows were stored: {contact_list.error}")
    return rows / elapsed


def measure_imports(
    env: Any, files: dict[str, IO[bytes]], counts: dict[str, int]
) -> dict[str, float]:
    """The imports of the files, one after the other, while a campaign is fed and forms are read."""
    campaigns = {name: common.create_campaign(env, name) for name in files}
    [target] = common.create_targets(env, 1, FED)
    fed = common.create_campaign(env, "Fed", target, is_running=True)
    env.cr.commit()

    figures = {}
    with form_reader.reading(env.cr.dbname, "ecm.campaign", fed.id) as latencies:
        with cron_thread.running(env.cr.dbname), Feeds(env) as feeds:
            # What every database has to do once is not what is measured.
            env["ecm.contact"].create({"campaign_id": fed.id, "phone_1": "+493023125000"})
            env.cr.commit()
            feeds.wait_for_first()
            memory = MemoryGrowth()
            for name, file in files.items():
                say(f"Import of {counts[name]:,} rows, {name}")
                figures[name] = measure_import(env, campaigns[name], name, file, counts[name])
            growth = memory.megabytes()
        figures["memory_growth_mb"] = growth
        figures["feed_gap_s"] = feeds.longest_gap()
    return {**figures, **latencies}


class Feeds:
    """When the running campaign was fed."""

    def __init__(self, env: Any) -> None:
        self._engine = env.registry["ecm.engine"]
        self._feed = self._engine._feed_target
        self._times: list[float] = []

    def __enter__(self) -> Self:
        feed = self._feed

        def note(engine: Any, *args: Any, **kwargs: Any) -> Any:
            self._times.append(time.monotonic())
            return feed(engine, *args, **kwargs)

        self._engine._feed_target = note
        return self

    def __exit__(self, *_error: object) -> None:
        self._engine._feed_target = self._feed
        # The time since the last one counts as well.
        self._times.append(time.monotonic())

    def wait_for_first(self) -> None:
        while not self._times:
            time.sleep(0.2)

    def longest_gap(self) -> float:
        """Seconds."""
        return max(later - earlier for earlier, later in itertools.pairwise(self._times))


class MemoryGrowth:
    """How much more memory this process holds at most than it does now."""

    def __init__(self) -> None:
        # Linux forgets the peak so far.
        with open("/proc/self/clear_refs", "w") as peak:
            peak.write("5")
        self._before = _status_kb("VmRSS")

    def megabytes(self) -> float:
        """Peak since this was created."""
        return (_status_kb("VmHWM") - self._before) / 1024


def _status_kb(name: str) -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
    raise LookupError(name)


def measure_load(env: Any) -> float:
    """Odoo's own import of a small model: name and e-mail."""
    # The smallest model of Odoo that holds addresses of a campaign: the peer at its best.
    rows = [[f"Contact {n}", f"contact{n}@example.com"] for n in range(LOAD_ROWS)]
    return load_speed(env["mailing.contact"], ["name", "email"], rows)


def measure_load_contacts(env: Any) -> float:
    """Odoo's own import of such rows into the contacts: a phone and twelve parameters, nothing
    looked up.
    """
    campaign_id = common.create_campaign(env, "Loaded").id
    parameters = [f"business_parameters.business_parameter_{n}" for n in range(1, 13)]
    columns = ["campaign_id/.id", "phone_1", *parameters]
    rows = []
    for n in range(LOAD_CONTACTS):
        text = f"{WORDS[n % 10]} {n}"
        texts = [text] * len(parameters)
        rows.append([str(campaign_id), f"+4917{n:09d}", *texts])
    return load_speed(env["ecm.contact"], columns, rows)


def load_speed(model: Any, columns: list[str], rows: list[list[str]]) -> float:
    """Rows per second of Odoo's own import, its commit included."""

    def load() -> None:
        result = model.load(columns, rows)
        if not result["ids"]:
            messages = str(result["messages"])
            raise SystemExit(messages[:500])
        model.env.cr.commit()

    return len(rows) / common.seconds(load)


def measure_limit(env: Any) -> float:
    """Rows per second of phonenumbers and COPY, one after the other."""
    import phonenumbers

    numbers = [f"0151 2{row:07d}" for row in range(PARSED)]

    def normalise() -> None:
        for number in numbers:
            parsed = phonenumbers.parse(number, "DE")
            phonenumbers.is_valid_number(parsed)
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    # One after the other, as one process does it: seconds a row add up.
    per_number = common.seconds(normalise) / len(numbers)
    env.cr.execute("SELECT count(*) FROM ecm_contact")
    [(stored,)] = env.cr.fetchall()
    per_copied_row: float = measure_copy(env) / stored
    return 1 / (per_number + per_copied_row)


def measure_copy(env: Any) -> float:
    """The contacts of the import once more, into the same table after it was emptied, from text
    that is ready.
    """
    names = []
    for name, field in env["ecm.contact"]._fields.items():
        if field.store and field.column_type and name != "id":
            names.append(name)
    columns = ", ".join(names)

    # The text is ready before the clock starts: only the writing is measured.
    with tempfile.TemporaryFile() as text:
        env.cr.copy_expert(f"COPY (SELECT {columns} FROM ecm_contact) TO STDOUT", text)
        env.cr.execute("TRUNCATE ecm_contact CASCADE")
        env.cr.commit()
        text.seek(0)

        def copy() -> None:
            env.cr.copy_expert(f"COPY ecm_contact ({columns}) FROM STDIN", text)
            env.cr.commit()

        return common.seconds(copy)


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    defaults = (1_000_000, 10_000_000, 200_000)
    rows, entries, workbook_rows = *given, *defaults[len(given) :]
    with (
        common.odoo_environment("import", "mass_mailing") as env,
        tempfile.TemporaryFile() as text,
        tempfile.TemporaryFile() as workbook,
    ):
        # The file's numbers are German without a country code.
        env.company.country_id = env.ref("base.de")
        say(f"Odoo's load() of {LOAD_ROWS:,} small rows")
        load = measure_load(env)
        load_contacts = measure_load_contacts(env)
        say(f"A do-not-contact list of {entries:,} entries")
        create_registry(env, entries)
        write_file(rows, text)
        write_workbook(workbook_rows, text, workbook)
        # Told with the figures: on a busy machine they say little.
        load_average = os.getloadavg()[0]
        counts = {"bench.csv": rows, "bench.xlsx": min(rows, workbook_rows)}
        figures = measure_imports(env, {"bench.csv": text, "bench.xlsx": workbook}, counts)
        speed = figures.pop("bench.csv")
        say("The limit: phonenumbers on one core, and a bare COPY")
        limit = measure_limit(env)
    common.report(
        rows=rows,
        entries=entries,
        contacts_per_s=round(speed),
        odoo_load_per_s=round(load),
        ratio=speed / load,
        load_contacts_per_s=round(load_contacts),
        ratio_to_load_contacts=speed / load_contacts,
        limit_per_s=round(limit),
        of_limit=speed / limit,
        xlsx_rows=counts["bench.xlsx"],
        xlsx_rows_per_s=round(figures.pop("bench.xlsx")),
        **figures,
        load_average=load_average,
    )


if __name__ == "__main__":
    main()
