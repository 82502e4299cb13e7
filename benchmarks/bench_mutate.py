"""Do the tests of the decisions notice faults? Each mutant is one small fault; a test must fail
because of it.

`make bench NAME=mutate` tries a sample with a fixed seed for at most ten minutes; `ARGS="strategy
limits"` names modules, `ARGS="strategy 40"` how many of each, `ARGS="--all"` tries every mutant.
Survivors are printed. Those in `EQUIVALENT` change nothing that can be seen; they are not counted.
"""

import ast
import importlib
import importlib.machinery
import multiprocessing
import multiprocessing.connection
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import hypothesis
import pytest

from scripts import paths
from scripts.console import Progress, say

from . import common
from .mutants import Mutant, find_mutants, mutate

TOOLS = "ecm_campaign/tools"
# Modules that stand elsewhere, or under another name.
CISCO = "ecm_dialer_cisco/clients"
SMS = "ecm_sms"
REST = "ecm_rest_api/tools"
CALLBACK = "ecm_callback/tools"
FILES = {
    "uccx_hours": f"{CISCO}/uccx_hours.py",
    "uccx_wire": f"{CISCO}/uccx_wire.py",
    "uccx_results": f"{CISCO}/uccx_results.py",
    "uccx_watermark": f"{CISCO}/uccx_watermark.py",
    "uccx_database": f"{CISCO}/uccx_database.py",
    "id_ranges": f"{CISCO}/id_ranges.py",
    "cce_config": f"{CISCO}/cce_config.py",
    "cce_connection": f"{CISCO}/cce_connection.py",
    "cce_results": f"{CISCO}/cce_results.py",
    "dialer_base": f"{CISCO}/base.py",
    "dialer_exceptions": f"{CISCO}/exceptions.py",
    "cce": f"{CISCO}/cce.py",
    "cce_database": f"{CISCO}/cce_database.py",
    "cce_rest": f"{CISCO}/cce_rest.py",
    "digits": f"{CISCO}/digits.py",
    "failover": f"{CISCO}/failover.py",
    "uccx": f"{CISCO}/uccx.py",
    "uccx_config": f"{CISCO}/uccx_config.py",
    "uccx_http": f"{CISCO}/uccx_http.py",
    "sms_keywords": f"{SMS}/tools/keywords.py",
    "sms_segments": f"{SMS}/tools/segments.py",
    "sms_lateness": f"{SMS}/tools/lateness.py",
    "sms_links": f"{SMS}/tools/links.py",
    "sms_merging": f"{SMS}/tools/merging.py",
    "sms_http_gateway": f"{SMS}/clients/http_gateway.py",
    "sms_answers": f"{SMS}/clients/answers.py",
    "sms_callbacks": f"{SMS}/clients/callbacks.py",
    "sms_pace": f"{SMS}/clients/pace.py",
    "sms_settings": f"{SMS}/clients/settings.py",
    "sms_odoo_states": f"{SMS}/clients/odoo_states.py",
    "rest_call": f"{REST}/call.py",
    "rest_cursors": f"{REST}/cursors.py",
    "rest_problems": f"{REST}/problems.py",
    "rest_times": f"{REST}/times.py",
    "callback_rules": f"{CALLBACK}/rules.py",
    "callback_slots": f"{CALLBACK}/slots.py",
    "callback_moments": f"{CALLBACK}/moments.py",
    "callback_states": f"{CALLBACK}/states.py",
    "import_query": "ecm_import_source/tools/query.py",
    "import_table": "ecm_import_source/tools/table_file.py",
}
_FILES = (
    "test_import_file.py",
    "test_import_packed.py",
    "test_import_marks.py",
    "test_import_preview.py",
    "test_import_encodings.py",
)
# Tables first: most faults end there, and the properties behind them take seconds.
TESTS = {
    "strategy": (
        "test_strategy_rules.py",
        "test_strategy_callbacks.py",
        "test_strategy_wrap_ups.py",
        "test_strategy_channels.py",
        "test_strategy_check.py",
        "test_strategy.py",
    ),
    "strategy_check": ("test_strategy_check.py", "test_strategy.py"),
    "limits": ("test_limits.py",),
    "calling_hours": ("test_calling_hours.py", "test_open_time.py"),
    "pacing": ("test_pacing.py",),
    "gates": ("test_gates.py",),
    "region_rules": ("test_region_rules.py",),
    "region_effects": ("test_region_effects.py",),
    "day_windows": ("test_day_windows.py",),
    "campaign_hours": ("test_campaign_hours.py",),
    "open_time": ("test_open_time.py",),
    "hours_difference": ("test_hours_difference.py",),
    "turn": ("test_turn.py",),
    "ahead": ("test_ahead.py",),
    "campaign_results": ("test_campaign_results.py",),
    "contact_search": ("test_contact_search.py",),
    "uccx_hours": ("test_hours_difference.py",),
    "uccx_wire": ("test_uccx_wire.py", "test_uccx_push.py"),
    "uccx_results": ("test_uccx_results.py",),
    "uccx_watermark": ("test_uccx_watermark.py", "test_uccx_results.py"),
    "uccx_database": ("test_uccx_results.py", "test_uccx_news.py"),
    "id_ranges": ("test_id_ranges.py", "test_uccx_results.py"),
    "cce_config": ("test_cce.py",),
    "cce_connection": ("test_cce.py",),
    "cce_results": ("test_cce.py",),
    "phones": ("test_phones.py",),
    "contact_rows": ("test_import_rows.py",),
    "column_names": ("test_import_rows.py",),
    "zone_names": ("test_import_rows.py",),
    "contact_limits": ("test_contact_limits.py",),
    "pace": ("test_pace.py", "test_import_rows.py"),
    "contact_file": _FILES,
    "encodings": ("test_encodings.py", "test_import_encodings.py", "test_import_file.py"),
    "spreadsheet": ("test_spreadsheet.py", "test_import_packed.py"),
    "sheet_xml": ("test_sheet_xml.py", "test_import_packed.py"),
    "packed_file": ("test_packed_file.py", "test_import_packed.py"),
    "contact_preview": ("test_import_preview.py",),
    "number_rows": ("test_number_rows.py",),
    "connection_string": ("test_connection_string.py",),
    "dry_run": ("test_dry_run.py",),
    "dry_run_dialer": ("test_dry_run_dialer.py", "test_dry_run.py"),
    "time_zones": ("test_time_zones.py", "test_campaign_hours.py"),
    "number_places": ("test_number_places.py", "test_campaign_hours.py"),
    "public_holidays": ("test_public_holidays.py",),
    "shared_list": ("test_shared_list.py",),
    "parameters": ("test_parameters.py",),
    "sms_keywords": ("test_sms_texts.py",),
    "sms_segments": ("test_sms_texts.py",),
    "sms_answers": ("test_sms_gateway.py",),
    "sms_callbacks": ("test_sms_callbacks.py",),
    "sms_pace": ("test_sms_gateway.py",),
    "sms_settings": ("test_sms_gateway.py",),
    "rest_call": ("test_rest_values.py",),
    "rest_cursors": ("test_rest_values.py",),
    "rest_problems": ("test_rest_values.py",),
    "rest_times": ("test_rest_values.py",),
    "callback_rules": ("test_callback_bounds.py", "test_callback_rules.py"),
    "callback_slots": ("test_callback_bounds.py", "test_callback_rules.py"),
    "callback_moments": ("test_callback_bounds.py", "test_callback_rules.py"),
    "callback_states": ("test_callback_bounds.py", "test_callback_states.py"),
    "sms_odoo_states": ("test_sms_odoo_states.py",),
    "sms_lateness": ("test_sms_lateness.py",),
    "sms_links": ("test_sms_merging.py",),
    "sms_merging": ("test_sms_merging.py",),
    "sms_http_gateway": ("test_sms_http_gateway.py", "test_sms_gateway.py"),
    "circuit": ("test_circuit.py",),
    "explain": ("test_explain.py",),
    "health": ("test_health.py",),
    "metrics": ("test_health.py",),
    "jdbc": ("test_jdbc.py", "test_jdbc_address.py"),
    "odbc": ("test_odbc.py", "test_connection_string.py", "test_import_query.py"),
    "cce": ("test_cce_client.py", "test_cce.py"),
    "cce_rest": ("test_cce_rest.py",),
    "cce_database": ("test_cce_database.py", "test_cce.py"),
    "results": ("test_dialer_base.py",),
    "dialer_base": ("test_dialer_base.py",),
    "dialer_exceptions": ("test_dialer_base.py",),
    "digits": ("test_digits.py",),
    "failover": ("test_failover.py",),
    "uccx": ("test_uccx_client.py", "test_uccx_push.py", "test_uccx_results.py"),
    "uccx_config": ("test_uccx_config.py",),
    "uccx_http": ("test_uccx_http.py", "test_uccx_push.py"),
    "import_query": ("test_import_query.py",),
    "import_table": ("test_import_query.py",),
}
# Pure modules that are not broken here, and why.
LEFT_OUT_MODULES = {
    "ecm_campaign/tools/channel.py": "values and a protocol",
    "ecm_campaign/tools/crash_points.py": "kills processes of their own, and only in tests",
    "ecm_campaign/tools/results_triggers.py": "SQL, which Odoo's tests run",
    "ecm_import_source/tools/folder.py": "file systems, which tests/simulator has",
}
_HEAVY = "given_up_while or in_memory or memory_does or spreadsheet_writes or any_bytes"
# Tests that take seconds, each: without them the score is a lower bound.
LEFT_OUT = {
    "calling_hours": "two_years or every_zone",
    "campaign_hours": "phonenumbers or of_one_clock or every_beginning",
    "pacing": "share_a_room_of_10",
    "strategy_check": "every_life or deterministic",
    "phones": "near_valid or any_digits or many_at_once or any_text",
    "contact_rows": "read_back or any_",
    "column_names": "read_back or any_rows",
    "zone_names": "read_back or any_rows",
    "contact_limits": "read_back or any_rows",
    "pace": "read_back or any_rows",
    "contact_file": _HEAVY,
    "encodings": _HEAVY,
    "spreadsheet": _HEAVY,
    "sheet_xml": _HEAVY,
    "packed_file": _HEAVY,
    "dry_run": "no_rule_is_broken",
    "dry_run_dialer": "no_rule_is_broken",
    "time_zones": "two_years or every_zone or phonenumbers or of_one_clock or every_beginning",
    "number_places": "phonenumbers or of_one_clock or every_beginning",
}
SAMPLE = 80
SECONDS = 600
# So long a mutant's tests may take at least. On a slow machine it is a multiple of what they take
# without a fault: whoever survives must not count as one that goes on for ever.
PATIENCE_S = 90
PATIENCE_TIMES = 3
SEED = 20260302
# pytest and what the tests need of others are imported once, before the mutants.
WARM = (
    "_hypothesis_pytestplugin",
    "hypothesis.strategies",
    "lxml.etree",
    "openpyxl",
    "phonenumbers",
    "requests",
    "sqlite3",
)
FORK = multiprocessing.get_context("fork")

