// The menu of a message, and moving from message to message with the keyboard.

import {startEdit, startReply} from "./composing.js";
import {log, text} from "./dom.js";
import {note} from "./entries.js";
import {menuOpener, openMenu} from "./menus.js";
import {MODERATOR, rankOf} from "./people.js";
import {typedAs} from "./parsing.js";
import {moderate} from "./person_menu.js";
import {hashOf} from "./places.js";
import {state} from "./state.js";

const EDITED_WITHIN = 3600e3;       // how long the server lets a message be changed, in ms

function openMessageMenu(li, opener) {
  const view = state.current, seq = Number(li.dataset.seq || 0), who = li.dataset.nick, isOwn = who === state.nick, what = sourceOf(li);
  const may = isOwn || (rankOf(view, state.nick) >= MODERATOR && rankOf(view, state.nick) > rankOf(view, who));
  const isNew = Date.now() - li.dataset.time < EDITED_WITHIN;
  openMenu(opener, `What you can do with this message of ${who}`, [[
    ...(view.room && seq ? [["Reply", () => startReply(seq)]] : []),
    ...(view.room && seq && isOwn && isNew ? [["Change", () => startEdit(seq, typedAs(what))]] : []),
    ["Copy the text", () => copy(what)],
    ...(view.room && seq ? [["Copy the link", () => copy(new URL(hashOf(view, seq), location.href).href)]] : []),
  ], view.room && seq && may ? [["Delete", () => moderate("delete", who, {room: view.name, which: String(seq)})]] : []]);
}

export const sources = new WeakMap();  // the texts of messages as they were typed, by their entries
const sourceOf = (li) => sources.get(li) || "";

async function copy(what) {
  try { await navigator.clipboard.writeText(what); } catch { note(state.current, what); }  // An insecure page has no clipboard.
}

log.addEventListener("click", (event) => {
  const time = event.target.closest("time"), li = time?.closest(".said");
  if (li && !li.matches(".pending")) openMessageMenu(li, time);
});
log.addEventListener("contextmenu", (event) => {
  endTouch();
  if (menuOpener && event.pointerType === "touch") return event.preventDefault();  // The long touch has opened it.
  if (openAt(event.target)) event.preventDefault();
});

function openAt(target) {
  const li = target.closest(".said");
  if (!li || target.closest("a") || String(getSelection()) || li.matches(".pending")) return false;
  openMessageMenu(li, target === li ? li : li.querySelector(".text"));
  return true;
}

const LONG = 500, FAR = 10;         // how long a touch is long, in ms, and how far it may move meanwhile, in pixels
let touch = null;                   // the touch that may become a long one: where it began, and its timer

function endTouch() {
  clearTimeout(touch?.timer);
  touch = null;
}

log.addEventListener("pointerdown", (event) => {  // Not every phone has a contextmenu event.
  endTouch();
  log.removeEventListener("click", stop, true);
  if (event.pointerType !== "touch" || !event.isPrimary) return;
  const {clientX: x, clientY: y, target} = event;
  touch = {x, y, timer: setTimeout(() => { if (openAt(target)) log.addEventListener("click", stop, true); }, LONG)};
});
log.addEventListener("pointermove", (event) => {
  if (touch && Math.hypot(event.clientX - touch.x, event.clientY - touch.y) > FAR) endTouch();
});
for (const type of ["pointerup", "pointercancel"]) log.addEventListener(type, endTouch);
const stop = (event) => event.stopPropagation();  // The click that ends a long touch.
log.addEventListener("keydown", (event) => {  // Arrows go from message to message, Enter opens the menu.
  if (event.altKey || event.ctrlKey || event.metaKey || menuOpener) return;
  const all = [...state.current?.list.querySelectorAll(".said") || []], at = all.indexOf(document.activeElement);
  const to = {ArrowUp: at < 0 ? all.length - 1 : Math.max(0, at - 1), ArrowDown: at < 0 ? all.length - 1 : at + 1}[event.key];
  if (event.key === "Enter" && at >= 0 && event.target === all[at]) {
    event.preventDefault();
    openMessageMenu(all[at], all[at]);
  } else if (to !== undefined && all.length) {
    event.preventDefault();
    goTo(all[to]);
  }
});

export function goTo(li) {          // A message; there is none after the last one but that in the field.
  if (!li) return text.focus();
  li.tabIndex = -1;
  li.focus();
}
