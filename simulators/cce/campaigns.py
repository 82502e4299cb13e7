"""Campaigns, query rules and skill groups that an empty CCE begins with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import schema
from .options import Options

_AGENT, _IVR = 1, 2
_PREDICTIVE, _PREVIEW, _PROGRESSIVE = 1, 3, 5


@dataclass(frozen=True)
class Example:
    """A campaign with one query rule and one skill group; all three have the same id."""

    id: int
    name: str
    purpose: int
    mode: int
    group: str
    by_api: str = "N"

    @property
    def contact_table(self) -> str:
        """Named by whoever made the import rule."""
        return f"Contacts_{self.id}"


EXAMPLES = (
    Example(5000, "Outbound_Sales", _AGENT, _PROGRESSIVE, "Sales"),
    Example(5001, "Preview_Retention", _AGENT, _PREVIEW, "Retention"),
    Example(5002, "IVR_Reminder", _IVR, _PREDICTIVE, "Reminder_Ports"),
    Example(5003, "Made_By_API", _AGENT, _PROGRESSIVE, "Sales_API", "Y"),
)

# Columns of import rules, and of the contact tables that are made by them.
COLUMNS = {"AccountNumber": 30, "FirstName": 50, "LastName": 50, "Phone01": 20}
# Login and SkillTargetID.
AGENTS = {"1001": 6001, "1002": 6002}
PERIPHERAL = 5000
_NUMBERS = ("integer", "smallint", "double precision")


def seed(cursor: Any, options: Options) -> None:
    """Create the examples in an empty database."""
    configuration = schema.names(options)[0]
    for example in EXAMPLES:
        schema.create_list(cursor, options, example.id, example.id)
        schema.create_contacts(cursor, options, example.contact_table, COLUMNS)
    cursor.execute(f"SELECT 1 FROM {configuration}.t_campaign LIMIT 1")
    if cursor.fetchone():
        return
    for login, agent_id in AGENTS.items():
        agent: dict[str, Any] = {"skilltargetid": agent_id, "personid": agent_id}
        agent |= {"peripheralid": PERIPHERAL, "peripheralnumber": login}
        _insert(cursor, configuration, "t_agent", agent | {"enterprisename": f"Agent_{login}"})
    for example in EXAMPLES:
        for table, values in _rows(example, options).items():
            _insert(cursor, configuration, table, values)
        for number, (name, length) in enumerate(COLUMNS.items(), 1):
            clause: dict[str, Any] = {"fieldname": name, "length": length, "nullenabled": "Y"}
            clause |= {"importruleid": example.id, "sequencenumber": number}
            _insert(cursor, configuration, "t_import_rule_clause", clause)


def _rows(example: Example, options: Options) -> dict[str, dict[str, Any]]:
    """What stands of it in each table; other columns get what is nothing in their type."""
    ids = {"campaignid": example.id, "queryruleid": example.id, "skilltargetid": example.id}
    day = {"homeendhours": 23, "homeendminutes": 59, "homeenabled": "Y"}
    campaign = {
        "campaignid": example.id,
        "campaignname": example.name,
        "campaignpurposetype": example.purpose,
        "enabled": "Y",
        "apigenerated": example.by_api,
        "maxattempts": options.tries,
        "tzdisplayname": options.time_zone,
        **day,
    }
    rule = {"queryruleid": example.id, "queryrulename": example.name, "enabled": "Y"}
    rule |= {"importruleid": example.id, "apigenerated": example.by_api}
    group = {"skilltargetid": example.id, "enterprisename": example.group}
    group |= {
        "peripheralid": PERIPHERAL,
        "peripheralnumber": example.id,
        "peripheralname": example.group,
    }
    of_campaign = {name: ids[name] for name in ("campaignid", "queryruleid")}
    return {
        "t_campaign": campaign,
        "t_query_rule": rule,
        "t_import_rule": _import_rule(example, options),
        "t_campaign_query_rule": {**of_campaign, "listorder": 1, "queryruleenabled": "Y"},
        "t_skill_group": group,
        "t_campaign_skill_group": {
            "campaignid": example.id,
            "skilltargetid": example.id,
            "dialingmode": example.mode,
        },
    }


def _import_rule(example: Example, options: Options) -> dict[str, Any]:
    path = str(Path(options.import_folder) / f"{example.name}.csv")
    polls = bool(options.import_folder) and example.by_api == "N"
    return {
        "importruleid": example.id,
        "importrulename": example.name,
        "contacttablename": example.contact_table,
        "enabled": "Y",
        "apigenerated": example.by_api,
        "filepath": path if polls else None,
        "filepollingenabled": "Y" if polls else "N",
        "delimitertype": "C",
        "renameenabled": "Y",
    }


def _insert(cursor: Any, database: str, table: str, values: dict[str, Any]) -> None:
    cursor.execute(
        """SELECT column_name, data_type FROM information_schema.columns
            WHERE table_schema = %s AND table_name = %s AND is_nullable = 'NO'""",
        (database, table),
    )
    filled = {}
    for name, kind in cursor.fetchall():
        filled[name] = 0 if kind in _NUMBERS else "N"
    filled |= values
    columns, marks = ", ".join(filled), ", ".join(["%s"] * len(filled))
    cursor.execute(
        f"INSERT INTO {database}.{table} ({columns}) VALUES ({marks})", [*filled.values()]
    )
