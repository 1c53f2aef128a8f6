// What was said around a hit of the search, shown with it.

import {shortened} from "./composing.js";
import {announce, coloured, make} from "./dom.js";
import {ask} from "./requests.js";

const EACH = 2;                     // how many messages are shown before a hit, and after it
const ASKED = 20;                   // how many events are requested for them: joins and leaves are among these

const line = (event) => {
  const li = make("li", {dir: "auto"}, coloured(make("bdi", {className: "nick"}, event.nick), event.nick), " ", make("span", {className: "text"}, shortened(event.text)));
  Object.assign(li.dataset, {seq: event.seq, room: event.room});
  return li;
};

const listOf = (events, label) => events.length ? [make("ul", {className: "context", ariaLabel: label}, ...events.map(line))] : [];

export function contextButton(li, hit) {
  const button = make("button", {type: "button", className: "show-context", ariaExpanded: "false"}, "Show the context");
  const set = (open, label) => { button.ariaExpanded = String(open); button.textContent = label; };
  button.onclick = () => {
    for (const old of li.querySelectorAll(".context")) old.remove();
    if (button.ariaExpanded === "true") return set(false, "Show the context");
    ask({command: "history", room: hit.room, around: hit.seq, count: ASKED}, {view: null, held: {
      done({events = []}) {
        const said = events.filter((event) => event.type === "said");
        const before = said.filter((event) => event.seq < hit.seq).slice(-EACH), after = said.filter((event) => event.seq > hit.seq).slice(0, EACH);
        li.prepend(...listOf(before, "Before it"));
        button.before(...listOf(after, "After it"));
        set(true, before.length + after.length ? "Hide the context" : "Nothing was said around it");
        announce([...before, ...after].map((event) => `${event.nick}: ${event.text}`).join("\n"));
      },
      refused: (why) => set(false, why),
    }});
  };
  return button;
}
