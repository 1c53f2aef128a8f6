"""The log on disk.

``sqlite`` is what the core sees: numbers and answers, in the reactor's thread. Behind it ``writer``
commits in a thread of its own, and ``reader`` reads in another; ``queries`` turns rows into events
and back, and ``database`` knows the file, its lock and its versions. Nothing here imports Twisted:
how to get back into the reactor's thread is passed in.
"""
