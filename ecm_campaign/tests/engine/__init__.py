from . import test_callbacks, test_explain, test_hours_gate
