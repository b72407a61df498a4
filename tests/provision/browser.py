"""A Chromium for the tests that look at pages. Run as a program, it installs one where it can.

The tests themselves only look for one, so that a test run never installs anything.
"""

import os
import platform
import shutil
import subprocess
import sys

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # it talks to nobody but the page under test
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 900  # seconds for a download
NONE = "There is no Chromium or Chrome: install one (Debian: apt-get install chromium)."


def flags() -> list[str]:
    """How Chromium is started. Root has no sandbox, and our own pages need none."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]


def find(own: str) -> str | None:
    """The browser to use: the system's, else Playwright's own at this path, if it is there."""
    for name in (*_NAMES, *_MAC, own):
        if path := shutil.which(name):
            return path
    return None


def _install() -> None:
    if os.geteuid() == 0 and shutil.which("apt-get") and _system() == "debian":
        print("Installing Debian's Chromium for the browser tests.", flush=True)
        _run("apt-get", "update", "-qq")
        options = ("-y", "-qq", "--no-install-recommends", "-o", "Acquire::Retries=3")
        _run("apt-get", "install", *options, "chromium")
    else:
        print("Downloading a Chromium for the browser tests.", flush=True)
        _run(sys.executable, "-m", "playwright", "install", "--no-shell", "chromium")


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["ID"]
    except OSError:
        return platform.system()


def _run(*command: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
        check=False,
    )
    if done.returncode:
        lines = done.stdout.splitlines() or ["it said nothing"]
        reason = next((line for line in lines if "rror" in line), lines[-1])
        print(f"That failed: {reason.strip()}")


def main() -> None:
    """Install a browser unless there is one; say so when there is none in the end."""
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    if find(own) is None:
        _install()
    if find(own) is None:
        print(NONE, "Browser tests will be skipped.")


if __name__ == "__main__":
    main()
