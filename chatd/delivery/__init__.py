"""Delivery: from a room's log to the transports of everybody in the room.

At the end of a turn of the reactor the fan-out encodes the news of each room, once for all readers
of a view, and gives them to the outlets. Each connection has an outlet, which writes to the
transport, and keeps a cursor where the transport does not take everything.
"""
