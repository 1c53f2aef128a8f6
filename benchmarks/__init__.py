"""Measures what a delivery costs: chatd compared with a bare C loop, a classic Twisted server,
ngIRCd and InspIRCd."""
