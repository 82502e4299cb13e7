from . import test_calls
from . import test_keys
from . import test_pages
from . import test_replays
from . import test_routers
from . import test_allowed