# Faults that no test can see, and why.
EQUIVALENT = {
    "limits": {
        "_next_day: day + timedelta(days=1) → day - timedelta(days=1)": (
            "the day is found second by second instead"
        ),
        "_next_day: timedelta(days=1) → timedelta()": "likewise",
    },
    "calling_hours": {
        "_find: if opens >= until:\n    break → if False:\n    break": "it only looks further",
        "_find: break → pass": "likewise",
        "_find: opens >= until → opens > until": "likewise",
        "opening: found.since <= at < found.until → found.since < at < found.until": (
            "they are only looked for again"
        ),
        "opening: found.since <= at < found.until → found.since <= at <= found.until": (
            "the one that opens then is known too"
        ),
        "_RENEW: 7 → 8": "so long it is not looked for again",
        "_NO_MORE: 0 → 1": "nothing is that early",
    },
    "pacing": {
        "GOLDEN: math.sqrt(5) - 1 → math.sqrt(5) + 1": "it differs by 1, and only the rest counts",
        "INNER_STEP: 1 → 2": "likewise",
        "_has_room: claimant.pool is None or claimant.pool not in pools"
        " → claimant.pool not in pools": "no pool is among none",
    },
    "id_ranges": {
        "coarsened: len(ranges) <= most → len(ranges) < most": "each is covered by itself",
        "gaps_above: each > low → each >= low": "the first gap begins behind it all the same",
        "gaps_above: known.last or known.first → known.last": "ranges of ids have an end",
        "width: before.last or before.first → before.last": "likewise",
    },
    "ahead": {
        "__init__: 1 → 2": "one batch is sent at a time, by however many threads",
    },
    "cce_results": {
        "call_result: 0 → 1": "a thousandth of a second is none",
    },
    "cce_database": {
        "_in_order: row.AccountNumber and is_wanted(row.AccountNumber)"
        " → is_wanted(row.AccountNumber)": "no account number is nobody's",
        "module: 1000 → 1001": "so many parameters fit into no statement",
    },
    "uccx_http": {
        "read: 1 → 2": "any size below 0 stands for all",
    },
    "cce_rest": {
        "_translated: type(error) is Rejected and"
        " _NOT_THERE in f'{error.code} {error} {error.data}'"
        " → _NOT_THERE in f'{error.code} {error} {error.data}'": (
            "other refusals are told by their status, and do not say so"
        ),
    },
    "uccx_watermark": {
        "Watermark.looked_at: 0 → 1": "both are long ago",
        "loads: 0 → 1": "what was written down has it, and both are long ago",
    },
    "uccx_database": {
        "KEYS_PER_STATEMENT: 500 → 501": "a size that serves as well",
        "RANGES_PER_STATEMENT: 100 → 101": "likewise",
        "__init__: 2000 → 2001": "likewise",
        "_dialing_row: count > 0 → count >= 0": "none adds none",
        "_EPOCH: 1970 → 1971": "no call is that early",
        "_EPOCH: 1 → 2": "likewise",
    },
    "uccx_wire": {
        "parse_xml: etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False,"
        " remove_comments=True) → etree.XMLParser(resolve_entities=False, load_dtd=False,"
        " remove_comments=True)": "it is the default",
        "parse_xml: etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False,"
        " remove_comments=True) → etree.XMLParser(resolve_entities=False, no_network=True,"
        " remove_comments=True)": "likewise",
        "parse_xml: False → True": "a document type is refused, whatever it would bring in",
        "parse_xml: True → False": "without document types nothing asks for the network",
        "parse_contacts: zip(header, _cells(line), strict=False) → zip(header, _cells(line))": (
            "it is the default"
        ),
    },
    "uccx_config": {
        f"{name} → {other}": "a time or size that serves as well"
        for name, other in (
            ("UccxConfig.connect_timeout: 5", 6),
            ("UccxConfig.read_timeout: 30", 31),
            ("UccxConfig.import_timeout: 120", 121),
            ("UccxConfig.poll_interval: 1", 2),
            ("UccxConfig.get_retries: 2", 3),
            ("UccxConfig.overlap: 300", 301),
            ("UccxConfig.open_horizon: 86400", 86_401),
            ("UccxConfig.detail_patience: 900", 901),
            ("UccxConfig.preview_patience: 14400", 14_401),
            ("UccxConfig.look_interval: 3600", 3_601),
            ("UccxConfig.page_rows: 2000", 2_001),
        )
    },
    "cce_config": {
        f"{name} → {other}": "a time or size that serves as well"
        for name, other in (
            ("CceConfig.connect_timeout: 5", 6),
            ("CceConfig.read_timeout: 30", 31),
            ("CceConfig.rows_per_request: 500", 501),
            ("CceConfig.overlap: 300", 301),
            ("CceConfig.look_interval: 3600", 3601),
            ("CceConfig.page_rows: 2000", 2001),
            ("CceRestConfig.connect_timeout: 5", 6),
            ("CceRestConfig.read_timeout: 30", 31),
            ("CceRestConfig.get_retries: 2", 3),
            ("CceRestConfig.queue_seconds: 900", 901),
        )
    },
    "phones": {
        "__init__: metadata.general_desc or PhoneNumberDesc() → PhoneNumberDesc()": (
            "phonenumbers itself is asked instead"
        ),
        "accept_national: if self._idd.match(digits):\n    return None → if True:\n    return None": (
            "likewise"
        ),
        "accept_national: if not self._strips or not self._general.fullmatch(digits):\n"
        "    return None → if True:\n    return None": "likewise",
        "normalise: if _E164.fullmatch(raw):\n    number = _quick_international(raw[1:])\n"
        "    if number is not None and min_length < len(number) <= max_length + 1:\n"
        "        return (number, None) → if False:\n    number = _quick_international(raw[1:])\n"
        "    if number is not None and min_length < len(number) <= max_length + 1:\n"
        "        return (number, None)": "the long way says the same",
        # 28,251 numbers near valid ones of all countries show no difference.
        "__init__: metadata.national_prefix_for_parsing or _NOTHING → _NOTHING": (
            "what begins with the prefix is not valid either: a caution for later plans"
        ),
        "__init__: not metadata.national_prefix_transform_rule"
        " → metadata.national_prefix_transform_rule": "likewise",
        "accept_national: not self._strips or not self._general.fullmatch(digits)"
        " → not self._general.fullmatch(digits)": "likewise",
        "__init__: metadata.international_prefix or _NOTHING → metadata.international_prefix": (
            "every country has one"
        ),
        "_pattern: description is None or not description.national_number_pattern"
        " → description is None": "what is no pattern fits no number",
    },
    "contact_file": {
        "HEAD_ELEMENTS: 200000 → 200001": "a size that serves as well",
        "MAX_LINE: 1 → 2": "likewise",
        "_detect_wide: odd < few → odd <= few": "a share that serves as well",
        "_is_utf8: wrong * 4 <= right → wrong * 4 < right": "likewise",
        "open_source: if source.copy is None:\n"
        "    return (dialect, _open(source.file, dialect, mark=mark))"
        " → if True:\n    return (dialect, _open(source.file, dialect, mark=mark))": (
            "what is packed is only unpacked again"
        ),
    },
    "contact_rows": {
        "_contact: if len(row) > self._most:\n    self._check_width(row)"
        " → if True:\n    self._check_width(row)": "a row that is no wider has nothing beyond",
        "_contact: if missing > 0:\n    row = row + [''] * missing"
        " → if True:\n    row = row + [''] * missing": "nothing is added to it",
    },
    "zone_names": {
        "_names: if zone in known:\n    names[_plain(name)] = zone"
        " → if True:\n    names[_plain(name)] = zone": "where all zones are known",
    },
    "pace": {
        "FIRST: 5000 → 5001": "a size that serves as well",
        "LEAST: 500 → 501": "likewise",
        "GROWTH: 4 → 5": "likewise",
    },
    "number_rows": {
        "_find_numbers: cells[0] if is_plain else _find_number(cells, country)"
        " → _find_number(cells, country)": "the long way says the same",
    },
    "callback_slots": {
        "LOOK_BACK: 3 → 4": "so many days serve as well",
        "MOST_ASKED: 3000 → 3001": "likewise",
    },
    "import_table": {
        "DIGEST_SIZE: 8 → 9": "a size that serves as well",
        "write_rows: io.TextIOWrapper(target, encoding=layout.encoding, newline='')"
        " → io.TextIOWrapper(target, encoding=layout.encoding)": "on Linux an end of line is one",
    },
    "explain": {
        "ROUNDS: 60 → 61": "a number that serves as well",
    },
    "rest_problems": {
        "_CODES_BY_STATUS: 400 → 401": "what has no kind of its own is malformed, too",
    },
    "rest_cursors": {
        "decode: -len(cursor) → len(cursor)": "more padding than is needed is passed over",
        "decode: True → False": "they are as many",
        "decode: zip(parts, kinds, strict=True) → zip(parts, kinds)": "likewise",
        "encode: json.dumps(parts, separators=(',', ':')) → json.dumps(parts)": "it is only longer",
    },
    "rest_call": {
        "duration_ms: 1000 → 1001": "for a log",
    },
    "jdbc": {
        "connect: 10 → 11": "a time that serves as well",
    },
    "contact_preview": {
        "_stored: True → False": "they are as many",
    },
    "encodings": {
        "MAX_GUESSED: 20000 → 20001": "a size that serves as well",
    },
    "packed_file": {
        "MAX_RATIO: 200 → 201": "a size that serves as well",
        "MAX_UNPACKED: 30 → 31": "likewise",
        "FREE: 64 → 65": "likewise",
        "MEMORY: 8 → 9": "likewise",
        "_resolve_content: 16 → 17": "likewise",
    },
    "sheet_xml": {
        "BLOCK: 16 → 17": "a size that serves as well",
        "MAX_PROLOG: 20 → 21": "likewise",
        "__init__: True → False": "a text comes in more pieces",
    },
    "spreadsheet": {
        "MAX_HELD: 128 → 129": "a size that serves as well",
        "write_copy: 1 → 2": "likewise",
        "__init__: ExcelReader(file, read_only=True, data_only=True, keep_links=False)"
        " → ExcelReader(file, read_only=True, keep_links=False)": "cells are read here",
        "MAX_STRINGS: 8 → 9": "likewise",
        "PROLOG_SIZE: 4096 → 4097": "likewise",
        "write_copy: 20 → 21": "likewise",
        "__init__: ExcelReader(file, read_only=True, data_only=True, keep_links=False)"
        " → ExcelReader(file, read_only=True, data_only=True)": (
            "links to other books are read behind what is read here"
        ),
        "read: if '_x' in text:\n    text = _ESCAPE.sub(_unescaped, text)"
        " → if True:\n    text = _ESCAPE.sub(_unescaped, text)": "it only looks, and finds none",
    },
    "circuit": {
        "pause_seconds: 20 → 21": "so many doublings are longer than any pause",
    },
    "uccx": {
        "_last_manual_start: 0 → 1": "no import began that early",
        "_await_import: self._clock().timestamp() < deadline"
        " → self._clock().timestamp() <= deadline": "one look more",
    },
    "dry_run": {
        "__init__: 1 → 2": "a seed that serves as well",
        "_get_unserved_reason: opening.reason or 'hours' → opening.reason": (
            "what is closed has a reason"
        ),
        "run: events += 1 → events -= 1": "counted down, every so many calls are as many",
    },
    "dry_run_dialer": {
        "call: if self.capacity.pacing:\n"
        "    self._under_way.append(now + self.capacity.call_time)\n"
        "    self._last_minute.append(now)"
        " → if True:\n"
        "    self._under_way.append(now + self.capacity.call_time)\n"
        "    self._last_minute.append(now)": "without a group nobody asks for them",
    },
    "shared_list": {
        "judge: candidate.list_id or 0 → candidate.list_id": "no list is no list's id",
    },
    "sms_callbacks": {
        "MOST_ROWS: 10000 → 10001": "a size that serves as well",
    },
    "sms_settings": {
        "GatewaySettings.connect_timeout: 5 → 6": "a time that serves as well",
        "GatewaySettings.read_timeout: 30 → 31": "likewise",
    },
    "strategy_check": {
        "_ANY_TIME: 1 → 2": "for loops any moment will do",
    },
    "region_rules": {
        "get_matching: if place != NOWHERE:\n    place = self._get_named(place)"
        " → if True:\n    place = self._get_named(place)": "of nowhere nothing is named",
    },
    "region_effects": {
        "_count: _is_over(rule, made, ledger) if rule.limits else False"
        " → _is_over(rule, made, ledger)": "without limits none is reached",
        "as_try: self.at.replace(tzinfo=UTC) → self.at.replace()": (
            "rolling windows and lives are the same in each zone"
        ),
    },
    "gates": {
        "judge: candidate.list_id or 0 → candidate.list_id": "no list is no list's id",
        "judge: opening.reason or 'hours' → opening.reason": "what is closed has a reason",
    },
    "campaign_hours": {
        "CampaignHours.year: 1970 → 1971": "the hours of a group's zones are given with their year",
        "for_contact: if known is None:\n"
        "    known = self._combine(self.get_week(week_of), places)\n"
        "    self._known[week_of, places] = known"
        " → if True:\n    known = self._combine(self.get_week(week_of), places)\n"
        "    self._known[week_of, places] = known": (
            "what was put together before is only put together again"
        ),
        "find_zones: tz and is_zone(tz) → is_zone(tz)": "no name is no zone's",
    },
}


