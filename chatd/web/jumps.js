// Going to a place in a log, and back to its end.

import {OWN, atEndOfTurn, log} from "./dom.js";
import {note} from "./entries.js";
import {leavePlace, setPlace} from "./places.js";
import {PAGE, add, fill, load} from "./range.js";
import {ask} from "./requests.js";
import {refresh} from "./sides.js";
import {state, views} from "./state.js";
import {atEnd, same, setFollowing, showEnd, switchTo} from "./views.js";

export function jump(key, place) {  // Go to a place in a room's log: before, after or around a seq or a time.
  const known = [...views.keys()].find((one) => same(one, key)), view = views.get(known);
  if (!view) return ask({command: "join", room: key.slice(1)}, {view: state.current, typed: `/join ${key}`, place});
  switchTo(view);
  const part = place.around && view.list.querySelector(`[data-seq="${place.around}"]`);
  if (part) return highlight(part.closest("li"));
  load(view, {count: PAGE, ...place}, replaceList, {place});
}

function replaceList(view, {events, more, later: others}, {place}) {
  const there = !place || !place.around || events.some((event) => event.seq === place.around);
  if (place && !(events.length && there)) return note(view, "There are no messages there.", true);
  const all = [...view.list.children], end = all.findLastIndex((li) => li.matches(".fact, .said[data-seq]"));
  const rest = all.filter((li, at) => li.matches(OWN) || (!place && at > end && li.matches(".note")));
  view.list.replaceChildren(...rest);
  view.top = null;
  view.first = events[0]?.seq ?? view.seq + 1;
  view.last = events.at(-1)?.seq ?? view.seq;
  view.more = more;
  view.later = others || view.last < view.seq;
  for (const event of events) add(view, event, rest[0] || null);
  if (view !== state.current) return void (view.scroll = null);
  if (place) highlight(entryAt(view, place)); else showEnd(view);
  atEndOfTurn(refresh);
  fill();
}

function entryAt(view, place) {  // The entry at a place.
  const all = [...view.list.querySelectorAll("[data-seq]")];
  const at = place.around ? all.find((part) => Number(part.dataset.seq) === place.around)
    : place.around_time ? all.find((part) => part.closest("li").dataset.time >= Date.parse(place.around_time))
    : place.after || place.after_time ? all[0] : all.at(-1);
  return (at || all.at(-1)).closest("li");
}

function highlight(li) {
  removeHighlight();
  setFollowing(false);
  li.classList.add("target");
  li.tabIndex = -1;
  const {top, height} = li.getBoundingClientRect(), all = log.getBoundingClientRect();
  log.scrollTop += top - all.top - (all.height - height) / 2;
  li.focus({preventScroll: true});
  setPlace(state.current, Number(li.dataset.seq || 0));
  setFollowing(atEnd());
  atEndOfTurn(refresh);
}

const removeHighlight = () => log.querySelector(".target")?.classList.remove("target");

export function backToNow() {
  removeHighlight();
  leavePlace(state.current);
  if (state.current?.later && state.ready) load(state.current, {count: PAGE}, replaceList); else showEnd(state.current);
}
