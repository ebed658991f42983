"""Stories that Python's ftplib and sockets play against a server; see ftplib.ts.

Usage: ftplib_peer.py HOST PORT USER PASSWORD FOLDER PATH STORY...
FOLDER is a folder as the server calls it, PATH the same on this disk. Each story has a folder of
its own in it. Prints the stories that went well; the first that does not ends the program with a
traceback and a status other than 0.
"""

import ftplib
import io
import itertools
import os
import socket
import struct
import sys

host, port, user, password, base, base_path, *stories = sys.argv[1:]
port = int(port)
folder = base
path = base_path

TIMEOUT = 10  # seconds; nothing here takes one
IAC_IP_SYNCH = b"\xff\xf4\xff\xf2"


def content(length):
    return bytes((index * 7 + index // 251) & 255 for index in range(length))


def login(**options):
    ftp = ftplib.FTP(timeout=TIMEOUT, encoding="utf-8", **options)
    ftp.connect(host, port)
    ftp.login(user, password)
    ftp.cwd(folder)
    return ftp


def reset(sock):
    """Closes with a reset instead of an end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def on_disk(name):
    with open(os.path.join(path, name), "rb") as file:
        return file.read()


def put_on_disk(name, octets):
    with open(os.path.join(path, name), "wb") as file:
        file.write(octets)


def fetch(ftp, name, rest=None):
    chunks = []
    ftp.retrbinary(f"RETR {name}", chunks.append, rest=rest)
    return b"".join(chunks)


def code_of(run, *arguments):
    """The first three digits of the refusal that `run` must meet."""
    try:
        run(*arguments)
    except (ftplib.error_temp, ftplib.error_perm) as error:
        return str(error)[:3]
    raise AssertionError("Not refused")


def files():
    for passive in (True, False):
        ftp = login()
        ftp.set_pasv(passive)
        octets = content(300_000)
        assert ftp.storbinary("STOR a", io.BytesIO(octets)).startswith("226")
        assert on_disk("a") == octets
        assert fetch(ftp, "a") == octets
        assert code_of(fetch, ftp, "missing") == "550"
        assert ftp.quit().startswith("221")


def text():
    ftp = login()
    ftp.storlines("STOR a", io.BytesIO(b"one\ntwo\n"))
    assert on_disk("a") == b"one\ntwo\n"
    lines = []
    ftp.retrlines("RETR a", lines.append)
    assert lines == ["one", "two"]


def folders():
    ftp = login()
    assert ftp.mkd('d"q') == f'{folder}/d"q'
    ftp.cwd('d"q')
    assert ftp.pwd() == f'{folder}/d"q'
    ftp.storbinary("STOR a", io.BytesIO(b"12345"))
    ftp.rename("a", "b é")
    ftp.voidcmd("TYPE I")
    assert ftp.size("b é") == 5
    assert code_of(ftp.rmd, f'{folder}/d"q') == "550"
    ftp.delete("b é")
    ftp.cwd("..")
    ftp.rmd('d"q')
    assert os.listdir(path) == []


def listings():
    put_on_disk("a", b"12345")
    os.mkdir(os.path.join(path, "d"))
    ftp = login()
    assert sorted(ftp.nlst()) == ["a", "d"]
    lines = []
    ftp.dir(lines.append)
    assert len(lines) == 2
    facts = dict(ftp.mlsd(facts=["type", "size"]))
    assert facts["a"] == {"type": "file", "size": "5"}, facts
    assert facts["d"]["type"] == "dir"


def resume():
    octets = content(300_000)
    put_on_disk("a", octets)
    ftp = login()
    assert fetch(ftp, "a", rest=123_456) == octets[123_456:]
    put_on_disk(".b.ftplab-part", octets[:100_000])
    ftp.voidcmd("TYPE I")
    assert ftp.size("b") == 100_000
    ftp.storbinary("STOR b", io.BytesIO(octets[100_000:]), rest=100_000)
    assert on_disk("b") == octets
    assert sorted(os.listdir(path)) == ["a", "b"]


def half_a_download(ftp):
    put_on_disk("large", b"\0" * 8_000_000)
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("RETR large")
    assert data.recv(1000)
    return data


def after_abort(ftp, data):
    size = 1000
    try:
        while octets := data.recv(1 << 20):
            size += len(octets)
    except ConnectionResetError:
        pass
    assert size < 8_000_000, "Everything came in spite of ABOR"
    data.close()
    put_on_disk("a", b"content")
    assert fetch(ftp, "a") == b"content"


def abort_urgent():
    ftp = login()
    data = half_a_download(ftp)
    # The last octet of "ABOR\r\n" is the urgent one: it must not get lost.
    assert ftp.abort()[:3] in ("426", "225", "226")
    assert ftp.getmultiline()[:3] in ("225", "226")
    after_abort(ftp, data)


def abort_synch():
    ftp = login()
    data = half_a_download(ftp)
    ftp.sock.sendall(IAC_IP_SYNCH[:-1])
    ftp.sock.sendall(IAC_IP_SYNCH[-1:], socket.MSG_OOB)
    ftp.sock.sendall(b"ABOR\r\n")
    assert ftp.getmultiline()[:3] == "426"
    assert ftp.getmultiline()[:3] in ("225", "226")
    after_abort(ftp, data)


def abort_synch_idle():
    ftp = login()
    for _ in range(3):
        # The Synch and the command in one go, before anything else has come.
        ftp.sock.sendall(IAC_IP_SYNCH[:-1])
        ftp.sock.sendall(IAC_IP_SYNCH[-1:], socket.MSG_OOB)
        ftp.sock.sendall(b"ABOR\r\n")
        assert ftp.getmultiline()[:3] in ("225", "226")
    assert ftp.voidcmd("NOOP")[:3] == "200"


def status_urgent():
    ftp = login()
    for _ in range(3):
        # Wholly as urgent data: the line's end is the urgent octet, as Ruby's Net::FTP#status.
        ftp.sock.sendall(b"STAT\r\n", socket.MSG_OOB)
        assert ftp.getmultiline()[:3] == "211"
    assert ftp.voidcmd("NOOP")[:3] == "200"


def resets():
    put_on_disk("large", b"\0" * 8_000_000)
    put_on_disk("a", b"content")
    witness = login()

    def at_once(ftp):
        pass

    def passive(ftp):
        ftp.makepasv()

    def half_a_line(ftp):
        ftp.sock.sendall(b"DELE a")

    def downloading(ftp):
        data = ftp.transfercmd("RETR large")
        data.recv(1000)
        reset(data)

    def downloading_and_gone(ftp):
        ftp.transfercmd("RETR large").recv(1000)

    def listing(ftp):
        reset(ftp.transfercmd("LIST"))

    rounds = itertools.count()

    def uploading(ftp):
        # A name of its own: another worker may not have noticed yet that the one before is gone,
        # and then rightly says 450 to the same name.
        data = ftp.transfercmd(f"STOR new-{next(rounds)}")
        data.sendall(content(100_000))
        reset(data)

    def renaming(ftp):
        ftp.sendcmd("RNFR a")

    def aborting(ftp):
        ftp.transfercmd("RETR large").recv(1000)
        ftp.sock.sendall(b"ABOR\r\n")

    def flooding(ftp):
        ftp.sock.sendall(b"HELP\r\n" * 300)

    steps = (
        at_once,
        passive,
        half_a_line,
        downloading,
        downloading_and_gone,
        listing,
        uploading,
        renaming,
        aborting,
        flooding,
    )
    for step in steps:
        for _ in range(2):
            ftp = login()
            step(ftp)
            reset(ftp.sock)
            ftp.file.close()
        assert fetch(witness, "a") == b"content", step.__name__
        assert fetch(login(), "a") == b"content", step.__name__


def stranger():
    put_on_disk("a", b"content")
    ftp = login()
    ftp.voidcmd("TYPE I")
    data_host, data_port = ftp.makepasv()
    try:
        foreign = socket.create_connection((data_host, data_port), 0.5, ("127.0.0.2", 0))
    except TimeoutError:
        foreign = None  # nobody answers strangers
    ftp.putcmd("RETR a")
    own = socket.create_connection((data_host, data_port), TIMEOUT)
    assert own.recv(100) == b"content"
    assert ftp.getresp()[:1] == "1"
    assert ftp.getresp().startswith("226")
    try:
        assert foreign is None or foreign.recv(100) == b""
    except ConnectionResetError:
        pass


def reset_upload():
    put_on_disk("a", b"old")
    ftp = login()
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("STOR a")
    data.sendall(content(100_000))
    reset(data)
    assert code_of(ftp.getresp) in ("426", "451")
    assert on_disk("a") == b"old"
    assert "a" in os.listdir(path)
    ftp.storbinary("STOR a", io.BytesIO(b"new"))
    assert on_disk("a") == b"new"


def pieces():
    ftp = login()
    ftp.voidcmd("TYPE I")
    data = ftp.transfercmd("STOR a")
    data.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for index in range(500):
        data.sendall(b"%d\n" % index)
    data.close()
    assert ftp.getresp().startswith("226")
    assert on_disk("a") == b"".join(b"%d\n" % index for index in range(500))


for story in stories:
    folder = f"{base}/{story}"
    path = os.path.join(base_path, story)
    os.mkdir(path)
    globals()[story]()
    print(story)
