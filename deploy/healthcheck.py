"""The container's health check: ends everything in it when the bot listens and does not answer.

Docker marks a container as unhealthy and leaves it at that. A bot that answers nothing three times
is killed, so that the restart policy starts it again. One that does not listen, such as a set-up,
is not.
"""

import os
import signal
import socket
import sys
import urllib.request

TRIES, TIMEOUT_S = 3, 10.0
PORT = int(sys.argv[1]) if sys.argv[1:] else 8484

try:
    socket.create_connection(("127.0.0.1", PORT), TIMEOUT_S).close()
except OSError:
    sys.exit(1)
for _ in range(TRIES):
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/live", timeout=TIMEOUT_S)
        sys.exit(0)
    except TimeoutError:
        continue
    except OSError:
        sys.exit(1)
os.kill(-1 if "OVERHEARD_CONTAINER" in os.environ else 0, signal.SIGKILL)
