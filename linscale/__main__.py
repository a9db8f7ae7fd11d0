"""``python -m linscale`` is the ``linscale`` command."""

import sys

from linscale.cli import main

if __name__ == "__main__":
    sys.exit(main())
