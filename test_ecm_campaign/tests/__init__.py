from . import (
    test_back_off,
    test_database_identity,
    test_doubts,
    test_gates,
    test_model_life,
    test_refusals,
)
