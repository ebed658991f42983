"""pyftpdlib's asynchronous server, for mod.ts:
pyftpdlib_server.py HOST PORT ROOT [PERM [CERTIFICATE KEY]].

PERM are the rights of anonymous users; with a certificate all is under TLS, commands and data alike.

Its defaults are kept, except for what would be measured in its place: the limit of 512 connections,
the log, and the kernel's scan for a free port, which pyftpdlib asks for at each transfer unless it
is given a range. It copies the range each time, so one of 1,000 ports costs less than all ports.
"""

import logging
import sys
import warnings

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.servers import FTPServer

host, port, root, *rights_and_tls = sys.argv[1:]
# Anonymous users may list and read, and store under new names; the folders' modes say where.
perm, *tls = rights_and_tls or ["elrw"]
if tls:
    from pyftpdlib.handlers import TLS_FTPHandler as FTPHandler

    FTPHandler.tls_control_required = FTPHandler.tls_data_required = True
    FTPHandler.certfile, FTPHandler.keyfile = tls
else:
    from pyftpdlib.handlers import FTPHandler

logging.disable(logging.CRITICAL)

# It warns of what they may do, which is right on the internet.
warnings.simplefilter("ignore")
authorizer = DummyAuthorizer()
authorizer.add_anonymous(root, perm=perm)


class Handler(FTPHandler):
    # Above the range that the kernel takes its own ports from.
    passive_ports = range(61000, 62000)

    # Without this line the loop spins for ever after an upload that was broken off: the text that
    # pyftpdlib makes for its log raises an error when the file is closed, log or no log.
    def get_repr_info(self, as_str=False, extra_info=None):
        return "" if as_str else {}


Handler.authorizer = authorizer

# 0: no limit.
FTPServer.max_cons = 0
FTPServer((host, int(port)), Handler).serve_forever(handle_exit=False)
