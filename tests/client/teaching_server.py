"""The mini server as it is taught: select, one recv of 1024 bytes is one message, puts append.

usage: teaching_server.py FOLDER

Prints its port, serves until standard input ends.
"""

import os
import select
import socket
import sys


def begin(connection, folder, states):
    message = connection.recv(1024)
    if not message:
        return False
    command, name, size = message.decode().split("|")
    path = os.path.join(folder, name)
    if command == "put":
        connection.send(b"OK")
        states[connection] = ["put", path, int(size), 0]
        if size == "0":
            open(path, "ab").close()
            states[connection] = None
    elif os.path.isfile(path):
        size = os.path.getsize(path)
        connection.send(f"YES|{size}".encode())
        states[connection] = ["get", path, size, 0]
    else:
        connection.send(b"NO|0")
    return True


def move(connection, states):
    state = states[connection]
    command, path, size, moved = state
    data = connection.recv(1024)
    if not data:
        return False
    if command == "put":
        with open(path, "ab") as file:
            file.write(data)
        state[3] += len(data)
    else:
        with open(path, "rb") as file:
            file.seek(moved)
            block = file.read(1024)
        connection.send(block)
        state[3] += len(block)
    if state[3] == size:
        states[connection] = None
    return True


def main():
    folder = sys.argv[1]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    states = {}
    while True:
        readable, _, _ = select.select([listener, sys.stdin, *states], [], [])
        for ready in readable:
            if ready is sys.stdin:
                return
            if ready is listener:
                states[listener.accept()[0]] = None
            elif not (move(ready, states) if states[ready] else begin(ready, folder, states)):
                del states[ready]
                ready.close()


main()
