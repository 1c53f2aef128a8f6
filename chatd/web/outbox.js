// Messages on their way: shown at once, sent again until they are answered.

import {announce, make, text} from "./dom.js";
import {fillMessage, group, note} from "./entries.js";
import {replaceText} from "./field.js";
import {clock} from "./formats.js";
import {post} from "./link.js";
import {typedAs} from "./parsing.js";
import {keepMessage, save} from "./remembered.js";
import {ask, nextId} from "./requests.js";
import {state} from "./state.js";
import {follow, showEnd, switchTo, viewOf} from "./views.js";

const LINE_BYTES = 4096, TEXT_LINES = 60;
export const outbox = new Map();           // messages without an answer, by id

export function say(view, wire) {
  const id = nextId(), entry = {id, view, wire: {...wire, id}, at: Date.now()};
  const isLong = new TextEncoder().encode(JSON.stringify(entry.wire)).length > LINE_BYTES;
  if (isLong || wire.text.split("\n").length > TEXT_LINES) {
    show(entry);
    markRefused(entry, `The message is too long. It has at most ${LINE_BYTES} bytes and ${TEXT_LINES} lines; send several.`);
    return true;
  }
  show(entry);
  if (view.gone && state.ready) {
    ask({command: "whois", nick: view.name}, {held: {
      done: ({account}) => account ? send(entry) : hold(entry, "This nick is not registered, and may be somebody else's now."),
      refused: (why) => markRefused(entry, why),
    }});
    return true;
  }
  send(entry);
  return true;
}

function send(entry) {
  entry.view.gone = 0;
  outbox.set(entry.id, entry);
  save();
  if (state.ready) post(entry.wire);
}

function hold(entry, why) {  // Ask before it is sent.
  const {li, view} = entry;
  li.classList.remove("pending");
  const question = make("span", {className: "wrong"}, make("span", {}, `Not sent yet. ${view.name} left at ${clock.format(view.gone)}. ${why}`),
    make("button", {type: "button", onclick: () => { question.remove(); li.classList.add("pending"); send(entry); text.focus(); }}, "Send"),
    make("button", {type: "button", onclick: () => { li.remove(); text.focus(); }}, "Discard"));
  li.append(question);
  announce(question.firstChild.textContent);
  follow();
}

export function show(entry) {
  const {view, wire} = entry, li = make("li"), now = new Date(entry.at);
  li.dataset.time = now.getTime();
  entry.li = fillMessage(view, li, {nick: state.nick, text: wire.text, action: wire.command === "me", reply: wire.reply}, now);
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
  const view = viewOf(`@${whom}`);
  entry.li?.classList.remove("pending");
  outbox.delete(entry.id);
  keepMessage(view, {nick: state.nick, text: entry.wire.text, time: entry.at, id: entry.id});
  save();
  if (entry.view === view) return;
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
  const typed = wire.command === "me" ? `/me ${wire.text}` : typedAs(wire.text);
  const edit = make("button", {type: "button", onclick: () => { li.remove(); replaceText(typed); }}, "Edit");
  const drop = make("button", {type: "button", onclick: () => { li.remove(); text.focus(); }}, "Discard");
  li.append(make("span", {className: "wrong"}, make("span", {}, `Not sent. ${why}`), edit, drop));
  announce(`Not sent. ${why}`);
  if (entry.view === state.current) follow();
}

// A browser asks before it closes a tab with messages that wait; a new tab would send them, but who knows when.
window.addEventListener("beforeunload", (event) => { if (outbox.size && state.wanted) event.preventDefault(); });
