from . import (
    test_access,
    test_allowed,
    test_collisions,
    test_engine_fields,
    test_jobs_tour,
    test_migrations,
    test_screens_tour,
    test_settings,
    test_sql,
    test_tour,
    test_transaction,
    test_views,
)
