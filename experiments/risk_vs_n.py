"""Risk against the number of training examples: the same as the command ``linscale risk``.

Run ``python experiments/risk_vs_n.py --help`` for the options.
"""

import sys

from linscale.cli import main

if __name__ == "__main__":
    sys.exit(main(["risk", *sys.argv[1:]]))
