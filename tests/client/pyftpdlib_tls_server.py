"""pyftpdlib for tls_stage.ts: pyftpdlib_tls_server.py PORT ROOT [CERTIFICATE KEY].

Everything is allowed below ROOT for anonymous users; with a certificate only under TLS, for
commands and data alike.
"""

import logging
import sys
import warnings

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, root, *tls = sys.argv[1:]

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

authorizer = DummyAuthorizer()
authorizer.add_anonymous(root, perm="elradfmwMT")


class Plain(FTPHandler):
    pass


class Protected(TLS_FTPHandler):
    tls_control_required = True
    tls_data_required = True


handler = Plain
if tls:
    handler = Protected
    handler.certfile, handler.keyfile = tls
handler.authorizer = authorizer
FTPServer(("127.0.0.1", int(port)), handler).serve_forever(handle_exit=False)
