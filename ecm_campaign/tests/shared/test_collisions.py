"""What the tests of background jobs expect, while another transaction is in the way of each step."""

from ..collisions import Collisions
from ..contact import test_bulk_actions, test_withdraw
from ..contact_list import test_file_slices, test_import, test_import_duplicates
from ..dnc import test_dnc


class TestImportInCollisions(Collisions, test_import.TestImport):
    """Chunks, rejected rows, counters."""

    # It counts the chunks that are begun.
    test_an_import_that_was_cut_off_goes_on_where_it_stopped = None


class TestDuplicatesInCollisions(Collisions, test_import_duplicates.TestDuplicates):
    """What is taken in its place."""


class TestFileSlicesInCollisions(Collisions, test_file_slices.TestFileSlices):
    """Where a file is read on."""

    # It counts how often a file is read.
    test_packed_text_is_unpacked_once_and_read_once = None


class TestDncInCollisions(Collisions, test_dnc.TestDnc):
    """Loads that add and replace."""


class TestWithdrawInCollisions(Collisions, test_withdraw.TestWithdraw):
    """Withdrawal by file."""


class TestBulkActionsInCollisions(Collisions, test_bulk_actions.TestBulkActions):
    """Slices, counts, undo."""


class TestCallAgainInCollisions(Collisions, test_bulk_actions.TestCallAgain):
    """New contacts for closed ones."""
