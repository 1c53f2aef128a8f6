// The search, and its hits.

import {showChips} from "./chips.js";
import {contextButton} from "./context.js";
import {$, coloured, make, narrow, text} from "./dom.js";
import {brief, moment, plural} from "./formats.js";
import {jump} from "./jumps.js";
import {readSearch} from "./parsing.js";
import {ask} from "./requests.js";
import {drawer} from "./sides.js";
import {state} from "./state.js";
import {withZone} from "./times.js";
import {excerpt} from "./words.js";

export let latestSearch = null;            // the search whose hits are shown

export function openSearch(open) {
  $("search-side").hidden = !open;
  $("chat").classList.toggle("searching", open);
  $("find").ariaExpanded = String(open);
  $("room").inert = open && narrow.matches;
  if (open) { $("words").focus(); $("words").select(); } else (narrow.matches ? $("find") : text).focus();
}

export function search(line) {
  const fields = readSearch(line);
  for (const side of ["before_time", "after_time"]) if (fields[side]) fields[side] = withZone(fields[side]);
  drawer(null);
  openSearch(true);
  $("words").value = line.trim();
  latestSearch = fields;
  searchFor(latestSearch);
  return true;
}

function searchFor(fields, older = false) {
  const about = {search: latestSearch, older};
  if (!fields.text) return showNoHits(about, "Write a word, or several: tea in:#lobby from:ada.");
  if (!state.ready) return showNoHits(about, "Not connected at the moment.");
  ask({command: "search", ...fields}, about);
}

export function showNoHits({search: by, older}, why) {
  if (by !== latestSearch) return;
  if (!older) $("hits").replaceChildren();
  $("more-hits").hidden = true;
  $("found").textContent = why;
  showChips();
}

export function showHits(words, events, more, older) {
  const list = $("hits");
  if (!older) list.replaceChildren();
  const known = new Set([...list.children].map((li) => `${li.dataset.seq} ${li.dataset.room}`));
  const added = events.filter((event) => !known.has(`${event.seq} ${event.room}`)).map((event) => hitEntry(event, words));
  list.append(...added);
  showChips(events);
  if (older && more && !added.length) return olderHits(0);  // More messages have that time than an answer holds.
  if (older) added[0]?.querySelector(".hit").focus();
  $("more-hits").hidden = !(more && added.length);
  const number = list.children.length;
  $("found").textContent = number ? `${plural(number, "message", "messages")}${more ? ", and older ones" : ""}` : "Nothing found.";
}

export function olderHits(after = 1) {  // From just after the oldest hit, in ms: other messages may have the same time.
  const before = Date.parse($("hits").lastChild.dataset.time) + after;
  searchFor({...latestSearch, before_time: new Date(before).toISOString(), count: 100}, true);
}

function hitEntry(event, words) {
  const when = new Date(event.time), nick = coloured(make("bdi", {className: "nick"}, event.nick), event.nick);
  const head = make("span", {className: "who"}, nick, make("span", {}, `#${event.room}`),
    make("time", {dateTime: when.toISOString(), title: moment.format(when)}, brief.format(when)));
  const found = excerpt(event.text.replaceAll("\n", " "), words).map(([part, matches]) => matches ? make("mark", {}, part) : part);
  const button = make("button", {type: "button", className: "hit", title: "Go there"}, head, make("span", {className: "text", dir: "auto"}, ...found));
  const li = make("li", {}, button);
  li.append(contextButton(li, event));
  Object.assign(li.dataset, {seq: event.seq, room: event.room, time: event.time});
  button.onclick = () => {
    for (const one of hitButtons()) one.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    if (narrow.matches) openSearch(false);
    jump(`#${event.room}`, {around: event.seq});
  };
  return li;
}

const hitButtons = () => $("hits").querySelectorAll(".hit");

export function stepThroughHits(step) {
  const all = [$("words"), ...hitButtons()];
  if (!$("more-hits").hidden) all.push($("more-hits"));
  const was = all.indexOf(document.activeElement), last = all.findIndex((one) => one.ariaCurrent === "true");
  const next = was === 0 && step > 0 && last > 0 ? last : was + step;  // From the field, return to the current hit.
  all[Math.max(0, Math.min(next, all.length - 1))].focus();
}
