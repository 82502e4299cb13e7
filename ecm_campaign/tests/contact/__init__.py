from . import (
    test_bulk_actions,
    test_bulk_tour,
    test_contact,
    test_contact_checks,
    test_contact_details,
    test_contact_search,
    test_query_plans,
    test_withdraw,
)
