// The day, and the author of what is at the top of the log: a long run of messages has its heading out of sight.

import {$, log} from "./dom.js";
import {clock, dayOf} from "./formats.js";

let waiting = 0;

export function showWhereSoon() {  // Looking for it lays out the list.
  waiting ||= setTimeout(() => { waiting = 0; showWhere(); }, 150);
}

function showWhere() {
  const {left, top, width} = log.getBoundingClientRect();
  const li = document.elementFromPoint(left + width / 2, top + 4)?.closest?.("#log li[data-time]"), where = $("where");
  const isHidden = !li || log.scrollTop < 8 || (li.matches(".day") && li.getBoundingClientRect().top > top - 30);
  where.hidden = isHidden;
  if (isHidden) return;
  const when = new Date(Number(li.dataset.time)), goesOn = li.matches(".said") && (!li.matches(".first") || li.getBoundingClientRect().top < top - 12);
  $("where-day").textContent = dayOf(when);
  $("where-nick").textContent = goesOn ? li.dataset.nick : "";
  $("where-time").textContent = goesOn ? clock.format(when) : "";
}
