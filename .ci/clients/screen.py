"""A client for terminals, in a tmux of its own: a check types, and reads from the
screen what a person would see.
"""

import asyncio
import os
import re
import subprocess

from peer import PATIENCE, CheckFailed

LOOK_EVERY = 0.1  # seconds between two looks at the screen


class Screen:
    """One client in one tmux server that belongs to this check alone."""

    def __init__(self, name, home):
        """home is an empty directory, which the client takes for the person's."""
        self._name, self._home, self._socket = name, home, os.path.join(home, "tmux")

    def _tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", self._socket, "-f", "/dev/null", *arguments],
                              check=False, capture_output=True, text=True, timeout=10)
        if done.returncode != 0:
            raise CheckFailed(f"tmux {arguments[0]}: {done.stderr.strip()}; has {self._name} ended?")
        return done.stdout

    def start(self, command):
        self._tmux("new-session", "-d", "-x", "150", "-y", "50",
                   f"env HOME={self._home} XDG_CONFIG_HOME={self._home}/config "
                   f"XDG_DATA_HOME={self._home}/data XDG_CACHE_HOME={self._home}/cache "
                   f"LANG=C.UTF-8 {command}")

    def type(self, line):
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def text(self):
        return self._tmux("capture-pane", "-p")

    async def shows(self, what, pattern):
        """Waits until the screen matches and returns the match."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not (match := re.search(pattern, self.text())):
            if asyncio.get_running_loop().time() > deadline:
                raise CheckFailed(f"{self._name} does not show {what}. Its screen:\n{self.text()}")
            await asyncio.sleep(LOOK_EVERY)
        return match

    async def ended(self):
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while subprocess.run(["tmux", "-S", self._socket, "has-session"], check=False,
                             capture_output=True, timeout=10).returncode == 0:
            if asyncio.get_running_loop().time() > deadline:
                raise CheckFailed(f"{self._name} does not end. Its screen:\n{self.text()}")
            await asyncio.sleep(LOOK_EVERY)

    def close(self):
        """Ends the client, if it has not ended."""
        subprocess.run(["tmux", "-S", self._socket, "kill-server"], check=False,
                       capture_output=True, timeout=10)
