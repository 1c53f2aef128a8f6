// Answers that are shown as a note.

import {learnModes} from "./beginning.js";
import {make} from "./dom.js";
import {note, sentenceOf} from "./entries.js";
import {brief} from "./formats.js";
import {handlers} from "./handlers.js";
import {join} from "./requests.js";
import {banned, modesOf} from "./sentences.js";
import {showBans, showModes} from "./settings.js";
import {views} from "./state.js";
import {same} from "./views.js";

handlers.bans = ({room, bans = []}, ask) => {
  if (ask?.settings) return showBans(room, bans);
  note(ask?.view, bans.length ? bans.map((ban) => banned(room, ban)).join("\n") : `Nobody is banned or muted in #${room}.`);
};

handlers.modes = (message, ask) => {
  const view = views.get(`#${message.room}`);
  if (view) learnModes(view, message.modes || {});
  if (ask?.settings) showModes(message); else if (!ask?.quiet) note(ask?.view, modesOf(message));
};

handlers.announcement = (message) => note(null, textOf({...message, type: "announced"}));
handlers.report = (message) => note(null, textOf({...message, type: "reported"}));
const textOf = (event) => (sentenceOf(event) || [`${event.nick}: ${event.text}`]).map((part) => part.textContent ?? part).join("");

export function showAudit({room, events = []}, view) {
  const lines = events.map((event) => `${brief.format(new Date(event.time))} ${textOf(event)}`);
  const key = room[0] === "@" ? room : `#${room}`;
  note(view, lines.length ? [`History of ${key}:`, ...lines].join("\n") : `There is no history of ${key} to show.`);
}

handlers.invitation = ({nick: who, room}) => {
  for (const old of document.querySelectorAll("[data-invitation]")) if (same(old.dataset.invitation, room)) old.closest("li").remove();
  const enter = make("button", {type: "button", onclick: () => join(room)}, `Join #${room}`);
  const what = make("span", {}, make("bdi", {}, who), ` invites you to #${room}: `, enter);
  what.dataset.invitation = room;
  note(null, what);
};

handlers.sessions = ({sessions = []}, ask) => {
  const when = (time) => brief.format(new Date(time));
  note(ask?.view, sessions.map((one) => {
    const state = one.current ? "this one" : one.connected ? "connected" : "not connected";
    return `${one.number}: ${one.door}, ${state}${one.remembered ? ", remembered" : ""}, since ${when(one.since)}, last active ${when(one.used)}`;
  }).join("\n"));
};

handlers.keys = ({keys = []}, ask) => note(ask?.view, keys.map((key) => `${key.number}: ${key.kind} ${key.fingerprint} ${key.comment || ""}`).join("\n")
  || "You have no keys. /keys add KEY adds one.");
