"""What a delivery costs, measured: chatd beside a bare C loop, classic Twisted, ngIRCd and
InspIRCd."""
