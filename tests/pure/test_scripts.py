"""What `make` runs: the parts that can be told from text."""

import subprocess

import pytest

from scripts import (
    apt,
    odoo_command,
    odoo_source,
    paths,
    pot,
    processes,
    run_tests,
    stamps,
    templates,
)
from scripts.console import SetupError
from scripts.counts import Count, read_report
from scripts.run_tests import Result
from scripts.selection import Selection
from scripts.stages import STAGES

DEB822 = """\
# the main archive
Types: deb deb-src
URIs: http://mirror.test/debian
Suites: bookworm
 bookworm-updates
Components: main
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
Enabled: no
URIs: http://other.test/debian
Suites: bookworm
Components: main
"""


def test_deb822_sources_name_the_mirror():
    assert list(apt.parse_deb822_sources(DEB822)) == [
        ("http://mirror.test/debian", ["main", "contrib"])
    ]


@pytest.mark.parametrize(
    "line",
    [
        "deb http://mirror.test/debian bookworm main contrib",
        "deb [arch=amd64 signed-by=/etc/key.gpg] http://mirror.test/debian bookworm main contrib # comment",
    ],
)
def test_one_line_sources_name_the_mirror(line):
    assert list(apt.parse_one_line_sources(line)) == [
        ("http://mirror.test/debian", ["main", "contrib"])
    ]


@pytest.mark.parametrize(
    "line",
    ["# deb http://a.test/debian bookworm main", "deb-src http://a.test/debian sid main", ""],
)
def test_other_lines_name_nothing(line):
    assert list(apt.parse_one_line_sources(line)) == []


def test_the_mirror_is_not_the_security_archive(tmp_path, monkeypatch):
    monkeypatch.setattr(apt, "SOURCES", tmp_path)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(
        "deb http://security.test/debian-security bookworm-security main\n"
    )
    (tmp_path / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert apt.find_mirror() == "http://mirror.test/debian"


def test_another_system_than_debian_is_told_what_to_set(monkeypatch):
    monkeypatch.setattr(apt, "is_debian", lambda: False)
    with pytest.raises(SetupError, match=r"ODOO_DIR=.*ODOO_DEB=.*docker/"):
        odoo_source._check_can_unpack(None)


def test_a_checkout_of_another_version_is_refused(tmp_path, monkeypatch):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo" / "release.py").write_text("version_info = (18, 0, 0, FINAL, 0, '')\n")
    monkeypatch.setenv("ODOO_DIR", str(tmp_path))
    with pytest.raises(SetupError, match=r"is not Odoo 19\.0"):
        odoo_source.ensure_odoo()


def test_packages_are_installed_by_root_only(monkeypatch):
    monkeypatch.setattr(apt.os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match=r"As root, run:\n  apt-get install .*chromium"):
        apt.install(["chromium"])


def test_a_digest_tells_parts_apart():
    assert stamps.digest(["ab", "c"]) != stamps.digest(["a", "bc"])


def test_warnings_in_a_log_are_found_whatever_they_say(tmp_path):
    log = tmp_path / "odoo.log"
    log.write_text(
        "Running as user 'root' is a security risk.\n"
        "2026-11-21 04:00:00,000 12 INFO db odoo.modules: WARNING is but a word here\n"
        "2026-11-21 04:00:00,000 12 WARNING db odoo.fields: unknown parameter\n"
    )
    assert [line.split()[3] for line in templates.log_problems(log)] == ["WARNING"]


def test_selected_paths_go_to_the_stage_they_belong_to():
    selection = Selection.parse("-k 'a and b' tests/pure/test_scripts.py::test_x -x")
    assert selection.options == ["-k", "a and b", "-x"]
    assert selection.within(["tests/pure"]) == ["tests/pure/test_scripts.py::test_x"]
    assert selection.within(["tests/e2e"]) == []


def test_no_selection_is_the_whole_stage():
    assert Selection.parse("").within(["tests/pure"]) == ["tests/pure"]


def test_a_report_is_counted(tmp_path):
    report = tmp_path / "x.xml"
    report.write_text(
        '<testsuites><testsuite tests="9" failures="2" errors="1" skipped="1"/></testsuites>'
    )
    assert read_report("x", report, 1) == Count(5, 3, 1)


@pytest.mark.parametrize(
    ("code", "count"), [(5, Count()), (2, Count(failed=1)), (-9, Count(failed=1))]
)
def test_a_run_without_a_report_counts_by_its_code(tmp_path, code, count):
    assert read_report("x", tmp_path / "none.xml", code) == count


def test_a_run_that_breaks_off_after_green_tests_fails(tmp_path):
    report = tmp_path / "x.xml"
    report.write_text(
        '<testsuites><testsuite tests="2" failures="0" errors="0" skipped="0"/></testsuites>'
    )
    assert read_report("x", report, 3) == Count(2, 1, 0)


def test_the_last_line_names_skipped_tests_only_when_there_are_any():
    assert str(Count(3, 0)) == "3 passed, 0 failed"
    assert str(Count(3, 0) + Count(0, 1, 2)) == "3 passed, 1 failed, 2 skipped"


def test_a_process_that_ignores_sigterm_is_killed(tmp_path):
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "print('up', flush=True); time.sleep(60)"
    )
    log = tmp_path / "log"
    process = processes.start(["python3", "-c", script], log)
    while "up" not in processes.tail(log):
        assert process.poll() is None
    processes.stop(process, patience_s=0.1)
    assert process.returncode == -9


