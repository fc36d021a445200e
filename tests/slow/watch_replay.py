#!/usr/bin/env python3
"""Makes random operations on segments, and replays what watch says until it is what the kernel lists.

    watch_replay.py SHMTOOL COUNT

Each operation is over when the replayed table is that of /proc/sysvipc/shm. Ends with 1 where it is not
within a minute, or watch says what did not happen.
"""
import ctypes
import json
import os
import random
import select
import subprocess
import sys
import time

IPC_RMID, IPC_SET, IPC_STAT = 0, 1, 2
FIELDS = ("key", "perms", "bytes", "cpid", "lpid", "nattch", "uid", "gid", "dest")
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
libc.shmdt.argtypes = (ctypes.c_void_p,)


def must(result):
    if result in (-1, None, ctypes.c_void_p(-1).value):
        sys.exit("watch_replay: " + os.strerror(ctypes.get_errno()))
    return result


def truth():
    """What the kernel lists: id -> fields."""
    table = {}
    with open("/proc/sysvipc/shm", encoding="ascii") as listing:
        next(listing)
        for line in listing:
            word = line.split()
            mode = int(word[2], 8)
            table[int(word[1])] = (int(word[0]) & 0xFFFFFFFF, mode & 0o777, int(word[3]), int(word[4]),
                                   int(word[5]), int(word[6]), int(word[7]), int(word[8]), mode & 0o1000 != 0)
    return table


def row(segment):
    return (int(segment["key"], 16), int(segment["perms"], 8), segment["bytes"], segment["cpid"] or 0,
            segment["lpid"] or 0, segment["nattch"], segment["uid"], segment["gid"], "dest" in segment["status"])


class Replay:
    """The table that the stream's events make."""

    def __init__(self, stream):
        self.fd = stream.fileno()
        self.rest = b""
        self.table = {}
        self.unseen = 0
        self.created = 0

    def apply(self, event):
        shmid, kind = event["segment"]["shmid"], event["event"]
        if kind in ("initial", "created"):
            assert shmid not in self.table, event
            self.created += kind == "created"
            self.unseen += event.get("unseen") or 0
        else:
            assert shmid in self.table, event
        if kind == "removed":
            assert row(event["segment"]) == self.table.pop(shmid), event
        else:
            self.table[shmid] = row(event["segment"])

    def until(self, wanted, end):
        """Reads events until the table is WANTED; every line that has come is read before it is compared."""
        while True:
            ready, _, _ = select.select([self.fd], [], [], 0)
            if not ready and self.table == wanted:
                return
            if not ready and not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                sys.exit(f"watch_replay: no event within a minute: {self.table} is not {wanted}")
            data = os.read(self.fd, 1 << 16)
            if not data:
                sys.exit("watch_replay: watch has ended")
            lines = (self.rest + data).split(b"\n")
            self.rest = lines.pop()
            for line in lines:
                self.apply(json.loads(line))


class Driver:
    def __init__(self):
        self.attached = []
        self.made = 0

    def create(self, _table):
        self.made += 1
        must(libc.shmget(random.choice((0, 0, 0x100 + self.made)), random.randint(1, 9999), 0o1600))

    def remove(self, table):
        must(libc.shmctl(random.choice([i for i in table if not table[i][8]]), IPC_RMID, None))

    def attach(self, table):
        self.attached.append(must(libc.shmat(random.choice(list(table)), None, 0)))

    def detach(self, _table):
        must(libc.shmdt(self.attached.pop(random.randrange(len(self.attached)))))

    def change(self, table):
        shmid = random.choice(list(table))
        data = (ctypes.c_char * 256)()
        must(libc.shmctl(shmid, IPC_STAT, data))
        # struct ipc_perm: key, uid, gid, cuid, cgid, mode
        mode = ctypes.c_ushort.from_buffer(data, 20)
        mode.value = (mode.value & 0o777) ^ random.choice((0o004, 0o040, 0o060))
        must(libc.shmctl(shmid, IPC_SET, data))

    def any(self, table):
        """One that changes what is compared."""
        choices = [self.create] if len(table) < 42 else []
        if any(not fields[8] for fields in table.values()):
            choices += [self.remove]
        if table:
            choices += [self.change, self.attach if len(self.attached) < 50 else self.change]
        if self.attached:
            choices += [self.detach]
        random.choice(choices)(table)


def main():
    random.seed(1)
    must(libc.shmget(0, 1, 0o1600))
    with subprocess.Popen([sys.argv[1], "watch", "--initial", "--interval", "10ms", "--ndjson"],
                          stdout=subprocess.PIPE, bufsize=0) as watch:
        replay, driver = Replay(watch.stdout), Driver()
        replay.until(truth(), time.monotonic() + 60)
        for _ in range(int(sys.argv[2])):
            driver.any(truth())
            replay.until(truth(), time.monotonic() + 60)
        made = driver.made
        # Faster than looks: no event that did not happen, the end right, and none is lost.
        for _ in range(200):
            for _ in range(random.randint(1, 15)):
                driver.create({})
                if random.random() < 0.8 or len(truth()) > 40:
                    driver.remove(truth())
            driver.create({})
            replay.until(truth(), time.monotonic() + 60)
        watch.terminate()
        assert watch.wait() == 0
    assert replay.created >= made, (replay.created, made)
    assert replay.created + replay.unseen <= driver.made, (replay.created, replay.unseen, driver.made)
    print(f"created {driver.made}, seen {replay.created}, counted {replay.unseen}")


main()
