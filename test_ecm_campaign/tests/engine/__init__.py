from . import (
    test_back_off,
    test_claims,
    test_database_identity,
    test_doubts,
    test_explain,
    test_feed,
    test_gates,
    test_log,
    test_model_life,
    test_refusals,
    test_results,
    test_turns,
)
