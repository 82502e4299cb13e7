from . import (
    test_calling_hours,
    test_chaining,
    test_dialer,
    test_dnc,
    test_expiry,
    test_explain,
    test_feed,
    test_list_life,
    test_pacing,
    test_results,
    test_selection,
    test_tour,
)
