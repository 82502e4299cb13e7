from . import (
    test_database_identity,
    test_doubts,
    test_gates,
    test_model_life,
    test_refusals,
)
