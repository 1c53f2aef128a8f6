"""``python -m benchmarks``: see ``run.py``; ``python -m benchmarks disk``: see ``disk.py``."""

import sys

from benchmarks import disk, run

sys.exit(disk.main(sys.argv[2:]) if sys.argv[1:2] == ["disk"] else run.main())
