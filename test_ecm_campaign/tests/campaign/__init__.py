from . import (
    test_calling_hours,
    test_chaining,
    test_changed_times,
    test_dates,
    test_dial_order,
    test_pacing,
    test_selection,
    test_start,
)
