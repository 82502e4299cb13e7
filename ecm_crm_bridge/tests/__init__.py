from . import (
    test_access,
    test_allowed,
    test_events,
    test_launch,
    test_links,
    test_pop,
    test_screens,
    test_segment,
    test_writeback,
    test_writeback_tour,
)
