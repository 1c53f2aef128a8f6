// Going on where this tab, or another one, was.

import {$} from "./dom.js";
import {connect} from "./link.js";
import {outbox, show} from "./outbox.js";
import {add} from "./range.js";
import {adopt, confirmed, isRecent, mine, seen, visit, visitOf} from "./remembered.js";
import {ask} from "./requests.js";
import {state, views} from "./state.js";
import {askTabs, isLive, talksOf} from "./tabs.js";
import {switchTo, viewOf} from "./views.js";

function restore(from) {
  for (const key of from.views || []) {
    const view = viewOf(key), last = seen[view.name];
    if (isRecent && last && confirmed.has(view.name)) Object.assign(view, {seq: last, last, first: last + 1, more: true, composing: from.composing?.[key]});
  }
  for (const key in from.talks || {}) {
    const view = viewOf(key);
    view.talk = from.talks[key];
    for (const message of view.talk) {
      view.seq = ++view.last;
      add(view, {...message, type: "said", seq: view.seq});
    }
  }
  for (const {id, view, wire, at} of from.waiting || []) {
    const entry = {id, view: viewOf(view), wire, at};
    outbox.set(id, entry);
    show(entry);
  }
  for (const key in from.drafts || {}) if (views.has(key)) views.get(key).draft = from.drafts[key];
  if (views.has(from.current)) switchTo(views.get(from.current));
}

export const restoreOwn = () => restore(mine);

export function restoreFor(nick) {  // In a new tab: go on with a visit whose tab is closed.
  const found = visitOf(nick);
  views.clear();  // What an earlier nick, which was refused, has restored.
  outbox.clear();
  state.current = null;
  restore(adopt(found && !isLive(found.token) ? found : null));
}

export function offerToGoOn(nick) {  // If the user is here in another tab.
  const show = () => {
    const found = visitOf(nick);
    $("go-on-part").hidden = !(found && isLive(found.token));
    $("go-on-nick").textContent = nick;
  };
  askTabs(show).then(show);
}

export function goOn() {
  const found = visitOf($("go-on-nick").textContent);
  if (!found) return;
  state.nick = found.nick;
  if (!views.size) restore({...adopt(found), talks: talksOf(found.token)});
  connect();
}

// The server keeps whom a person ignores and whether they are away as long as they have their seat, or an account.
export function restoreStanding(serverIgnores, isAway) {
  if (state.loggedIn) return;
  for (const nick of visit.ignored) if (!serverIgnores.includes(nick)) ask({command: "ignore", nick}, {quiet: true});
  if (typeof visit.away === "string" && !isAway) ask({command: "away", ...(visit.away && {text: visit.away})}, {quiet: true});
}
