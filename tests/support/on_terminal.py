"""Make standard input the controlling terminal, then become the command in the arguments.

python on_terminal.py COMMAND [ARGUMENT ...]      as the leader of a new session
"""

import fcntl
import os
import signal
import sys
import termios

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background has it ignored
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.execv(sys.argv[1], sys.argv[1:])
