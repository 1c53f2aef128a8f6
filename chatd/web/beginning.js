// What stands at the beginning of a room's log: who can read the room, and how long it is kept.

import {make} from "./dom.js";
import {kept} from "./entries.js";
import {ask} from "./requests.js";
import {state} from "./state.js";

export function showBeginning(view) {
  if (!view.room || view.more || view.first > 1 || view.top || !state.ready) return void view.beginning?.remove();
  const line = view.beginning ||= make("li", {className: "begin"});
  if (!view.modes) {
    view.modes = {};
    ask({command: "room", room: view.name}, {quiet: true});
  }
  const who = view.modes.private === "on" ? "Only people who are invited can enter and read it" : "Everybody can enter and read it";
  const past = view.modes.history === "off" ? ", but not what was said before they came" : "";
  const what = `${who}${past}. It keeps ${kept(view.keep)}.`;
  if (line.dataset.what !== what) {
    line.dataset.what = what;
    line.replaceChildren(make("strong", {}, `This is the beginning of ${view.key}.`), make("span", {}, what));
  }
  if (view.list.firstChild !== line) view.list.prepend(line);
}

export function learnModes(view, modes) {
  view.modes = modes;
  if (view === state.current) showBeginning(view);
}
