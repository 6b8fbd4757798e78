"""What a process took: memory, processor time, bytes on disk; and running one measurement in a fresh process."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class MeasurementFailed(Exception):  # noqa: N818 - what happened, to be shown in the table
    """A measuring process ended without figures; the message is the last line it wrote."""


def peak_memory_mb() -> float:
    """The most memory this process has held at once, in MB; what its parent held before the exec is not counted."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1024


def largest_child_mb() -> float:
    """The most memory any ended child of this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def cpu_seconds() -> float:
    """Processor seconds of this process and its ended children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def bytes_on_disk(folder: Path) -> int:
    """The size of all files of a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def measure(module: str, *arguments: str) -> Any:
    """Run ``python -m module arguments`` in a fresh process; the JSON on the last line of its output.

    Python keeps what it compiled, as it does where a package is installed, whatever the environment says.
    """
    command = [sys.executable, "-m", module, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise MeasurementFailed((ended.stderr.strip() or "no message").splitlines()[-1])
    return json.loads(ended.stdout.splitlines()[-1])
