// What this tab and this browser remember from one load of the page to the next.
//
// A visit is what a tab needs to go on: its token, nick, views, drafts, and the messages that are not delivered. The
// browser keeps the last ones, so that a message that waits is not lost with its tab. Private messages stay in the tab.

import {text} from "./dom.js";
import {outbox} from "./outbox.js";
import {state, views} from "./state.js";
import {everyTab, random, store, stored, thisTab} from "./storage.js";
import {same} from "./views.js";

const RECENT = 2 * 24 * 3600e3;     // after an absence up to this, in ms, everything missed is loaded; after a longer one, the latest only
const VISITS = 5;                   // how many visits the browser keeps
export const TALK = 50;                    // how many messages of a private talk a tab keeps

const VISIT = {ignored: [String], inbox: 0, views: [String], drafts: {"*": String}, composing: {"*": {reply: 0, edit: 0}},
  waiting: [{id: String, view: String, wire: {text: String}, at: Number}]};
const storedSeen = () => stored(everyTab, "chatd-seen", {log: "", at: 0, seen: {"*": Number}, confirmed: [String], views: [String]});
const shared = storedSeen();
export const mine = stored(thisTab, "chatd", {...VISIT, token: "", nick: "", talks: {"*": [{nick: String, text: String, time: Number}]}});
export const visit = {token: mine.token || random(16), nick: mine.nick, away: mine.away ?? null, ignored: mine.ignored,
  inbox: mine.inbox};               // the number of the last private message that was received
export const seen = Object.assign(Object.create(null), shared.seen);  // the last event read in any tab, by room
export const confirmed = new Set(shared.confirmed);  // the rooms whose seq in it belongs to the log called logName
export const lastLog = shared.log, isRecent = Date.now() - shared.at < RECENT;

const visits = () => stored(everyTab, "chatd-visits", [{...VISIT, token: String, nick: String, at: Number}]).filter((one) => Date.now() - one.at < RECENT);

function present() {  // The visit as it is now, without private messages.
  const waiting = [...outbox.values()].map(({id, view, wire, at}) => ({id, view: view.key, wire, at})), drafts = {}, composing = {};
  for (const view of views.values()) {
    const draft = view === state.current ? text.value : view.draft;
    if (draft) drafts[view.key] = draft;
    if (view.composing) composing[view.key] = view.composing;
  }
  const open = {views: [...views.keys()].filter((key) => key[0] === "#"), current: state.current?.key};
  return {...visit, nick: state.nick, ...open, drafts, composing, waiting};
}

export function save() {
  if (state.wanted) {  // Otherwise the user has left, or another tab goes on.
    const talks = Object.fromEntries([...views.values()].filter((view) => !view.room).map((view) => [view.key, view.talk]));
    store(thisTab, "chatd", {...present(), talks});
    saveVisit();
  }
  const others = storedSeen();
  if (others.log === state.logName) {
    for (const room in others.seen) seen[room] = Math.max(seen[room] || 0, others.seen[room]);
    for (const room of others.confirmed) confirmed.add(room);
  }
  const open = {views: [...views.keys()].filter((key) => key[0] === "#"), current: state.current?.key};
  if (state.logName) store(everyTab, "chatd-seen", {log: state.logName, at: Date.now(), seen, confirmed: [...confirmed], ...open});
}

let saving = 0;

export function saveSoon() {  // What is being typed.
  clearTimeout(saving);
  saving = setTimeout(save, 500);
}

function saveVisit() {
  const others = visits().filter((one) => one.token !== visit.token);
  store(everyTab, "chatd-visits", [{...present(), at: Date.now()}, ...others].slice(0, VISITS));
}

export function forgetVisit() {  // The user has left for good.
  store(thisTab, "chatd", {});
  store(everyTab, "chatd-visits", visits().filter((one) => one.token !== visit.token));
}

export const visitOf = (nick) => visits().find((one) => same(one.nick, nick));

// What is restored in this tab: its own visit; else one of the same nick in a tab that is closed, or that this one goes
// on for; else the rooms that were open last.
export function adopt(other) {
  const {token = random(16), nick = "", away = null, ignored = [], inbox = 0} = other || {};
  Object.assign(visit, {token, nick, away, ignored, inbox});
  return other || shared;
}

export function keepMessage(view, {nick, text: what, action, time, id}) {  // A private message.
  view.talk.push({nick, text: what, action, time: new Date(time).getTime(), id});
  if (view.talk.length > TALK) view.talk.shift();
}
