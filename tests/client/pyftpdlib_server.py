"""pyftpdlib with rights for anonymous users: pyftpdlib_server.py HOST PORT ROOT PERM."""

import logging
import sys
import warnings

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

host, port, root, perm = sys.argv[1:]

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore", RuntimeWarning)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(root, perm=perm)


class Handler(FTPHandler):
    # Its own makes a text for its log of a file that is closed already, and raises an error.
    def get_repr_info(self, as_str=False, extra_info=None):
        return "" if as_str else {}


Handler.authorizer = authorizer
FTPServer((host, int(port)), Handler).serve_forever(handle_exit=False)
