"""Odoo's loader runs the test modules that are named here, and looks into no folder by itself."""

from .campaign import test_calling_hours, test_campaign, test_campaign_company, test_pacing
from .contact import test_contact, test_query_plans, test_withdraw
from .contact_list import (
    test_deletion,
    test_file_delivery,
    test_file_log,
    test_global_list,
    test_import,
    test_import_duplicates,
    test_import_profile,
    test_upload,
)
from .dnc import test_dnc
from .engine import test_callbacks, test_explain, test_hours_gate
from .forecast import test_dry_run
from .regions import test_region_rules
from .shared import test_access, test_engine_fields, test_screens_tour, test_tour, test_views
from .strategy import test_outcomes, test_strategy, test_strategy_editor, test_wrap_ups
