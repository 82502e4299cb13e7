"""Client of Cisco CCE whose import rules poll a file (reference §3.2): the documented way to feed
campaigns that were made with Cisco's tools.

CCE does not say what became of a row: one counts as taken when the contact table or the dialing
list shows it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime

from .base import PushContact
from .cce import CceClient, utc_now
from .cce_config import CceConfig
from .cce_connection import Connect
from .cce_database import ImportRow
from .exceptions import Busy, DialerError, InDoubt, NotFound, Rejected, Unreachable
from .inbox import Inbox

_DELIMITERS = {"C": ",", "P": "|"}
_UNSAFE = re.compile(r"[,|\"\r\n]+")
MAX_LINE = 1024
_FIRST_POLL_SECONDS = 0.1


class CceFileClient(CceClient):
    """One CCE that is fed by files; its databases are read, and written only to take back.

    :param inbox: the folder that import rules look into; by default that of the settings
    """

    def __init__(
        self,
        config: CceConfig,
        connect: Connect,
        error_text: Callable[[Exception], str] = str,
        clock: Callable[[], datetime] = utc_now,
        inbox: Inbox | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(config, connect, error_text, clock)
        self._inbox = inbox or Inbox(config.import_folder, config.read_timeout)
        self._sleep = sleep

    # contacts

    def _send(self, campaign_key: str, sendable: Sequence[PushContact]) -> frozenset[str]:
        """
        :raise Busy: the file before was not imported yet
        :raise Rejected: the import rule is not one that can be fed so
        """
        leave_by = self._leave_by()
        rule = self._import_rule(campaign_key)
        content = self._build(rule, sendable)
        if self._inbox.has(rule.file_name):
            raise Busy(f"CCE has not imported the last file yet ({rule.file_name}).")
        # A machine that stood still may wake up when somebody else has settled this batch.
        if self._clock() > leave_by:
            raise Unreachable("CCE's import folder answered too slowly: nothing was sent.")
        self._inbox.put(rule.file_name, content)
        return self._await(campaign_key, rule, {contact.key for contact in sendable})

    def _await(self, campaign_key: str, rule: ImportRow, keys: set[str]) -> frozenset[str]:
        """Look until the file was imported.

        Whatever goes wrong from here on is a doubt: the file lies there.

        :return: those of the keys that can be seen
        """
        deadline = self._clock().timestamp() + self.config.import_timeout
        pause, arrived = _FIRST_POLL_SECONDS, None
        while self._clock().timestamp() < deadline:
            self._sleep(pause)
            pause = min(2 * pause, self.config.poll_interval)
            with suppress(DialerError):
                if self._inbox.has(rule.file_name):
                    continue
                before, arrived = arrived, self._arrived(campaign_key, rule, keys)
                # Bad rows never come: two looks that show the same show all.
                if arrived and arrived in (keys, before):
                    return frozenset(arrived)
        raise InDoubt("CCE has not imported the file in time.")

    def _arrived(self, campaign_key: str, rule: ImportRow, keys: set[str]) -> set[str]:
        known, _is_complete = self._known(self._tables(campaign_key), keys)
        arrived = set(known)
        if keys - arrived:
            with self._database.outbound() as cursor:
                arrived |= self._database.imported(cursor, rule.table, keys - arrived)
        return arrived

    def find(
        self, campaign_key: str, keys: Collection[str], sent_at: datetime | None = None
    ) -> set[str]:
        """As for dialing lists; besides those that the contact table shows.

        :raise Busy: a file waits, or is being imported: it may hold the others
        """
        wanted = set(keys)
        with suppress(NotFound):
            rule = self._import_rule(campaign_key)
            waits = self._inbox.has(rule.file_name) or self._is_importing(rule)
            # In this order: what is imported meanwhile is seen.
            found = super().find(campaign_key, wanted, sent_at)
            missing = wanted - found
            if not missing:
                return found
            with self._database.outbound() as cursor:
                in_table = self._database.imported(cursor, rule.table, missing)
                # Taken back before they were called: they still stand in the contact table.
                gone = self.undialled(in_table) if in_table else set()
            found |= in_table - gone
            if waits and wanted - found:
                raise Busy(f"CCE has not imported the last file yet ({rule.file_name}).")
            return found
        return super().find(campaign_key, wanted, sent_at)

    def _is_importing(self, rule: ImportRow) -> bool:
        with self._database.configuration() as cursor:
            return self._database.is_importing(cursor, rule.id)

    def purge(self, campaign_key: str) -> None:
        """Also take away a file that was not imported yet: nobody of it was called."""
        with suppress(NotFound, Rejected):
            self._inbox.take_away(self._import_rule(campaign_key).file_name)
        super().purge(campaign_key)

    # rule

    def _import_rule(self, campaign_key: str) -> ImportRow:
        """The import rule behind the query rule that the campaign uses first.

        :raise NotFound: it has none that is enabled
        :raise Rejected: it does not poll a file, or would delete what is there
        """
        with self._database.configuration() as cursor:
            rules = self._database.import_rules(cursor, int(campaign_key))
        if not rules:
            raise NotFound("This campaign of CCE is gone, or has no import rule that is enabled.")
        rule = rules[0]
        if rule.polls != "Y" or not rule.file_name:
            raise Rejected(
                f"The import rule {rule.name} does not poll a file: enter a file path and switch"
                " file polling on in Cisco's Configuration Manager.",
                "405",
            )
        if rule.overwrites == "Y":
            raise Rejected(
                f"The import rule {rule.name} overwrites: each file would delete the contacts of"
                " the one before. Set it to append.",
                "405",
            )
        if rule.delimiter not in _DELIMITERS:
            raise Rejected(
                f"The import rule {rule.name} wants columns of fixed width: set it to commas or"
                " pipes.",
                "405",
            )
        return rule

    def _build(self, rule: ImportRow, contacts: Sequence[PushContact]) -> bytes:
        """The file's content: no header, a line a contact, its columns as the rule has them."""
        with self._database.configuration() as cursor:
            names = self._database.import_columns(cursor, rule.id)
        sources = {name.casefold(): what for name, what in self.config.file_columns.items()}
        columns = [sources.get(name.casefold(), "") for name in names]
        if not {"key", "number"} <= set(columns):
            raise Rejected(
                f"The import rule {rule.name} has no columns for account number and phone.", "405"
            )
        lines = []
        for contact in contacts:
            values = [
                _UNSAFE.sub(" ", str(getattr(contact, what))) if what else "" for what in columns
            ]
            lines.append(_DELIMITERS[rule.delimiter].join(values))
        # An empty line at the end counts as a bad record.
        return "\r\n".join(lines).encode(self.config.file_encoding, "replace")
