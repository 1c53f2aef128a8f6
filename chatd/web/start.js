// What starts the page: it comes last, when everything else is defined.

// -- Event handlers

$("enter").onsubmit = (event) => {
  event.preventDefault();
  nick = $("nick").value.trim();
  $("nick-error").textContent = "";
  if (!nick) return;
  readLogin();
  wanted = true;
  if (!views.size) restore();
  if (socket?.readyState === WebSocket.OPEN && !ready) sayHello(); else connect();
};
$("nick").oninput = () => askForPassword(false, !$("server-password-part").hidden);
$("say").onsubmit = (event) => { event.preventDefault(); submit(); text.focus(); };
$("join").onsubmit = (event) => {
  event.preventDefault();
  const room = $("join-name").value.trim();
  if (room) join(room);
  $("join-name").value = "";
};
$("list-rooms").onclick = () => { drawer(null); ask({command: "rooms"}, {view: current}); };
$("show-rooms").onclick = () => drawer("rooms-side");
$("show-people").onclick = () => drawer("people-side");
$("scrim").onclick = () => drawer(null);
$("again").onclick = () => { tries = 0; connect(); };
$("newest").onclick = () => { backToNow(); text.focus(); };
$("fresh").onclick = () => jump(current.key, {around: current.mark + 1});
$("notify").onclick = toggleNotify;
$("notify").hidden = !canNotify;
$("notify").ariaPressed = String(notifying);
$("topic").onclick = () => prefill(`/topic ${current.topic}`);
$("me").onclick = () => openPersonMenu($("me"), nick);
$("more").onclick = () => { if (current?.room) openSettings(); else openPersonMenu($("more"), current.name); };
log.onclick = (event) => {
  const who = event.target.closest(".nick");
  if (who && !String(getSelection())) openPersonMenu(who, who.textContent, Number(who.closest("li").dataset.seq || 0));
};

function prefill(line, from = line.indexOf(" ") + 1) {
  drawer(null);
  text.value = line;
  grow();
  text.focus();
  text.setSelectionRange(from, line.length);
}

text.oninput = () => { tabbed = null; grow(); };
text.onkeydown = (event) => {
  if (event.isComposing) return;
  if (event.key === "Tab" && !event.altKey && !event.ctrlKey) {
    if ((!event.shiftKey || tabbed) && complete(event.shiftKey ? -1 : 1)) event.preventDefault();
    return;
  }
  if (event.key !== "Shift") tabbed = null;
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
  if (event.altKey) return;
  const old = !text.value || text.value === typedBefore[recalled];
  if (old && (event.key === "ArrowUp" || event.key === "ArrowDown")) { event.preventDefault(); recall(event.key === "ArrowUp" ? -1 : 1); }
};
document.onkeydown = (event) => {
  if (document.querySelector("dialog[open]")) return;  // It has the keys.
  if (event.key === "Escape") escape();
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && welcomed) {
    event.preventDefault();
    drawer(null);
    openSearch(true);
  }
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  const all = [...$("rooms").children, ...$("talks").children].map((li) => views.get(li.dataset.key));
  switchTo(all.at((all.indexOf(current) + (event.key === "ArrowUp" ? -1 : 1)) % all.length) || current);
};
function escape() {  // Close what was opened last; if nothing is open, go to the newest message.
  if (menuOpener) return closeMenu();
  if (document.querySelector(".side.open")) return drawer(null);
  if (!$("search-side").hidden && (narrow.matches || $("search-side").contains(document.activeElement))) return openSearch(false);
  if (following) return;
  backToNow();
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
  const was = following;
  following = atEnd();
  if (following) markRead();
  if (was !== following) atEndOfTurn(refresh);
  if (current) lookForNew(current);
  fill();
};
new ResizeObserver(follow).observe(log);
document.onvisibilitychange = () => {
  if (document.hidden) return save();
  markRead();
  if (wanted && !socket) { tries = 0; connect(); }
};
window.onpagehide = save;
window.ononline = () => { if (wanted && !socket) { tries = 0; connect(); } };

nick ||= stored(everyTab, "chatd-nick") || "";
$("nick").value = nick;
log.append(nowhere.list);
if (!mine.nick && stays && proof) nick = proof.nick;  // A new tab goes on as the same person.
if (mine.nick || (stays && proof)) { restore(); connect(); } else showLogin(true);