RELOADING_ODOO = """\
import os
import sys


def main():
    print(sys.prefix, flush=True)
    if "again" not in sys.argv:
        name = os.path.basename(sys.executable)
        os.execve(sys.executable, [name, *sys.argv, "again"], os.environ)
"""


def test_a_server_that_reloads_starts_again_in_the_same_environment(monkeypatch, tmp_path):
    monkeypatch.setattr(odoo_command, "write_conf", lambda: tmp_path / "odoo.conf")
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo" / "cli.py").write_text(RELOADING_ODOO)
    (tmp_path / "odoo" / "__main__.py").write_text("from .cli import main\n\nmain()\n")
    (tmp_path / "odoo" / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    line = odoo_command.command("-d", "demo")
    run = subprocess.run(line, capture_output=True, text=True, check=False)
    assert run.stdout.split() == [str(paths.VENV)] * 2, run.stderr


def test_help_names_every_target():
    result = subprocess.run(
        ["make", "help"], cwd=paths.ROOT, capture_output=True, text=True, check=True
    )
    for target in (
        "setup",
        "demo",
        "test",
        "lint",
        "bench",
        "shell",
        "pot",
        "release-check",
        "stop",
    ):
        assert f"make {target} " in result.stdout


def test_failures_are_named_at_the_end(tmp_path, capsys):
    report = tmp_path / "x.xml"
    case = '<testcase classname="tests.test_a" name="test_b"><failure/></testcase>'
    report.write_text(
        f'<testsuite tests="2" failures="1" errors="0" skipped="0">{case}</testsuite>'
    )
    results = [Result("odoo", read_report("odoo", report, 1), 1), Result("pure", Count(3), 2)]
    assert run_tests._conclude(results) == Count(4, 1)
    printed = capsys.readouterr().out.splitlines()
    assert "   FAILED tests.test_a::test_b" in printed
    assert printed[-1] == "4 passed, 1 failed"


def test_only_stages_that_have_the_selected_tests_run():
    selection = Selection.parse("tests/pure/test_scripts.py::test_x")
    assert [name for name, stage in STAGES.items() if stage.concerns(selection)] == ["pure"]
    options = Selection.parse("-k strategy")
    assert not STAGES["lint"].concerns(options)
    assert STAGES["odoo"].concerns(options)
    assert all(stage.concerns(Selection.parse("")) for stage in STAGES.values())


def test_a_stage_that_died_is_a_failure(tmp_path):
    assert run_tests._read_count("odoo", tmp_path / "none.json").failures == (
        "stage odoo broke off",
    )


def test_terms_of_a_template_are_its_texts():
    template = """\
msgid ""
msgstr "Project-Id-Version"

#: model:x
msgid "Busy"
msgstr ""

msgid ""
"First line\\n"
"second line"
msgstr ""
"""
    assert pot.terms(template) == {"Busy", "First line\\nsecond line"}
