from . import (
    test_access,
    test_adoption,
    test_allowed,
    test_changes,
    test_concurrency,
    test_dnc,
    test_gadget,
    test_lookup,
    test_request,
    test_routers,
    test_schedule,
    test_screens,
)
