"""What all tests share: a word at the end on those that could not run here."""

from __future__ import annotations

import pytest

from tests.report import chromium

LOUDLY = (
    "The report was NOT opened in a browser, for there is no Chromium here. Install it (Debian: "
    "apt-get install chromium) and run again; with CSSIM_BROWSER=required this is a failure."
)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [report.nodeid for report in terminalreporter.stats.get("skipped", ())]
    if chromium.found() is None and any("test_browser" in nodeid for nodeid in skipped):
        terminalreporter.write_sep("!", "not run", red=True, bold=True)
        terminalreporter.write_line(LOUDLY, red=True)
