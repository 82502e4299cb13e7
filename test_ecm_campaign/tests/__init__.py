"""Odoo's loader runs the test modules that are named here, and looks into no folder by itself."""

from .campaign import test_calling_hours, test_chaining, test_pacing, test_selection
from .contact import test_expiry
from .contact_list import test_list_life
from .dnc import test_dnc
from .engine import (
    test_back_off,
    test_claims,
    test_database_identity,
    test_doubts,
    test_explain,
    test_feed,
    test_gates,
    test_log,
    test_model_life,
    test_refusals,
    test_results,
)
