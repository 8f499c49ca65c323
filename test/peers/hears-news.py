"""Hears what a service tells its manager: sd_notify(3). Prints each datagram as a line, with the process that has sent it."""
import os
import socket
import struct
import sys

path = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(path)
manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
print("hears", flush=True)
while True:
    text, control, _, _ = manager.recvmsg(4096, 1024)
    pid = 0
    for level, kind, data in control:
        if kind == socket.SCM_CREDENTIALS:
            pid = struct.unpack("3i", data[:12])[0]
        elif kind == socket.SCM_RIGHTS:
            # systemd-notify waits until its descriptor is closed.
            for at in range(0, len(data), 4):
                os.close(struct.unpack("i", data[at : at + 4])[0])
    # systemd ignores what comes from a process that it doesn't find any more.
    there = "there" if os.path.exists("/proc/%d" % pid) else "gone"
    print(there, pid, text.decode("latin1").replace("\n", " | "), flush=True)
