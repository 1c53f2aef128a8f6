// Messages on their way: shown at once, sent again until they are answered.

import {announce, make, text} from "./dom.js";
import {fillMessage, group, note} from "./entries.js";
import {grow} from "./field.js";
import {post} from "./link.js";
import {RECENT, confirmed, save, saved, seen, shared} from "./remembered.js";
import {nextId} from "./requests.js";
import {state, views} from "./state.js";
import {follow, showEnd, switchTo, viewOf} from "./views.js";

const LINE_BYTES = 4096;
export const outbox = new Map();           // messages without an answer, by id

export function say(view, wire) {
  const id = nextId(), entry = {id, view, wire: {...wire, id}};
  if (new TextEncoder().encode(JSON.stringify(entry.wire)).length > LINE_BYTES) {
    show(entry);
    markRefused(entry, `The message is too long. A line has at most ${LINE_BYTES} bytes; send several.`);
    return true;
  }
  outbox.set(id, entry);
  save();
  show(entry);
  if (state.ready) post(entry.wire);
  return true;
}

function show(entry) {
  const {view, wire} = entry, li = make("li"), now = new Date();
  li.dataset.time = now.getTime();
  entry.li = fillMessage(li, state.nick, wire.text, wire.command === "me", now);
  li.classList.add("pending");
  view.list.append(li);
  group(li);
  if (view === state.current) showEnd(view);
}

export function forget(id) {
  outbox.get(id)?.li?.remove();
  outbox.delete(id);
  save();
}

export function onPrivateSent(entry, whom) {  // A private message was delivered. It has no event, so its entry stays.
  entry.li?.classList.remove("pending");
  outbox.delete(entry.id);
  save();
  if (entry.wire.command !== "reply") return;
  const view = viewOf(`@${whom}`);
  view.list.append(entry.li);
  group(entry.li);
  switchTo(view);
}

export function markRefused(entry, why) {
  const {li, wire} = entry;
  outbox.delete(entry.id);
  save();
  if (!li) return note(entry.view, why, true);
  li.classList.remove("pending");
  const edit = make("button", {type: "button", onclick: () => { li.remove(); text.value = wire.text; grow(); text.focus(); }}, "Edit");
  const drop = make("button", {type: "button", onclick: () => { li.remove(); text.focus(); }}, "Discard");
  li.append(make("span", {className: "wrong"}, make("span", {}, `Not sent. ${why}`), edit, drop));
  announce(`Not sent. ${why}`);
  if (entry.view === state.current) follow();
}

export function restore() {  // Restore the views and the unacknowledged messages from before a reload.
  const recent = Date.now() - shared.at < RECENT;
  for (const key of saved.views || []) {
    const view = viewOf(key), last = seen[view.name];
    if (recent && last && confirmed.has(view.name)) Object.assign(view, {seq: last, last, first: last + 1, more: true});
  }
  for (const {id, view, wire} of saved.waiting || []) {
    const entry = {id, view: viewOf(view), wire};
    outbox.set(id, entry);
    show(entry);
  }
  if (views.has(saved.current)) switchTo(views.get(saved.current));
}
