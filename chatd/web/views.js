// Views: a room or a private talk, and which of them is shown.

import {atEndOfTurn, log, make, text} from "./dom.js";
import {grow} from "./field.js";
import {tellRead} from "./marks.js";
import {setPlace} from "./places.js";
import {fill, keepInPlace} from "./range.js";
import {save, seen} from "./remembered.js";
import {drawer, refresh} from "./sides.js";
import {state, views} from "./state.js";
import {recallTalk} from "./talks.js";

const SCROLLING = 1000;             // how long a movement of the user may go on scrolling, in ms

export const same = (one, other) => one.normalize("NFC").toLowerCase() === other.normalize("NFC").toLowerCase();

export function viewOf(key) {
  if (!views.has(key)) views.set(key, newView(key));
  return views.get(key);
}

function newView(key) {
  return {
    key, room: key[0] === "#", name: key.slice(1), list: make("ol"),
    seq: 0,                         // the last event received
    state: 0,                       // the event up to which members and topic are known; older ones do not change them
    first: 0, last: 0,              // the part of the log that the list shows,
    more: false, later: false,      // whether there are events before it, and after it,
    top: null,                      // and the line above which the list has nothing
    loading: null,                  // the request for history that is not answered yet
    resuming: false, awaited: false, version: 0, members: new Map(), count: 0, topic: "", keep: "", since: 0,
    roles: new Map(),               // of those members who have more than a member's role,
    knowsRoles: false, askedRoles: 0,  // whether it has those of all, and when they were requested
    unread: 0, loud: 0,             // unread messages, and how many of them mention the reader
    mark: 0, fresh: 0, atLeast: false,  // the line "fresh new messages" is after event mark; atLeast: there may be more
    line: null, lineSeen: false,    // that line, and whether it has been in sight
    caught: 0,                      // how many of these were sent while the connection was down
    scroll: null, draft: "", composing: null,  // composing: {reply} or {edit}, the seq of a message
    spoken: new Set(),              // the nicks of those who have said something
    modes: null, beginning: null,   // its modes, once they were asked for, and the line at the beginning of its log
    talk: [], isRecalled: false,    // the last private messages, and whether the inbox was asked for them
    gone: 0,                        // when the other person of a talk left, in ms; 0: they have not
  };
}

export const nowhere = newView("");        // Shown if there is no other view.

export function renameTalk(view, name) {
  views.delete(view.key);
  view.name = name;
  view.key = `@${name}`;
  views.set(view.key, view);
}

export function close(view, next) {
  views.delete(view.key);
  if (state.current === view) switchTo(next || views.values().next().value || null);
  atEndOfTurn(refresh);
  save();
  return true;
}

export function switchTo(view) {
  drawer(null);
  if (view === state.current) return;
  if (state.current) {
    state.current.scroll = state.following ? null : log.scrollTop;
    state.current.draft = text.value;
  }
  state.current = view;
  setPlace(view);
  state.moved = false;
  if (view) view.list.append(...[...nowhere.list.children].filter((li) => li !== nowhere.beginning));
  log.replaceChildren((view || nowhere).list);
  text.value = view?.draft || "";
  grow();
  setFollowing(!view || (view.scroll === null && !view.later));
  log.scrollTop = state.following ? log.scrollHeight : view.scroll;
  markRead();
  fill();
  recallTalk(view);
  atEndOfTurn(refresh);
  save();
}

export const below = () => log.scrollHeight - log.scrollTop - log.clientHeight;
export const atEnd = () => below() < 48 && !state.current?.later;
export const watched = (view) => view === state.current && !document.hidden && state.following;

export function markRead() {
  if (!state.current || !watched(state.current)) return;
  state.current.unread = 0;
  state.current.loud = 0;
  if (state.current.room && state.current.seq) seen[state.current.name] = state.current.seq;
  tellRead(state.current);
  atEndOfTurn(refresh);
}

export function follow() {
  if (!state.following) return;
  log.scrollTop = log.scrollHeight;
  lastTop = log.scrollTop;
  lastHeight = log.scrollHeight;
}

let lastTop = 0, lastSize = "", lastHeight = 0;  // where the list was when it was last looked at, how large, and how long
let touchedAt = 0;                  // when the user last did what may scroll it

for (const type of ["wheel", "touchmove", "pointerdown", "keydown"]) log.addEventListener(type, () => { touchedAt = Date.now(); }, {passive: true});

export function expectShorter() {   // Entries are removed: the list may be higher up after that, without anybody having scrolled.
  if (state.following) lastTop = 0;
}

// The list was scrolled. Only scrolling up ends following it: entries that were added or cut off since are no reason.
export function onScrolled() {
  const up = log.scrollTop < lastTop, size = `${log.clientWidth} ${log.clientHeight}`, isResized = size !== lastSize;
  const byUser = log.scrollHeight === lastHeight || Date.now() - touchedAt < SCROLLING;
  lastTop = log.scrollTop;
  lastSize = size;
  lastHeight = log.scrollHeight;
  if ((isResized || (up && !byUser)) && state.following) return follow();
  if (atEnd()) setFollowing(true); else if (up) setFollowing(false);
}

// While the list follows new entries, those out of sight are not laid out (.live); otherwise each has its true height.
export function setFollowing(following) {
  const stops = state.following && !following;
  state.following = following;
  if (stops) keepInPlace(state.current, () => log.classList.remove("live"));
  log.classList.toggle("live", following);
}

export function showEnd(view) {
  touchedAt = 0;  // What is laid out at the end may move the list, and the user has not.
  setFollowing(!view?.later);
  log.scrollTop = log.scrollHeight;
  markRead();
}
