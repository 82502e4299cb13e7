from . import (
    test_allowed,
    test_bulk,
    test_calls,
    test_campaign_verbs,
    test_keys,
    test_outcomes,
    test_pages,
    test_replays,
    test_routers,
)
