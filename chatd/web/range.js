// The part of a room's log that its list shows, and extending it at both ends.

import {OWN, atEndOfTurn, log} from "./dom.js";
import {entryOf, group, merge} from "./entries.js";
import {outbox} from "./outbox.js";
import {ask} from "./requests.js";
import {refresh} from "./sides.js";
import {state} from "./state.js";
import {mentions} from "./unread.js";
import {atEnd, below, expectShorter, markRead, setFollowing} from "./views.js";

export const SHOWN = 400;                  // about how many entries the list of a view holds; those before and after are requested when needed
export const SPARE = 100;                  // how many more before the list is cut
export const PAGE = 50;                    // events per request
const NEAR = 300;                   // how near to an end of the list, in pixels, more events are requested

export function append(view, event) {
  if (event.seq <= view.last) return;  // It is in the list already.
  view.last = event.seq;
  add(view, event);  // refresh scrolls, once per turn: measuring for each of thousands of entries takes seconds.
  if (view.list.children.length > SHOWN + SPARE) keepInPlace(view, () => cutTop(view));
}

export function skip(view, event) {
  for (const li of [...view.list.children]) if (!li.matches(OWN)) li.remove();
  Object.assign(view, {first: event.seq + 1, last: event.seq, more: true, top: null});
}

export function add(view, event, before = outbox.size ? view.list.querySelector(".pending, .sent") : null) {
  const li = entryOf(view, event);
  if (!li) return;
  if (li.classList.contains("fact") && merge(li, before ? before.previousSibling : view.list.lastChild)) return;
  view.list.insertBefore(li, before);
  if (view.room && event.type === "said" && event.nick !== state.nick && mentions(event.text)) li.classList.add("loud");
  group(li);
  if (li.nextSibling) group(li.nextSibling);
}

// Change the list without moving what the reader is looking at.
export function keepInPlace(view, change) {
  const measures = view && view === state.current && !state.following, top = measures && log.getBoundingClientRect().top;
  const li = measures && [...view.list.children].find((one) => one.getBoundingClientRect().top >= top);
  const was = li && li.getBoundingClientRect().top;
  change();
  if (li?.isConnected) log.scrollTop += li.getBoundingClientRect().top - was;  // Otherwise refresh scrolls to the end.
}

function cutTop(view) {
  if (view === state.current) expectShorter();
  while (view.list.children.length > SHOWN) view.list.firstChild.remove();
  if (!view.room) return;
  view.first = Number(view.list.querySelector("[data-seq]")?.dataset.seq || view.last + 1);
  if (view.top && !view.top.isConnected) view.top = null;
  view.more = !view.top;
  group(view.list.firstChild);
}

function cutEnd(view) {
  if (view.list.children.length <= SHOWN + SPARE) return;
  for (const li of [...view.list.children].slice(SHOWN)) if (!li.matches(OWN)) li.remove();
  view.last = Number([...view.list.querySelectorAll("[data-seq]")].at(-1).dataset.seq);
  view.later = true;
}

export function load(view, fields, page, about = {}) {
  const asking = {...about, ...fields, view, page};
  if (state.ready) view.loading = asking;
  ask({command: "history", room: view.name, ...fields}, asking);
}

export function fill(count = PAGE) {  // Request more events if an end of the list is near.
  const view = state.current;
  if (!view?.room || view.loading || !state.ready) return;
  if (view.more && log.scrollTop < NEAR) load(view, {before: view.first, count}, prepend);
  else if (view.later && below() < NEAR) load(view, {after: view.last, count}, extend);
}

function prepend(view, {events, more}, {before: requested, count}) {
  if (view.first !== requested) return fill();  // The list was cut meanwhile.
  view.more = more;
  view.first = events.length ? events[0].seq : Math.max(1, view.first - count);  // Empty: all from ignored people.
  keepInPlace(view, () => {
    const before = view.top ? view.top.nextSibling : view.list.firstChild;
    for (const event of events) add(view, event, before);
    cutEnd(view);
  });
  atEndOfTurn(refresh);
  fill();
}

function extend(view, {events, later: others}, {count}) {
  keepInPlace(view, () => {
    for (const event of events) append(view, event);
  });
  if (!events.length && (others || view.keep === "none")) view.last = Math.min(view.last + count, view.seq);
  view.later = others || view.last < view.seq;
  if (view === state.current) { setFollowing(atEnd()); markRead(); }
  atEndOfTurn(refresh);
  fill();
}
