// What stands at the beginning of a log: who reads it, and how long it is kept. And what to do if there is no room.

import {$, make} from "./dom.js";
import {kept} from "./entries.js";
import {TALK} from "./remembered.js";
import {ask} from "./requests.js";
import {state} from "./state.js";
import {nowhere} from "./views.js";

export function showBeginning(view) {
  if (!state.ready) return;
  if (view === nowhere) return begin(view, "You are in no room.", "Enter one with /join ROOM.", make("button", {type: "button", onclick: () => $("list-rooms").click()}, "Show all rooms"));
  if (!view.room) return view.talk.length < TALK && begin(view, `This is the beginning of your private talk with ${view.name}.`, `What you write here is shown to ${view.name} alone.`);
  if (view.more || view.first > 1 || view.top) return void view.beginning?.remove();
  if (!view.modes) {
    view.modes = {};
    ask({command: "room", room: view.name}, {quiet: true});
  }
  const who = view.modes.private === "on" ? "Only people who are invited can enter and read it" : "Everybody can enter and read it";
  const past = view.modes.history === "off" ? ", but not what was said before they came" : "";
  begin(view, `This is the beginning of ${view.key}.`, `${who}${past}. It keeps ${kept(view.keep)}.`);
}

function begin(view, title, what, ...more) {
  const line = view.beginning ||= make("li", {className: "begin"});
  if (line.dataset.what !== what) {
    line.dataset.what = what;
    line.replaceChildren(make("strong", {}, title), make("span", {}, what), ...more);
  }
  if (view.list.firstChild !== line) view.list.prepend(line);
}

export function learnModes(view, modes) {
  view.modes = modes;
  if (view === state.current) showBeginning(view);
}
