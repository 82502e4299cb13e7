from . import (
    test_allowed,
    test_bi,
    test_counted,
    test_counters,
    test_dashboard,
    test_reports,
    test_tour,
)
