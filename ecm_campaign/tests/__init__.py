from . import (
    test_access,
    test_campaign,
    test_dnc,
    test_import,
    test_import_duplicates,
    test_import_profile,
    test_pacing,
    test_query_plans,
    test_strategy,
    test_tour,
    test_upload,
    test_withdraw,
)
