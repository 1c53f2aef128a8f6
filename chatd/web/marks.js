// How far the user has read each room. The server keeps it for an account, so that one's other devices know.

import {handlers, ofRoom} from "./handlers.js";
import {post} from "./link.js";
import {seen} from "./remembered.js";
import {nextId} from "./requests.js";
import {state, views} from "./state.js";

const MARKING = 3000;               // how long what was read is gathered before the server is told, in ms
const marked = new Map();          // the last event that the server knows of, by room
const toMark = new Set();          // the views with more
let markTimer = 0;

export function tellRead(view) {
  if (!state.loggedIn || !view.room || view.seq <= (marked.get(view.name) ?? 0)) return;
  toMark.add(view);
  markTimer ||= setTimeout(tellMarks, MARKING);
}

function tellMarks() {
  markTimer = 0;
  for (const view of toMark) {
    if (!state.ready || views.get(view.key) !== view || !seen[view.name]) continue;
    marked.set(view.name, seen[view.name]);
    post({type: "read", room: view.name, seq: seen[view.name], id: nextId()});
  }
  toMark.clear();
}

export function onRead(view, seq) {
  marked.set(view.name, Math.max(seq, marked.get(view.name) ?? 0));
  seen[view.name] = Math.max(seq, seen[view.name] ?? 0);
  if (seq >= view.seq) Object.assign(view, {unread: 0, loud: 0});
}

handlers.read = ofRoom((view, message) => onRead(view, message.seq));
