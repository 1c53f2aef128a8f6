"""The log on disk.

``sqlite`` is the interface for the core, in the reactor's thread. ``writer`` commits in a thread of
its own, and ``reader`` reads in others. ``queries`` turns rows into events and back, and
``database`` opens the file and handles its lock and its versions. Nothing here imports Twisted: a
function that calls into the reactor's thread is passed in.
"""
