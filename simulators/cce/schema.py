"""CCE's databases as schemas of one PostgreSQL database, made from T-SQL (`schema.sql`)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .options import Options

_SOURCE = Path(__file__).with_name("schema.sql").read_text()
_TABLES = dict(re.findall(r"CREATE TABLE dbo\.(\w+) \((.*?)\n\);", _SOURCE, re.DOTALL))
_LIST = "DL"
# In the Outbound Option database tables have no prefix, and no views.
_OUTBOUND = ("Personal_Callback_List", "Do_Not_Call")
_HISTORY = ("t_Dialer_Detail", "t_Import_Rule_History")
_SECOND_SIDE_SEED = -2_147_483_648

COLUMN_NAMES = {name.lower(): name for name in re.findall(r"\[(\w+)\]", _SOURCE)}
"""Names of columns as SQL Server gives them back, by the small letters of PostgreSQL."""

_OWN = """
CREATE SCHEMA IF NOT EXISTS sim;
CREATE TABLE IF NOT EXISTS sim.dialled (
    id serial PRIMARY KEY, dialled_at timestamp NOT NULL, campaign_id integer NOT NULL,
    dialing_list_id integer NOT NULL, account_number varchar(32), phone varchar(20),
    call_result integer
);
CREATE TABLE IF NOT EXISTS sim.call (
    campaign_id integer NOT NULL, dialing_list_id integer NOT NULL, dialled_id integer NOT NULL,
    ends_at timestamp NOT NULL, result integer NOT NULL,
    PRIMARY KEY (campaign_id, dialing_list_id)
);
CREATE TABLE IF NOT EXISTS sim.detail (
    id serial PRIMARY KEY, ready_at timestamp NOT NULL, row json NOT NULL
);
CREATE TABLE IF NOT EXISTS sim.import (
    id serial PRIMARY KEY, campaign_id integer NOT NULL, records json NOT NULL
);
CREATE TABLE IF NOT EXISTS sim.active (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), side char(1) NOT NULL
);
CREATE SEQUENCE IF NOT EXISTS sim.recovery_key START 7250000000001;
"""


def names(options: Options) -> tuple[str, str, str]:
    """Schemas of the configuration, the history and Outbound Option, in small letters."""
    instance = options.instance.lower()
    return f"{instance}_awdb", f"{instance}_hds", f"{instance}_ba{options.side.lower()}"


def create(cursor: Any, options: Options) -> None:
    """Create what is not there yet."""
    configuration, history, outbound = names(options)
    # SQL Server's collation ignores case.
    cursor.execute(
        "CREATE COLLATION IF NOT EXISTS public.ci"
        " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    for schema in (configuration, history, outbound):
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for table in _TABLES:
        if table in _OUTBOUND:
            _create_table(cursor, outbound, table, table, options)
        elif table in _HISTORY:
            _create_table(cursor, history, table, table, options)
            _create_view(cursor, history, table, history)
            _create_view(cursor, configuration, table, history)
        elif table != _LIST:
            _create_table(cursor, configuration, table, table, options)
            _create_view(cursor, configuration, table, configuration)
    cursor.execute(
        f"CREATE INDEX IF NOT EXISTS xie_dbdatetime ON {history}.t_dialer_detail (dbdatetime)"
    )
    cursor.execute(_OWN)
    # Of two sides on one database the one that came first is active.
    cursor.execute(
        "INSERT INTO sim.active (side) VALUES (%s) ON CONFLICT DO NOTHING", (options.side,)
    )


def create_list(cursor: Any, options: Options, campaign_id: int, rule_id: int) -> str:
    """A dialing list, and its name in PostgreSQL."""
    name = f"dl_{campaign_id}_{rule_id}"
    outbound = names(options)[2]
    _create_table(cursor, outbound, name, _LIST, options)
    cursor.execute(
        f"CREATE INDEX IF NOT EXISTS {name}_status"
        f" ON {outbound}.{name} (callstatuszone1, dialinglistid)"
    )
    return f"{outbound}.{name}"


def create_contacts(cursor: Any, options: Options, name: str, columns: dict[str, int]) -> None:
    """The contact table of an import rule."""
    body = ", ".join(f"[{column}] varchar({length})" for column, length in columns.items())
    outbound = names(options)[2]
    cursor.execute(
        f"CREATE TABLE IF NOT EXISTS {outbound}.{name.lower()} ({_columns_of(body, options)})"
    )


def _create_table(cursor: Any, schema: str, name: str, like: str, options: Options) -> None:
    body = _columns_of(_TABLES[like], options)
    cursor.execute(f"CREATE TABLE IF NOT EXISTS {schema}.{name} ({body})")


def _columns_of(body: str, options: Options) -> str:
    """Columns in PostgreSQL's words."""
    seed = 1 if options.side == "A" else _SECOND_SIDE_SEED
    identity = f"int GENERATED ALWAYS AS IDENTITY (MINVALUE {min(seed, 1)} START WITH {seed})"
    body = re.sub(r"CONSTRAINT \w+ ", "", body)
    body = body.replace("int IDENTITY", identity).replace("[", "").replace("]", "")
    body = body.replace(" smalldatetime", " timestamp(0)").replace(" datetime", " timestamp(3)")
    body = body.replace(" float", " double precision")
    return re.sub(r"((?:var)?char\(\d+\))", r"\1 COLLATE public.ci", body)


def _create_view(cursor: Any, schema: str, table: str, of_schema: str) -> None:
    """Without its prefix, a table is a view of the same columns (reference §1.1)."""
    view = table.removeprefix("t_")
    cursor.execute(f"CREATE OR REPLACE VIEW {schema}.{view} AS SELECT * FROM {of_schema}.{table}")
