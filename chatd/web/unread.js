// Messages that the user has not read, and the line above them.

import {$, announce, log, make} from "./dom.js";
import {group} from "./entries.js";
import {notify} from "./notifications.js";
import {alertWords, beep, levelOf} from "./preferences.js";
import {state} from "./state.js";
import {watched} from "./views.js";

export function countNew(view, event) {
  if (event.type !== "said" || event.nick === state.nick) return;
  const past = view.room && event.seq < view.state;  // From before the user came (back).
  const level = levelOf(view), loud = level !== "none" && (!view.room || mentions(event.text)), unseen = !watched(view);
  if (!past) announceNew(view, event, loud, loud || level === "all");
  if (!past && !unseen) return;
  if (!view.unread && !view.caught) Object.assign(view, {mark: event.seq - 1, fresh: 0, atLeast: false, lineSeen: false});
  view.fresh++;
  if (past) view.caught++;
  if (!unseen) return;
  view.unread++;
  if (loud) view.loud++;
}

function announceNew(view, event, loud, alerts) {
  if (view === state.current && view.room && !document.hidden) announce(`${event.nick}: ${event.text}`);
  else if (loud) announce(`${event.nick}${view.room ? ` in ${view.key}` : ", in private"}: ${event.text}`);
  if (!alerts || (!document.hidden && view === state.current)) return;
  notify(view, event);
  beep();
}

export function announceMissed(view) {
  if (view.caught) announce(`${freshOf(view)} in ${view.key}`);
  view.caught = 0;
}

const freshOf = (view) => `${view.fresh.toLocaleString()}${view.atLeast ? "+" : ""} new ${view.fresh === 1 ? "message" : "messages"}`;

export function drawNew(view) {  // The line between read and new messages, if the list contains that position.
  const line = view.line ||= make("li", {className: "new"});
  const parts = view.fresh ? [...view.list.querySelectorAll("[data-seq]")] : [];
  const next = view.first <= view.mark + 1 && parts.find((part) => part.dataset.seq > view.mark)?.closest("li");
  const after = line.nextSibling;
  if (!next) line.remove();
  else if (after !== next) next.before(line);
  if (next) line.textContent = `${freshOf(view)}${next.matches(".day") ? ` · ${next.dataset.label}` : ""}`;
  for (const li of [after, next]) if (li) group(li);
}

export function lookForNew(view) {  // A button jumps to the line until it has been in sight.
  if (!view.fresh || view.lineSeen) return void ($("fresh").hidden = true);
  const line = view.line?.isConnected && view.line.getBoundingClientRect(), all = log.getBoundingClientRect();
  const above = line ? line.bottom < all.top : view.first > view.mark + 1;
  if (line && !above && line.top < all.bottom && !document.hidden) view.lineSeen = true;
  $("fresh").hidden = view.lineSeen || !above;
  $("fresh").textContent = `${freshOf(view)} ↑`;
}

export function mentions(what) {
  const words = [state.nick, ...alertWords()].map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  return new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${words.join("|")})(?![\\p{L}\\p{N}_-])`, "iu").test(what);
}
