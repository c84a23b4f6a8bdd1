"""Stands in for the tray: hands its end of the private link to a test, and ends when the test lets it.

python relay_link.py SOCKET --link FD
"""

import socket
import sys


def main() -> None:
    path, link = sys.argv[1], int(sys.argv[3])
    with socket.socket(socket.AF_UNIX) as test:
        test.connect(path)
        socket.send_fds(test, [b"link"], [link])
        socket.socket(fileno=link).close()
        test.recv(1)


if __name__ == "__main__":
    main()
