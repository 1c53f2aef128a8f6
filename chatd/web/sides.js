// The lists of rooms and talks, and everything around the log that changes.

import {showBeginning} from "./beginning.js";
import {showComposing} from "./composing.js";
import {$, arrange, face, make, text} from "./dom.js";
import {brief, plural, span} from "./formats.js";
import {refreshPeople} from "./people.js";
import {levelOf} from "./preferences.js";
import {refreshRoomMenu} from "./room_menu.js";
import {state, views} from "./state.js";
import {drawNew, lookForNew} from "./unread.js";
import {follow, nowhere, switchTo} from "./views.js";

function buildView(view) {
  const button = make("button", {type: "button"});
  if (!view.room) button.append(face(view.name, "small"));
  button.append(make("span", {className: "name", dir: "auto"}), make("span", {className: "badge", ariaHidden: "true"}), make("span", {className: "unseen"}));
  return make("li", {}, button);
}

function updateView(li, view) {
  const button = li.firstChild, badge = li.querySelector(".badge");
  li.classList.toggle("unread", view.unread > 0);
  li.querySelector(".name").textContent = view.room ? `#${view.name}` : view.name;
  badge.hidden = !view.unread;
  const number = view.loud || view.unread;
  badge.textContent = `${view.loud && view.room ? "@" : ""}${number > 99 ? "99+" : number}`;
  badge.classList.toggle("loud", view.loud > 0);
  li.classList.toggle("muted", levelOf(view) === "none");
  if (view === state.current) button.setAttribute("aria-current", "page"); else button.removeAttribute("aria-current");
  const mentions = view.loud && view.room ? `, ${plural(view.loud, "mention", "mentions")}` : "";
  li.querySelector(".unseen").textContent = view.unread ? `, ${view.unread} unread${mentions}` : "";
  button.onclick = () => { switchTo(view); text.focus(); };
  if (view.room) return;
  const standing = standingOf(view.name);
  if (standing === undefined) delete li.dataset.here; else li.dataset.here = standing === null ? "here" : "away";
}

// Whether a person is away, as far as a room knows that the user is in: null if they are not, undefined if none knows.
function standingOf(who) {
  const away = [...views.values()].find((view) => view.members.has(who))?.members.get(who);
  return typeof away === "string" ? `away${away && `: ${away}`}` : away;
}

export function refresh() {
  const all = [...views.entries()], rooms = all.filter(([, view]) => view.room), talks = all.filter(([, view]) => !view.room);
  arrange($("rooms"), rooms, buildView, updateView);
  arrange($("talks"), talks, buildView, updateView);
  $("talks-part").hidden = !talks.length;
  $("me").replaceChildren(face(state.nick || "?", "small"), make("bdi", {}, state.nick));
  refreshRoomMenu();
  $("title").textContent = !state.current ? "No room" : state.current.room ? state.current.key : state.current.name;
  $("topic").textContent = state.current?.room ? state.current.topic || "Set a topic" : "";
  $("topic").hidden = !state.current?.room;
  $("keep").textContent = state.current ? badgeOf(state.current) : "";
  $("chat").classList.toggle("alone", !state.current?.room);
  $("text-label").textContent = `Message to ${state.current ? state.current.room ? state.current.key : state.current.name : "nobody"}`;
  text.placeholder = state.current ? $("text-label").textContent : "Join a room first";
  refreshPeople();
  const counted = (view) => levelOf(view) === "none" ? 0 : view.unread;
  const unread = all.reduce((sum, [, view]) => sum + counted(view), 0);
  showIcon(all.some(([, view]) => view.loud));
  const away = all.reduce((sum, [, view]) => sum + (view === state.current ? 0 : counted(view)), 0);
  $("elsewhere").hidden = !away;
  $("elsewhere").textContent = away > 99 ? "99+" : away;
  $("show-rooms").ariaLabel = away ? `Rooms, ${away} unread` : "Rooms";
  document.title = `${unread ? `(${unread}) ` : ""}${state.current ? `${state.current.key} – ` : ""}${$("server").textContent}`;
  showComposing();
  showBeginning(state.current || nowhere);
  if (state.current) { drawNew(state.current); lookForNew(state.current); follow(); }
  $("newest").hidden = state.following || !state.current;
  $("newest").textContent = state.current?.unread ? `${plural(state.current.unread, "new message", "new messages")} ↓` : "Newest messages ↓";
}

function showIcon(isNew) {  // A dot, if somebody has written to the user.
  const href = isNew ? "icon-new.svg" : "icon.svg";
  if (!$("icon").href.endsWith(`/${href}`)) $("icon").href = href;
}

function badgeOf({room, name, keep, since}) {
  if (!room) return standingOf(name) ?? "";
  if (!keep) return "";
  const from = since > Date.now() ? `, from ${brief.format(since)} on` : "";
  return (keep === "none" ? "keeps no messages" : `keeps messages for ${span(keep)}`) + from;
}

export function drawer(which) {
  $("room").inert = Boolean(which);
  $("scrim").hidden = !which;
  for (const [button, side] of [["show-rooms", "rooms-side"], ["show-people", "people-side"]]) {
    const open = side === which;
    if (!open && $(side).classList.contains("open")) $(button).focus();
    $(side).classList.toggle("open", open);
    $(button).ariaExpanded = String(open);
  }
  if (which) ["[aria-current]", "li button", "button"].map((one) => $(which).querySelector(one)).find(Boolean)?.focus();
}
