from . import (
    test_allowed,
    test_collisions,
    test_dialer,
    test_dialer_hours,
    test_end_of_hours,
    test_explain,
    test_explain_tour,
    test_feed,
    test_results,
    test_sender,
    test_tour,
    test_turns,
)
