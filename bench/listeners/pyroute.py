"""Counts route events as a Python program with pyroute2 sees them; prints the count on SIGINT."""

import signal
import sys

from pyroute2 import IPRoute

count = 0
errors = 0


def stop(_signal, _frame):
    print(count, errors)
    sys.stdout.flush()
    sys.exit(0)


signal.signal(signal.SIGINT, stop)
with IPRoute() as ipr:
    ipr.bind()
    print("ready", file=sys.stderr, flush=True)
    while True:
        try:
            for message in ipr.get():
                if message.get("event") in ("RTM_NEWROUTE", "RTM_DELROUTE"):
                    count += 1
        except OSError:
            errors += 1
