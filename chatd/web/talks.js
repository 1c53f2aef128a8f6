// Private talks: the server's inbox has what was said before, also from other devices.

import {OWN} from "./dom.js";
import {add} from "./range.js";
import {keepMessage} from "./remembered.js";
import {ask} from "./requests.js";
import {state} from "./state.js";
import {follow} from "./views.js";

const RECALLED = 50;                // how many messages of a talk are requested

export function recallTalk(view) {  // Once for each talk, when it is shown.
  if (!view || view.room || view.isRecalled || !state.ready) return;
  view.isRecalled = true;
  ask({command: "history", room: view.key, count: RECALLED}, {talk: view});
}

export function showTalk(view, events) {  // The inbox knows better than this tab what was said, and when.
  const said = events.filter((event) => event.type === "private");
  if (!said.length) return;
  for (const li of [...view.list.querySelectorAll(".said")]) if (!li.matches(OWN)) li.remove();
  const rest = view.list.firstChild;
  Object.assign(view, {talk: [], seq: 0, last: 0});
  for (const event of said) {
    view.seq = ++view.last;
    keepMessage(view, event);
    add(view, {...event, type: "said", seq: view.seq}, rest);
  }
  if (view === state.current) follow();
}
