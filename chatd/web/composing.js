// What the next message of each room is, if it is not simply a new one: a reply, or a change of an earlier one.

import {$, text} from "./dom.js";
import {replaceText} from "./field.js";
import {sources} from "./message_menu.js";
import {saveSoon} from "./remembered.js";
import {state} from "./state.js";

export const shortened = (what) => what.replace(/```\S*/g, " ").replace(/\s+/gu, " ").trim().slice(0, 120);

function compose(what, view = state.current) {
  view.composing = what;
  showComposing();
  saveSoon();
}

export function showComposing() {
  const isNew = !state.current?.composing;
  $("composing").hidden = isNew;
  $("composing-what").textContent = isNew ? "" : described(state.current);
}

function described({composing, list}) {
  if (composing.edit) return "You change your message.";
  const li = list.querySelector(`[data-seq="${composing.reply}"]`);
  if (!li) return "You reply to an earlier message.";
  return li.matches(".said") ? `You reply to ${li.dataset.nick}: ${shortened(sources.get(li))}` : "You reply to a deleted message.";
}

export function startReply(seq) {
  compose({reply: seq});
  text.focus();
}

export function startEdit(seq, what) {
  replaceText(what);
  compose({edit: seq});
}

export function endChange() {       // Its text is no longer in the field.
  if (state.current?.composing?.edit) compose(null);
}

export function takeComposing(view) {  // What the message that is being sent is; the next one is a new one.
  const {composing} = view;
  compose(null, view);
  return composing || {};
}

export function endComposing() {
  if (state.current.composing.edit) replaceText("");
  compose(null);
  text.focus();
}

$("end-composing").onclick = endComposing;
