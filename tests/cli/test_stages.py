"""What long work says where nobody watches: lines, not bars; and what a terminal gets."""

import io

from linscale.cli.stages import Stages
from linscale.support.progress import stage


class Terminal(io.StringIO):
    def isatty(self):
        return True


def work(log, every, units=3):
    with Stages(log, every) as stages:
        for name in ("curve", "resamples"):
            step = stage(stages, name, units)
            for _ in range(units):
                step()


def test_lines_where_there_is_no_terminal():
    log = io.StringIO()
    work(log, every=0.0)
    lines = log.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [
        f"{name}: {k} of 3" for name in ("curve", "resamples") for k in (1, 2, 3)
    ]
    assert all("s each" in line for line in lines)
    assert lines[2].endswith("about 0 s left")


def test_short_work_says_nothing():
    log = io.StringIO()
    work(log, every=10.0)
    assert log.getvalue() == ""


def test_a_terminal_gets_bars_that_go_away():
    log = Terminal()
    with Stages(log, every=0.0) as stages:
        stages.begin("curve", 2)
        stages._bar.delay = 0.0
        stages()
        assert "of 2, " not in log.getvalue()  # no lines
    assert stages._bar is None
