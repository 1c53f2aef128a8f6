"""``python -m benchmarks``: see ``run.py``; with ``disk``, ``hostile``, ``profile`` or ``soak``:
see ``disk.py``, ``hostile/main.py``, ``profile.py`` and ``soak.py``."""

import sys

from benchmarks import disk, profile, run, soak
from benchmarks.hostile import main as hostile

FURTHER = {"disk": disk.main, "hostile": hostile.main, "profile": profile.main, "soak": soak.main}

main = FURTHER.get(sys.argv[1] if len(sys.argv) > 1 else "")
sys.exit(main(sys.argv[2:]) if main else run.main())