@dataclass(frozen=True)
class Trial:
    """One mutant of one module."""

    module: str
    mutant: Mutant

    @property
    def is_equivalent(self) -> bool:
        known = EQUIVALENT.get(self.module, {})
        return self.mutant.name in known


def get_file(module: str) -> Path:
    """Where a module stands."""
    return paths.ROOT / FILES.get(module, f"{TOOLS}/{module}.py")


def find_unlisted() -> list[str]:
    """Pure modules with something to break in them of which nothing is said here."""
    said = {get_file(module) for module in TESTS}
    said |= {paths.ROOT / name for name in LEFT_OUT_MODULES}
    files = [*paths.ROOT.glob("ecm_*/tools/*.py"), *paths.ROOT.glob("ecm_*/clients/*.py")]
    unsaid = [file for file in files if file not in said and find_mutants(file.read_text())]
    return sorted(str(file.relative_to(paths.ROOT)) for file in unsaid)


class MutantLoader(importlib.machinery.SourceFileLoader):
    """Loads one module with a fault in it."""

    tree: ast.Module

    def get_code(self, fullname: str) -> CodeType:
        # Never from a .pyc, which is of the module without the fault.
        return compile(self.tree, self.path, "exec")


class MutantFinder(importlib.machinery.PathFinder):
    """Finds that one module before everything else does."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        file = get_file(module)
        relative = file.relative_to(paths.ROOT).with_suffix("")
        self.fullname = ".".join(relative.parts)
        self.loader = MutantLoader(self.fullname, str(file))
        self.loader.tree = tree

    def find_spec(  # type: ignore[override]
        self, fullname: str, path: Sequence[str] | None = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.fullname:
            return None
        return importlib.machinery.ModuleSpec(fullname, self.loader, origin=self.loader.path)


def run_tests(module: str, tree: ast.Module | None) -> None:
    """In a process of its own: exit with 0 when every test passes.

    :param tree: the module with its fault, None to leave it as it is
    """
    # All examples, as in make test-long: the score tells about the tests, not about one quick run.
    os.environ.setdefault("LONG", "1")
    # Of the plugins none is needed but the one that is named.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # Before anything has imported the module: the tests get the one with the fault.
    if tree:
        sys.meta_path.insert(0, MutantFinder(module, tree))
    # A failure is enough: it need not be a small one.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True, phases=phases)
    hypothesis.settings.load_profile("mutants")
    files = [str(paths.ROOT / "tests" / "pure" / name) for name in TESTS[module]]
    options = [
        "-x",
        "-q",
        "-c",
        os.devnull,
        f"--rootdir={paths.ROOT}",
        "-p",
        "_hypothesis_pytestplugin",
        "-p",
        "no:cacheprovider",
        "--assert=plain",
    ]
    if module in LEFT_OUT:
        options.append(f"-knot ({LEFT_OUT[module]})")
    os._exit(int(pytest.main([*options, *files])))


@dataclass(frozen=True)
class Run:
    """The tests of one mutant, in a process of their own."""

    process: multiprocessing.context.ForkProcess
    since: float
    patience: float

    @classmethod
    def start(cls, trial: Trial, patience: float) -> "Run":
        """Let the tests run on a module with its fault.

        :param patience: seconds after which they count as endless
        """
        source = get_file(trial.module).read_text()
        tree = mutate(source, trial.mutant)
        process = FORK.Process(target=run_tests, args=(trial.module, tree))
        process.start()
        return cls(process, time.monotonic(), patience)

    def has_ended(self) -> bool:
        """Also when it goes on for ever, which is one way to notice a fault."""
        if not self.process.is_alive():
            return True
        duration = time.monotonic() - self.since
        return duration >= self.patience

    def failed(self) -> bool:
        """End it; whether a test failed or time was up."""
        self.process.kill()
        self.process.join()
        return self.process.exitcode != 0


def try_all(
    trials: list[Trial], seconds: float, patience: Mapping[str, float]
) -> dict[Trial, bool]:
    """Whether each mutant was noticed; those for which no time was left are missing.

    :param patience: by module, of `check_tests`
    """
    progress = Progress("Trying mutants")
    deadline = time.monotonic() + seconds
    waiting = list(reversed(trials))
    running: dict[Trial, Run] = {}
    noticed: dict[Trial, bool] = {}
    while running or (waiting and time.monotonic() < deadline):
        # What runs when time is up may still end.
        if time.monotonic() < deadline:
            start_waiting(waiting, running, patience)

        for trial in wait_for_ended(running):
            run = running.pop(trial)
            noticed[trial] = run.failed()
            progress.update(f"{len(noticed)} of {len(trials)}")
    progress.done(f"{len(noticed)}")
    return noticed


def start_waiting(
    waiting: list[Trial], running: dict[Trial, Run], patience: Mapping[str, float]
) -> None:
    """Have a mutant run on each core that this process may use, as long as some wait."""
    cores = len(os.sched_getaffinity(0))
    while waiting and len(running) < cores:
        trial = waiting.pop()
        running[trial] = Run.start(trial, patience[trial.module])


def wait_for_ended(running: dict[Trial, Run]) -> list[Trial]:
    """Those that have ended within a second."""
    sentinels = [run.process.sentinel for run in running.values()]
    multiprocessing.connection.wait(sentinels, timeout=1)
    ended = []
    for trial, run in running.items():
        if run.has_ended():
            ended.append(trial)
    return ended


def choose(modules: list[str], count: int | None) -> list[Trial]:
    """A sample of each module's mutants that is the same each time, in a mixed order."""
    chance = random.Random(SEED)
    chosen = []
    for module in modules:
        source = get_file(module).read_text()
        mutants = find_mutants(source)
        size = len(mutants)
        if count:
            size = min(count, size)
        for mutant in chance.sample(mutants, size):
            chosen.append(Trial(module, mutant))
    # Mixed: when time is up, each module has had its share.
    chance.shuffle(chosen)
    return chosen


