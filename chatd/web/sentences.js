// Sentences about rights, the same as in chatd/codecs/event_phrases.py.

import {make} from "./dom.js";
import {brief} from "./formats.js";

export const DONE = {
  away: "You are away. /back ends it.", back: "You are back.", nick: "You are now known as WHO.",
  owner: "WHO owns the room now.", op: "WHO is a moderator now.", voice: "WHO has a voice now.", deop: "WHO has no role now.",
  invite: "You have invited WHO.", kick: "You have removed WHO.", mute: "WHO is muted.", unmute: "WHO may speak again.",
  ban: "WHO is banned.", unban: "WHO is not banned any more.", delete: "The message of WHO is deleted.",
  edit: "Your message is changed.",
  report: "The operators will see your report of WHO.", announce: "WHO people were told.",
  register: "WHO is your nick now, whether you are here or not. Log in with your password next time.",
  "invite-code": "Whoever you give this code can register with it, once: /register NICK WHO",
  release: "Nobody but you is here as WHO now. If somebody knows your password, /password changes it.",
  login: "You are logged in as WHO.", password: "Your password is changed. Your other sessions have ended, and need it.",
};

export const GOODBYES = {quit: "You have left. Goodbye.", kicked: "An operator has ended your connection. Goodbye.",
  ended: "This session was ended from another one. Goodbye."};

const GRANTS = {
  operator: ["made ", " an operator of the server"], owner: ["made ", " an owner"], moderator: ["made ", " a moderator"],
  voice: ["given ", " a voice"], member: ["taken the role of ", " away"],
};

const MODES = {
  "private on": "made ROOM private: only invited people can see and enter it", "private off": "opened ROOM to everybody",
  "key on": "set a key for ROOM", "key off": "removed the key of ROOM", "limit off": "removed the limit of ROOM",
  "moderated on": "made ROOM moderated: only people with a voice may speak", "moderated off": "let everybody speak in ROOM",
  "topic moderator": "let only moderators set the topic of ROOM", "topic member": "let everybody set the topic of ROOM",
  "slow off": "ended the slow mode of ROOM",
  "history off": "hidden what was said in ROOM from people who enter later",
  "history on": "opened what was said in ROOM to people who enter later",
  "hidden on": "hidden ROOM from lists", "hidden off": "put ROOM on lists again",
  "external on": "opened ROOM to messages from people who are not in it",
  "external off": "closed ROOM to messages from people who are not in it",
};

export const because = ({text: why}) => why ? `: ${why}` : "";
export const reasonOf = ({text: why}) => why ? [": ", make("bdi", {}, why)] : [];
export const until = ({until: end}) => end ? ` until ${brief.format(new Date(end))}` : "";

// What somebody has done, by the type of the event: parts that follow "ada has ".
export const RIGHTS = {
  role({to, role}) {
    const [before, after] = GRANTS[role] || ["given ", ` the role ${role}`];
    return [before, make("bdi", {}, to), after];
  },
  banned: (event) => [event.mutes ? "muted " : "banned ", make("bdi", {}, event.mask), until(event), ...reasonOf(event)],
  unbanned({mask, mutes}) {
    const who = make("bdi", {}, mask);
    return mutes ? ["let ", who, " speak again"] : ["lifted the ban of ", who];
  },
  edited: ({text}) => text ? ["changed a message to: ", make("bdi", {}, text)] : ["changed a message"],
  deleted: ({nick: who, to}) => to === who ? ["deleted a message of their own"] : ["deleted a message of ", make("bdi", {}, to)],
  invited: ({to, room}) => ["invited ", make("bdi", {}, to), room[0] === "@" ? " to this server" : ` to #${room}`],
  mode: ({room, mode, value}) => [modeSet(`#${room}`, mode, value)],
};

function modeSet(room, mode, value) {
  if (mode === "limit" && /^\d+$/.test(value)) return `limited ${room} to ${value} people`;
  if (mode === "slow" && /^\d+$/.test(value)) return `put ${room} into slow mode: one message in ${value} s for each member`;
  return MODES[`${mode} ${value}`]?.replace("ROOM", () => room) || `set the mode ${mode} of ${room} to ${value}`;
}

export const banned = (room, ban) => `${ban.mask} is ${ban.mutes ? "muted" : "banned"} in #${room} by ${ban.by}${until(ban)}${because(ban)}`;

export function removed({by, room, current, ...reason}) {
  const now = current ? `You are now talking in #${current}` : "You are not in any room now";
  return `${by} has removed you from #${room}${because(reason)}. ${now}.`;
}

export function modesOf({room, modes = {}}) {
  const all = Object.entries(modes).map(([mode, value]) => `${mode} ${value}`).join(", ");
  return all ? `The modes of #${room}: ${all}.` : `#${room} has no modes: everybody may enter and speak.`;
}
