"""`python -m goru`."""

import sys

from goru.cli import main

if __name__ == "__main__":
    sys.exit(main())
