// What starts the page: the event handlers, and the first connection.

import "./answers.js";
import {endComposing} from "./composing.js";
import {$, atEndOfTurn, log, narrow, text} from "./dom.js";
import {pickerKeys} from "./emoji.js";
import {closeAside} from "./entries.js";
import "./events.js";
import {prefill} from "./field.js";
import {backToNow, jump} from "./jumps.js";
import {connect, sayHello, socket} from "./link.js";
import {askForPassword, keptProof, readLogin, showLogin, stays} from "./login.js";
import {closeMenu, menuOpener} from "./menus.js";
import "./message_menu.js";
import {canNotify, notifying, toggleNotify} from "./notifications.js";
import {openPersonMenu} from "./person_menu.js";
import {readLink} from "./places.js";
import {applyPreferences} from "./preferences.js";
import {fill} from "./range.js";
import {lastLog, mine, visitOf} from "./remembered.js";
import {ask, join} from "./requests.js";
import {goOn, offerToGoOn, restoreFor, restoreOwn} from "./restoring.js";
import {olderHits, openSearch, search, stepThroughHits} from "./search.js";
import {drawer, refresh} from "./sides.js";
import {state, views} from "./state.js";
import {everyTab, stored} from "./storage.js";
import {openSwitcher} from "./switcher.js";
import {askTabs} from "./tabs.js";
import {lookForNew} from "./unread.js";
import {follow, markRead, nowhere, onScrolled, switchTo} from "./views.js";
import "./waking.js";
import {showWhereSoon} from "./where.js";

$("enter").onsubmit = (event) => {
  event.preventDefault();
  state.nick = $("nick").value.trim();
  $("nick-error").textContent = "";
  if (!state.nick) return;
  readLogin();
  state.wanted = true;
  if (!state.welcomed) restoreFor(state.nick);
  if (socket?.readyState === WebSocket.OPEN && !state.ready) sayHello(); else connect();
};

$("nick").oninput = () => askForPassword(false, !$("server-password-part").hidden);
$("go-on").onclick = goOn;

$("join").onsubmit = (event) => {
  event.preventDefault();
  const room = $("join-name").value.trim();
  if (room) join(room);
  $("join-name").value = "";
};

$("list-rooms").onclick = () => { drawer(null); ask({command: "rooms"}, {view: state.current}); };
$("show-rooms").onclick = () => drawer("rooms-side");
$("show-people").onclick = () => drawer("people-side");
for (const close of document.querySelectorAll("#scrim, .close-side")) close.onclick = () => drawer(null);
$("again").onclick = () => { state.tries = 0; connect(); };
$("newest").onclick = () => { backToNow(); text.focus(); };
$("fresh").onclick = () => jump(state.current.key, {around: state.current.mark + 1});
$("notify").onclick = toggleNotify;
$("notify").hidden = !canNotify;
$("notify").ariaPressed = String(notifying);
$("topic").onclick = () => prefill(`/topic ${state.current.topic}`);
$("me").onclick = () => openPersonMenu($("me"), state.nick);

log.onclick = (event) => {
  const who = event.target.closest(".nick");
  if (who && !String(getSelection())) openPersonMenu(who, who.textContent, Number(who.closest("li").dataset.seq || 0));
};

document.onkeydown = (event) => {
  if (document.querySelector("dialog[open]")) return;  // It has the keys.
  if (event.key === "Escape") escape();
  const key = event.key.toLowerCase(), control = (event.ctrlKey || event.metaKey) && !event.altKey && state.welcomed;
  if (control && ((key === "k" && !event.shiftKey) || (key === "f" && event.shiftKey))) {
    event.preventDefault();
    drawer(null);
    if (key === "k") openSwitcher(); else openSearch(true);
  }
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const all = [...$("rooms").children, ...$("talks").children].map((li) => views.get(li.dataset.key));
  switchTo(all.at((all.indexOf(state.current) + (event.key === "ArrowUp" ? -1 : 1)) % all.length) || state.current);
};

function escape() {  // Close what was opened last; if nothing is open, go to the newest message.
  if (menuOpener) return closeMenu();
  if (!$("aside").hidden) return closeAside();
  if (document.querySelector(".side.open")) return drawer(null);
  if (!$("search-side").hidden && (narrow.matches || $("search-side").contains(document.activeElement))) return openSearch(false);
  if (state.current?.composing) return endComposing();
  if (!state.following) backToNow();
  text.focus();
}

$("find").onclick = () => openSearch($("search-side").hidden);
$("end-search").onclick = () => openSearch(false);
$("search").onsubmit = (event) => { event.preventDefault(); search($("words").value); };
$("more-hits").onclick = () => olderHits();

$("search-side").onkeydown = (event) => {
  if (event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  stepThroughHits(event.key === "ArrowUp" ? -1 : 1);
};

narrow.onchange = () => { $("room").inert = narrow.matches && !$("search-side").hidden; };

log.onscroll = () => {
  const was = state.following;
  onScrolled();
  if (state.following) markRead();
  if (was !== state.following) atEndOfTurn(refresh);
  if (state.current) lookForNew(state.current);
  showWhereSoon();
  fill();
};

new ResizeObserver(follow).observe(log);

applyPreferences();
$("picker-keys").textContent = pickerKeys(navigator.platform);
$("picker").hidden = !pickerKeys(navigator.platform);
state.nick = mine.nick || stored(everyTab, "chatd-nick", "");
state.logName = lastLog;
if (location.hash) readLink();
state.proof = keptProof();
$("nick").value = state.nick;
log.append(nowhere.list);
if (!mine.nick && stays && state.proof) state.nick = state.proof.nick;  // A new tab goes on as the same person.
if (mine.nick) {
  restoreOwn();
  connect();
} else if (stays && state.proof) {
  askTabs().then(() => { restoreFor(state.nick); connect(); });
} else {
  showLogin(true);
  if (visitOf(state.nick)) offerToGoOn(state.nick); else askTabs();
}
