"""What numeric 005 tells clients about the server (RPL_ISUPPORT)."""

from __future__ import annotations

from chatd.core.limits import (
    AWAY_CHARACTERS,
    BANS_PER_ROOM,
    HISTORY_EVENTS,
    IRC_TARGETS,
    NICK_CHARACTERS,
    REALNAME_CHARACTERS,
    ROOM_CHARACTERS,
    ROOM_KEY_CHARACTERS,
    ROOMS_PER_PERSON,
    TOPIC_CHARACTERS,
    USER_CHARACTERS,
    WATCHED_PER_SESSION,
)
from chatd.core.registry import Settings

TOKENS_A_LINE = 13
"""The most tokens in one line (modern.ircdocs.horse, RPL_ISUPPORT)."""

CHANNEL_MODES = "b,k,l,imnst"
"""The channel modes by kind: lists, with a parameter, with one when set, without."""


def tokens(settings: Settings) -> list[list[str]]:
    """The tokens, by line."""
    all = [
        f"AWAYLEN={AWAY_CHARACTERS}",
        "CASEMAPPING=rfc7613",
        f"CHANLIMIT=#:{ROOMS_PER_PERSON}",
        f"CHANMODES={CHANNEL_MODES}",
        f"CHANNELLEN={ROOM_CHARACTERS + 1}",
        "CHANTYPES=#",
        f"CHATHISTORY={HISTORY_EVENTS}",
        "CLIENTTAGDENY=*,-draft/reply,-reply",
        "ELIST=MNU",
        f"KEYLEN={ROOM_KEY_CHARACTERS[1]}",
        f"KICKLEN={TOPIC_CHARACTERS}",
        f"MAXLIST=b:{BANS_PER_ROOM}",
        f"MODES={IRC_TARGETS}",
        f"MONITOR={WATCHED_PER_SESSION}",
        "MSGREFTYPES=msgid,timestamp",
        f"NAMELEN={REALNAME_CHARACTERS}",
        f"NETWORK={settings.name}",
        f"NICKLEN={NICK_CHARACTERS}",
        "PREFIX=(ov)@+",
        "SAFELIST",
        f"TARGMAX=JOIN:,KICK:{IRC_TARGETS},LIST:,NAMES:{IRC_TARGETS},NOTICE:{IRC_TARGETS},PART:,PRIVMSG:{IRC_TARGETS},"
        f"WHOIS:{IRC_TARGETS},WHOWAS:1",
        f"TOPICLEN={TOPIC_CHARACTERS}",
        f"USERLEN={USER_CHARACTERS}",
        "UTF8ONLY",
        "WHOX",
    ]
    return [all[start : start + TOKENS_A_LINE] for start in range(0, len(all), TOKENS_A_LINE)]
