"""Whoever uninstalls the suite has the database of before (Y12)."""

from scripts import paths, templates

from .remains import find_files, find_remains


def test_uninstalling_leaves_nothing_and_logs_no_error(fresh_database):
    """With demo data: campaigns have shipped strategies, and a dialer's campaigns are in use."""
    database = fresh_database(demo=True)
    assert {"tables", "parameters", "scheduled actions"} <= set(find_remains(database))
    certificates = paths.DATA_DIR / "filestore" / database / "ecm_dialer_cisco"
    certificates.mkdir(parents=True)
    (certificates / "of-a-dialer.pem").write_text("certificate")

    log = paths.LOGS / f"{database}-uninstall.log"
    templates.run_odoo("Uninstalling", log, "module", "uninstall", "-d", database, "ecm_campaign")
    assert not templates.log_problems(log)
    log.unlink()
    assert find_remains(database) == {}
    assert not find_files(database)
