"""A Postfix for the tests of real mail. Run as a program, it installs Debian's where it can.

Each test gets an instance of its own, in a folder of its own, on a port of loopback; a Postfix that
serves this computer is never touched. It must be root, because Postfix must.
"""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_DAEMONS = "/usr/lib/postfix/sbin"  # where Debian has them
_PATIENCE = 60.0  # seconds to start or to stop; a busy machine takes 3
_INSTALLING = 600  # seconds
_OWNER = "nobody"  # whose files the mailboxes are
NONE = "There is no Postfix, or this is not root (Debian: apt-get install postfix)."

# However the tests end, even killed, their end of the pipe closes and the server stops.
_UNTIL_WE_END = """\
postfix -c "$0" start-fg & read -r _
while kill -0 $!; do postfix -c "$0" stop; sleep 0.1; done
"""

_SERVICES = """\
{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {daemons}
maillog_file_prefixes = {folder}
maillog_file = {folder}/mail.log
myhostname = relay.mail.example
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtp_host_lookup = native
alias_maps =
alias_database =
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = {mailboxes}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
transport_maps = {transports}
smtpd_recipient_restrictions =
  check_recipient_access {refused}, permit_mynetworks, reject
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
delay_warning_time = 1s
"""


@dataclass(frozen=True, slots=True)
class MailServer:
    """A running Postfix."""

    port: int
    folder: Path

    def mailbox(self, address: str) -> Path:
        """The Maildir of an address that it serves."""
        return self.folder / "mail" / address

    def give_up_after(self, life: str) -> None:
        """Keep letters that cannot be delivered no longer than this: "1s", "5d"."""
        _postfix(self.folder, "postconf", "-e", f"maximal_queue_lifetime={life}")
        _postfix(self.folder, "postfix", "reload")

    @property
    def log(self) -> str:
        """What it has said."""
        return (self.folder / "mail.log").read_text()


def is_there() -> bool:
    """Whether an instance can be started."""
    return os.geteuid() == 0 and shutil.which("postfix") is not None and Path(_DAEMONS).exists()


@contextmanager
def running(
    port: int, *, mailboxes: tuple[str, ...], upstream: Mapping[str, int], refused: str
) -> Iterator[MailServer]:
    """Run a Postfix.

    Takes: mailboxes, addresses it keeps mail for; upstream, domains whose mail goes on to a port of
    loopback; refused, an address it refuses at once.
    """
    with TemporaryDirectory(prefix="porchlight-mail-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # its daemons are not root
        _prepare(folder, port, mailboxes, upstream, refused)
        process = subprocess.Popen(
            ["sh", "-c", _UNTIL_WE_END, folder / "conf"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches the tests, which clean up before it stops
        )
        try:
            _await_ready(port, folder / "mail.log")
            yield MailServer(port, folder)
        finally:
            process.communicate(timeout=_PATIENCE)


def _prepare(
    folder: Path, port: int, mailboxes: tuple[str, ...], upstream: Mapping[str, int], refused: str
) -> None:
    owner, postfix = pwd.getpwnam(_OWNER), pwd.getpwnam("postfix")
    for kept, uid, gid in (("mail", owner.pw_uid, owner.pw_gid), ("data", postfix.pw_uid, 0)):
        (folder / kept).mkdir()
        os.chown(folder / kept, uid, gid)
    (folder / "queue").mkdir()
    (folder / "conf").mkdir()
    (folder / "conf" / "master.cf").write_text(_SERVICES.format(port=f"127.0.0.1:{port}"))
    settings = _SETTINGS.format(
        folder=folder,
        daemons=_DAEMONS,
        domains=" ".join(sorted({each.rpartition("@")[2] for each in mailboxes})),
        mailboxes=_table({each: f"{each}/" for each in mailboxes}),
        transports=_table({to: f"smtp:[127.0.0.1]:{at}" for to, at in upstream.items()}),
        refused=_table({refused: "550 5.1.1 There is nobody of that name"}),
        uid=owner.pw_uid,
        gid=owner.pw_gid,
    )
    (folder / "conf" / "main.cf").write_text(settings)


def _table(entries: Mapping[str, str]) -> str:
    """A table within a setting; Postfix knows none without an entry."""
    written = ", ".join(f"{{ {key} = {value} }}" for key, value in entries.items())
    return f"inline:{{ {written} }}" if written else ""


def _postfix(folder: Path, program: str, *words: str) -> None:
    """Give a command to the instance in the folder. Raises: RuntimeError with what it said."""
    command = [program, "-c", str(folder / "conf"), *words]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")


def _await_ready(port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError as error:
            if time.monotonic() > deadline:
                said = log.read_text() if log.exists() else "nothing"
                raise RuntimeError(f"Postfix did not start. It said: {said}") from error
            time.sleep(0.05)
        else:
            return


def _install() -> None:
    """Install it unconfigured, so that nothing is started, and only if nothing must go for it."""
    unattended = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    answer = "postfix postfix/main_mailer_type select No configuration\n"
    options = ("-y", "-qq", "--no-install-recommends", "--no-remove", "-o", "Acquire::Retries=3")
    print("Installing Debian's Postfix for the tests of real mail.", flush=True)
    for command, given in (
        (("debconf-set-selections",), answer),
        (("apt-get", "update", "-qq"), ""),
        (("apt-get", "install", *options, "postfix"), ""),
    ):
        done = subprocess.run(
            command,
            env=unattended,
            input=given,
            capture_output=True,
            text=True,
            timeout=_INSTALLING,
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).splitlines() or ["it said nothing"]
            print(f"That failed: {lines[-1].strip()}")
            return


def main() -> None:
    """Install Postfix unless it is there; say so when there is none in the end."""
    tools = ("apt-get", "debconf-set-selections")
    if not is_there() and os.geteuid() == 0 and all(map(shutil.which, tools)):
        _install()
    if not is_there():
        print(NONE, "Tests of real mail will be skipped.")


if __name__ == "__main__":
    main()
