"""Passwords: hashing them in threads of their own, and asking what an operator plugs in.

It imports the core and ``twisted.cred``, and nothing else of chatd.
"""
