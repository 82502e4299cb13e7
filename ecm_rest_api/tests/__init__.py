from . import test_calls
from . import test_allowed
