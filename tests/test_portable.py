"""goru's own code calls nothing that Windows does not have, but where it has looked for it before."""

import ast
from pathlib import Path

import pytest

import goru

SOURCES = sorted(Path(goru.__file__).parent.rglob("*.py"))
MODULES = {"crypt", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
NAMES = {
    "os": {
        *("chown", "chroot", "confstr", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgrouplist", "getgroups"),
        *(
            "getloadavg",
            "getpgid",
            "getpriority",
            "getsid",
            "getuid",
            "initgroups",
            "killpg",
            "lockf",
            "mkfifo",
            "mknod",
        ),
        *("nice", "openpty", "pread", "preadv", "pwrite", "register_at_fork", "sched_getaffinity", "sched_setaffinity"),
        *(
            "sched_yield",
            "sendfile",
            "setpgid",
            "setpriority",
            "setsid",
            "setuid",
            "statvfs",
            "sync",
            "sysconf",
            "uname",
        ),
        *("wait", "wait3", "wait4", "WNOHANG", "O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK"),
    },
    "signal": {
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGTSTP", "SIGUSR1", "SIGUSR2"),
        *("alarm", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
    },
    "time": {"pthread_getcpuclockid", "tzset"},
}


def found(source: str) -> list[str]:
    """What a text uses of these, outside of an `if hasattr(os, ...)`."""
    tree = ast.parse(source)
    guarded = {
        (node.args[0].id, node.args[1].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "hasattr"
        and isinstance(node.args[0], ast.Name)
        and isinstance(node.args[1], ast.Constant)
    }
    uses = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            uses += [alias.name for alias in node.names if alias.name in MODULES]
        elif isinstance(node, ast.ImportFrom):
            uses += [node.module] if node.module in MODULES else []
            uses += [f"{node.module}.{one.name}" for one in node.names if one.name in NAMES.get(node.module or "", ())]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            use = (node.value.id, node.attr)
            uses += [".".join(use)] if use[1] in NAMES.get(use[0], ()) and use not in guarded else []
    return uses


def test_nothing_is_called_that_windows_has_not():
    uses = {str(path.relative_to(SOURCES[0].parent)): found(path.read_text("utf-8")) for path in SOURCES}
    assert {path: names for path, names in uses.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import fcntl", ["fcntl"]),
        ("from resource import getrusage", ["resource"]),
        ("import os\nos.fork()", ["os.fork"]),
        ("from os import fork", ["os.fork"]),
        ("import os\nos.fork() if hasattr(os, 'fork') else None", []),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", ["signal.SIGKILL"]),
    ],
)
def test_it_would_be_found(source, uses):
    assert found(source) == uses
