"""Contacts per second from a file to the table, beside Odoo's own import and beside the physical limit.

`make bench NAME=import ARGS=200000`: rows of a phone and twelve parameters. The limit is what one core and the disk
leave: phonenumbers (parse, validate, format) on one core, then a bare COPY into the same table with its indexes.
"""

import io
import random
import sys
from typing import Any

from scripts.console import say

from . import common

LOAD_ROWS = 4000


def make_file(rows: int) -> bytes:
    """A CSV file with a header, a German mobile number and twelve parameters in each row; always the same."""
    chance = random.Random(19)
    output = io.StringIO()
    output.write("phone," + ",".join(f"parameter {n}" for n in range(1, 13)) + "\n")
    for row in range(rows):
        values = [f"{chance.choice(WORDS)} {chance.randrange(10**6)}" for _parameter in range(12)]
        output.write(f"0151 2{row:07d}," + ",".join(values) + "\n")
    return output.getvalue().encode()


WORDS = ("gold", "silver", "contract", "invoice", "Berlin", "Zürich", "fibre", "renewal", "premium", "family")


def import_file(env: Any, content: bytes, name: str) -> Any:
    """Store a file as the upload wizard does, with the columns mapped; the import itself is not run yet."""
    from odoo.addons.ecm_campaign.tools import contact_file, contact_rows

    campaign = common.create_campaign(env, name)
    dialect = contact_file.sniff(content[: contact_file.HEAD_SIZE], len(content))
    contact_list = env["ecm.contact.list"].create(
        {
            "name": name,
            "campaign_id": campaign.id,
            "file_size": len(content),
            "options": {
                "dialect": {field: getattr(dialect, field) for field in dialect.__dataclass_fields__},
                "columns": dict(contact_rows.guess_map(dialect.header).targets),
                "country": "DE",
            },
        }
    )
    contact_list.attachment_id = env["ir.attachment"].create({"name": "bench.csv", "raw": content})
    contact_list.action_queue()
    env.cr.commit()
    return contact_list


def measure_import(env: Any, content: bytes, rows: int) -> float:
    contact_list = import_file(env, content, "Import")
    elapsed = common.seconds(env["ecm.contact.list"]._cron_import)
    env.invalidate_all()
    if contact_list.uploaded_count != rows:
        raise SystemExit(f"{contact_list.uploaded_count} of {rows} rows were stored: {contact_list.error}")
    return rows / elapsed


def measure_load(env: Any) -> float:
    """Odoo's own import of a small model: name and e-mail."""
    rows = [[f"Contact {n}", f"contact{n}@example.com"] for n in range(LOAD_ROWS)]

    def load() -> None:
        result = env["mailing.contact"].load(["name", "email"], rows)
        if not result["ids"]:
            raise SystemExit(str(result["messages"])[:500])
        env.cr.commit()

    return LOAD_ROWS / common.seconds(load)


def measure_limit(env: Any, rows: int) -> float:
    import phonenumbers

    numbers = [f"0151 2{row:07d}" for row in range(rows)]

    def normalise() -> None:
        for number in numbers:
            parsed = phonenumbers.parse(number, "DE")
            phonenumbers.is_valid_number(parsed)
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)

    return rows / (common.seconds(normalise) + measure_copy(env))


def measure_copy(env: Any) -> float:
    """The contacts of the import once more, into the same table, from text that is ready."""
    campaign = common.create_campaign(env, "Copy")
    names = [
        name for name, field in env["ecm.contact"]._fields.items() if field.store and field.column_type and name != "id"
    ]
    columns = ", ".join(names)
    values = ", ".join(str(campaign.id) if name == "campaign_id" else name for name in names)
    text = io.BytesIO()
    env.cr.copy_expert(f"COPY (SELECT {values} FROM ecm_contact) TO STDOUT", text)
    text.seek(0)

    def copy() -> None:
        env.cr.copy_expert(f"COPY ecm_contact ({columns}) FROM STDIN", text)
        env.cr.commit()

    return common.seconds(copy)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    content = make_file(rows)
    with common.odoo_environment("import", "mass_mailing") as env:
        say(f"Odoo's load() of {LOAD_ROWS:,} small rows")
        load = measure_load(env)
        say(f"Import of {rows:,} rows, {len(content) / 2**20:.0f} MB")
        speed = measure_import(env, content, rows)
        say("The limit: phonenumbers on one core, and a bare COPY")
        limit = measure_limit(env, rows)
    common.report(
        rows=rows,
        contacts_per_s=round(speed),
        odoo_load_per_s=round(load),
        ratio=speed / load,
        limit_per_s=round(limit),
        of_limit=speed / limit,
    )


if __name__ == "__main__":
    main()