def check_equivalent(modules: list[str]) -> None:
    """What is called equivalent must be a fault that can be made: code and names change."""
    for module in modules:
        source = get_file(module).read_text()
        names = {mutant.name for mutant in find_mutants(source)}
        for name in EQUIVALENT.get(module, {}):
            if name not in names:
                raise SystemExit(f"There is no such mutant of {module}: {name}")


def check_tests(modules: list[str]) -> dict[str, float]:
    """The tests must pass without any fault, or every mutant would count as noticed.

    :return: after how many seconds those of a module count as endless
    """
    patience = {}
    for module in modules:
        started = time.monotonic()
        process = FORK.Process(target=run_tests, args=(module, None))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"The tests of {module} fail without any mutant.")
        duration = time.monotonic() - started
        patience[module] = max(PATIENCE_S, PATIENCE_TIMES * duration)
    return patience


def main() -> None:
    words = sys.argv[1:]
    modules = [word for word in words if word in TESTS] or list(TESTS)
    sizes = [int(word) for word in words if word.isdecimal()]
    size = sizes[0] if sizes else SAMPLE
    complete = "--all" in words
    check_equivalent(modules)
    for name in WARM:
        importlib.import_module(name)
    patience = check_tests(modules)

    trials = choose(modules, None if complete else size)
    # Those that nobody could notice cost time and say nothing.
    counted = [trial for trial in trials if not trial.is_equivalent]
    started = time.monotonic()
    noticed = try_all(counted, float("inf") if complete else SECONDS, patience)
    name_survivors(noticed)
    for file in find_unlisted():
        say(f"Not among the modules that are tried: {file}")

    killed = sum(noticed.values())
    scores = {}
    for module in modules:
        scores[f"{module}_score"] = score(noticed, module)
    common.report(
        mutants=len(noticed),
        killed=killed,
        survived=len(noticed) - killed,
        equivalent=len(trials) - len(counted),
        score=killed / max(len(noticed), 1),
        **scores,
        seconds=time.monotonic() - started,
    )


def name_survivors(noticed: dict[Trial, bool]) -> None:
    """Print the faults that no test minded."""
    by_name = sorted(noticed, key=lambda trial: trial.mutant.name)
    for trial in by_name:
        if not noticed[trial]:
            say(f"Survived in {trial.module}: {trial.mutant.name}")


def score(noticed: dict[Trial, bool], module: str) -> float:
    """Noticed mutants of one module, of all that were tried."""
    ends = []
    for trial, was_noticed in noticed.items():
        if trial.module == module:
            ends.append(was_noticed)
    return sum(ends) / max(len(ends), 1)


if __name__ == "__main__":
    main()
