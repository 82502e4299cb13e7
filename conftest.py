"""What all tests share, those of the Odoo modules too."""

from tests.pure.examples import IS_LONG

# Odoo's own runner leaves such tests out, too.
LONG_TAG = "ecm_long"


def pytest_collection_modifyitems(config, items):
    """Leave long tests to `make test-long`."""
    long = [item for item in items if _is_long(item)]
    if long and not IS_LONG:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def _is_long(item):
    """Whether a test is marked so, or its class in Odoo is tagged so."""
    tags = getattr(getattr(item, "cls", None), "test_tags", ())
    return LONG_TAG in tags or bool(item.get_closest_marker("long"))
