// What the next message is, if it is not simply a new one: a reply, or a change of an earlier one.

import {$, text} from "./dom.js";
import {replaceText} from "./field.js";
import {state} from "./state.js";

export let composing = null;        // {reply, nick} or {edit}: the seq of a message of the view

export const shortened = (what) => what.replace(/```\S*/g, " ").replace(/\s+/gu, " ").trim().slice(0, 120);

export function compose(what, about = "") {
  composing = what && {...what, view: state.current};
  $("composing").hidden = !what;
  $("composing").dataset.reply = what?.reply ? `${state.current.key}/${what.reply}` : "";
  $("composing-what").textContent = !what ? "" : what.edit ? "You change your message." : `You reply to ${what.nick}: ${about}`;
}

export function startReply(seq, nick, what) {
  compose({reply: seq, nick}, shortened(what));
  text.focus();
}

export function startEdit(seq, what) {
  compose({edit: seq});
  replaceText(what);
}

export function takeComposing() {   // What the message that is being sent is; the next one is a new one.
  const what = composing?.view === state.current ? composing : null;
  compose(null);
  return what || {};
}

export function endComposing() {
  if (composing?.edit) replaceText("");
  compose(null);
  text.focus();
}

$("end-composing").onclick = endComposing;
