"""Makes ``chatd`` a command of ``twistd``."""

from twisted.application.service import ServiceMaker

chatd = ServiceMaker("chatd", "chatd.tap", "A chat server: one chat, every door.", "chatd")
