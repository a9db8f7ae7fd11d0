"""The README's example runs and says what it should."""

import re
import subprocess
import sys
from pathlib import Path

README = (Path(__file__).parent.parent / "README.md").read_text()


def test_example_runs():
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in example.splitlines() if line.strip()]) <= 11
    run = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, timeout=120, check=True
    )
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    assert lines[0] == "risk 0.00403 at t = 31.6; floor 0.00249; ok"
    assert lines[1] == "less than 1 % left to gain beyond N = 1041"
    theory, simulated = map(float, re.findall(r"0\.\d+", lines[2]))
    assert abs(simulated / theory - 1) < 0.05


def test_commands_are_on_the_first_screen():
    first = "\n".join(README.splitlines()[:25])
    assert "pip install . && .venv/bin/python experiments/risk_vs_n.py" in first
    assert 'pip install ".[test]" && .venv/bin/python -m pytest' in first
