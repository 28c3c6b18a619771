"""What one thread frees, another can use."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from tests.shared import ROOT

PROGRAM = """
import ctypes, threading
from mammi_tui.terminal import freed

SHARE
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
ready, done = threading.Barrier(5), threading.Event()

def work():
    libc.malloc(50_000)
    ready.wait()
    done.wait()

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
ready.wait()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
done.set()
"""


def heaps(share: str) -> int:
    """How many heaps a program has whose threads allocate memory at the same time."""
    program = PROGRAM.replace("SHARE", share)
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return ended.stdout.count("<heap nr=")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="another C library than glibc")
def test_threads_share_one_heap() -> None:
    assert heaps("") > 1
    assert heaps("freed.share()") == 1


RETURNED = """
import ctypes, gc, resource
from pathlib import Path
from mammi_tui.terminal import freed

SHARE
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
parts = [libc.malloc(50_000) for _ in range(2000)]
for part in parts:
    ctypes.memset(part, 1, 50_000)
last = libc.malloc(50_000)  # what lies below it stays where it is
for part in parts:
    libc.free(part)
gc.collect()
print(int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize())
"""


def resident(share: str) -> int:
    """The memory of a program, in bytes, that has freed 100 MB and then collected its garbage."""
    program = RETURNED.replace("SHARE", share)
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(ended.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="another C library than glibc")
def test_what_is_freed_goes_back_to_the_system_when_garbage_is_collected() -> None:
    assert resident("freed.share()") < resident("") - 50_000_000
