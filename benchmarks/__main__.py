"""``python -m benchmarks``: see ``run.py``; with ``disk``, ``hostile``, ``profile``, ``rights`` or
``soak``: see ``disk.py``, ``hostile/main.py``, ``profile.py``, ``rights.py`` and ``soak.py``."""

import sys

from benchmarks import disk, profile, rights, run, soak
from benchmarks.hostile import main as hostile

FURTHER = {"disk": disk.main, "hostile": hostile.main, "profile": profile.main, "rights": rights.main, "soak": soak.main}

main = FURTHER.get(sys.argv[1] if len(sys.argv) > 1 else "")
sys.exit(main(sys.argv[2:]) if main else run.main())
