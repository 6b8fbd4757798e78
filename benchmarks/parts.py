"""Processes that work at once, where their time goes, and machines too small to be here.

A process may be held to a share of a core, as if it had a small machine of its own. Many of these fit on one machine
beside the cluster, so that it shows whether their work adds up.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK_SECONDS = 0.005


@dataclass
class Part:
    """A process, and the seconds that it ran, could have run if others had not had the cores, and was held back."""

    process: subprocess.Popen[bytes]
    running: float = 0.0
    queued: float = 0.0
    held: float = 0.0
    seconds: float = 0.0
    is_held: bool = False

    def look(self) -> bool:
        """Bring the figures up to date; False once the process has ended."""
        ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        running, queued, _ = Path(f"/proc/{self.process.pid}/schedstat").read_text().split()
        self.running, self.queued = int(running) / 1e9, int(queued) / 1e9
        return ended is None

    def hold(self, back: bool) -> None:
        """Hold the process back, or let it go on."""
        if back != self.is_held:
            self.process.send_signal(signal.SIGSTOP if back else signal.SIGCONT)
            self.is_held = back


def run(commands: Sequence[Sequence[str]], share: float | None) -> list[Part]:
    """Run ``commands`` at once to their ends, each held to a ``share`` of a core if given."""
    parts = [Part(subprocess.Popen(command, stdout=subprocess.DEVNULL)) for command in commands]
    started = last = time.monotonic()
    going = parts
    try:
        while going:
            time.sleep(_TICK_SECONDS)
            now = time.monotonic()
            for part in going:
                part.seconds = now - started
                part.held += (now - last) * part.is_held
            last = now
            going = [part for part in going if part.look()]
            for part in going:
                part.hold(share is not None and part.running > share * part.seconds)
    finally:
        for part in going:
            part.process.kill()
        failed = [part for part in parts if part.process.wait()]
    if failed:
        raise SystemExit(f"a process failed: {failed[0].process.args!r}")
    return parts
