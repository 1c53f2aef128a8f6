// The events of a room: what they change in what the page knows of it.

import {blank, change} from "./deleting.js";
import {note} from "./entries.js";
import {handlers, ofNick, ofRoom} from "./handlers.js";
import {tellRead} from "./marks.js";
import {forget, outbox} from "./outbox.js";
import {SHOWN, SPARE, append, skip} from "./range.js";
import {keepMessage, save, seen} from "./remembered.js";
import {SHOWN_IN_SETTINGS, askSettings, settingsOf} from "./settings.js";
import {state, views} from "./state.js";
import {everyTab, store} from "./storage.js";
import {announceMissed, countNew} from "./unread.js";
import {renameTalk, watched} from "./views.js";

const EVENTS = ["said", "joined", "left", "renamed", "topic", "kept", "role", "banned", "unbanned", "invited", "mode",
  "blanked", "edited", "deleted", "reported", "announced"];

for (const type of EVENTS) handlers[type] = ofRoom((view, event) => onEvent(view, event));

export function onEvent(view, event, fresh = true) {
  if (event.seq <= view.seq) return;  // A repetition.
  view.seq = event.seq;
  if (event.seq > view.state) apply(view, event);
  if (event.type === "deleted") blank(view, event);
  if (event.type === "edited" && event.text) change(view, event);
  if (event.type === "said" && outbox.has(event.id)) forget(event.id);
  else if (fresh) countNew(view, event);
  // While the reader is further up, a full list stops growing, so that it is not cut where they read; it is extended later.
  if (view === state.current && !state.following && view.list.children.length > SHOWN + SPARE && view.keep !== "none") view.later = true;
  // After a long absence only the latest events are shown.
  const shown = event.seq >= view.state - SHOWN || (view === state.current && !state.following);
  if (!view.later) (shown ? append : skip)(view, event);
  if (!view.room) keepMessage(view, event);
  if (view.room && watched(view)) { seen[view.name] = view.seq; tellRead(view); }
  if (event.seq === view.state) announceMissed(view);
  if (view === settingsOf && SHOWN_IN_SETTINGS.has(event.type)) askSettings();
}

// The one place that changes what the page knows of a room: topic, retention, members, roles.
export function apply(view, event) {
  const {type, nick: who, away = {}} = event;
  if (type !== "said") view.version++;
  if (type === "entered") {
    Object.assign(view, {state: event.seq, count: event.count, members: new Map(event.members.map((one) => [one, ofNick(away, one) ?? null]))});
    Object.assign(view, {roles: new Map(), knowsRoles: false, askedRoles: 0});
    setRole(view, state.nick, event.role);
  }
  if (type === "members") {
    for (const one of event.members) if (view.members.has(one)) {
      view.members.set(one, ofNick(away, one) ?? null);
      setRole(view, one, ofNick(event.roles, one));
    }
  }
  if (type === "entered" || type === "topic") view.topic = (type === "topic" ? event.text : event.topic) || "";
  if (["entered", "kept", "keeping"].includes(type)) Object.assign(view, {keep: event.keep || "", since: Date.parse(event.since) || 0});
  if (type === "joined" && !view.members.has(who)) { view.members.set(who, null); view.count++; setRole(view, who, event.role); }
  if (type === "left") { view.members.delete(who); view.roles.delete(who); view.count--; onGone(who, event); }
  if (type === "role") setRole(view, event.to, event.role);
  if ((type === "away" || type === "back") && view.members.has(state.nick)) view.members.set(state.nick, type === "away" ? "" : null);
  if (type === "renamed") rename(view, who, event.to);
}

function onGone(who, {reason, time}) {  // Whoever has the nick later may be somebody else.
  const talk = views.get(`@${who}`);
  if (!talk || talk.gone || reason === "left" || reason === "kicked") return;
  talk.gone = Date.parse(time);
  note(talk, `${who} has left. Whoever has this nick later may be somebody else.`);
}

function setRole(view, who, role) {
  if (role && role !== "member") view.roles.set(who, role); else view.roles.delete(who);
}

function rename(view, who, to) {
  setRole(view, to, view.roles.get(who));
  view.roles.delete(who);
  view.members.set(to, view.members.get(who) ?? null);
  view.members.delete(who);
  if (who === state.nick) { state.nick = to; store(everyTab, "chatd-nick", state.nick); save(); }
  const talk = views.get(`@${who}`);
  if (talk && !views.has(`@${to}`)) renameTalk(talk, to);
}
