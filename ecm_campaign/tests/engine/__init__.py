from . import test_callbacks, test_corrections, test_explain, test_hours_gate
