"""The mini client as it is taught: every reply is one recv, every piece is answered by a pull.

usage: teaching_client.py PORT FOLDER PIECE LAST COMMAND...

Commands, all over one connection: put:NAME sends FOLDER/NAME; get:NAME writes FOLDER/NAME.got.
PIECE is what one recv of a download takes. LAST is 1 to pull after the last piece as well.
Prints one line for each command: what the server said.
"""

import os
import socket
import sys


def put(connection, folder, name):
    path = os.path.join(folder, name)
    size = os.path.getsize(path)
    connection.send(f"put|{name}|{size}".encode())
    reply = connection.recv(1024).decode()
    if reply == "OK":
        with open(path, "rb") as file:
            while data := file.read(1024):
                connection.sendall(data)
    return reply


def get(connection, folder, name, piece, last):
    message = f"get|{name}|0".encode()
    connection.send(message)
    reply = connection.recv(1024).decode()
    status, size = reply.split("|")
    if status == "YES":
        connection.send(message)
        received = 0
        with open(os.path.join(folder, name + ".got"), "wb") as file:
            while received < int(size):
                data = connection.recv(piece)
                if not data:
                    raise EOFError(f"{received} of {size}")
                received += len(data)
                file.write(data)
                if received < int(size) or last:
                    connection.send(message)
    return reply


def main():
    port, folder, piece, last = sys.argv[1:5]
    with socket.create_connection(("127.0.0.1", int(port)), timeout=20) as connection:
        for command in sys.argv[5:]:
            verb, name = command.split(":")
            if verb == "put":
                print(put(connection, folder, name))
            else:
                print(get(connection, folder, name, int(piece), last == "1"))


main()
