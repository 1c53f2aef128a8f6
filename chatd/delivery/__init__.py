"""Delivery: from a room's log to the transports of all who are in the room.

The fan-out encodes what one turn of the reactor has brought, once for all readers; an outlet for
each connection writes it, and keeps a cursor where the transport does not take everything.
"""
