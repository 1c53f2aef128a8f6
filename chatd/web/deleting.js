// What was deleted disappears from the list, the hits, and what is read out; what was changed is shown changed.

import {$} from "./dom.js";
import {entryOf, group, quoteAgain, setText} from "./entries.js";
import {goTo} from "./message_menu.js";

// The hits of the search in a room, and what is shown around them.
const hitsOf = (view) => [...$("hits").querySelectorAll("[data-seq]")].filter((li) => li.dataset.room === view.name);

export function deleteBefore(view, before) {  // Remove what the server has deleted: from the list, the hits, and the live region.
  for (const part of view.list.querySelectorAll("[data-seq]")) if (part.dataset.seq < before) part.remove();
  for (const li of view.list.querySelectorAll(".fact:not(:has([data-seq]))")) li.remove();
  if (view.first <= before) view.more = false;
  view.first = Math.max(view.first, before);
  view.last = Math.max(view.last, before - 1);
  $("live").replaceChildren();
  for (const li of hitsOf(view)) if (li.dataset.seq < before) li.remove();
  const oldest = view.list.querySelector("[data-time]");
  if (oldest) group(oldest);
  quoteAgain(view, (seq) => seq < before);
}

export function blank(view, {target, to}) {  // Remove one message that somebody has deleted.
  const li = view.list.querySelector(`[data-seq="${Number(target)}"].said`), next = li?.nextSibling, isHere = li?.contains(document.activeElement);
  li?.replaceWith(entryOf(view, {type: "blanked", seq: target, time: Number(li.dataset.time), nick: to}));
  if (next) group(next);
  if (isHere) goTo(next?.matches(".said") ? next : null);
  quoteAgain(view, (seq) => seq === target);
  $("live").replaceChildren();
  for (const hit of hitsOf(view)) if (Number(hit.dataset.seq) === target) hit.remove();
}

export function change(view, {target, text}) {
  const li = view.list.querySelector(`[data-seq="${Number(target)}"].said`);
  if (li) setText(li, text, true);
  quoteAgain(view, (seq) => seq === target);
  for (const hit of hitsOf(view)) if (Number(hit.dataset.seq) === target) (hit.querySelector(".hit") || hit).querySelector(".text").textContent = text;
}
