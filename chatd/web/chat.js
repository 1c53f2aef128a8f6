// The chat page: it speaks JSON lines over a WebSocket (docs/protocol.md), and shows rooms and private talks as views.
// Text of people gets into the page as text nodes only.
"use strict";

const LINE_BYTES = 4096;
const SHOWN = 800;                  // about how many entries the list of a view holds; those before and after are requested when needed
const SPARE = 100;                  // how many more before the list is cut
const PAGE = 50;                    // events per request
const NEAR = 300;                   // how near to an end of the list, in pixels, more events are requested
const GROUP = 5 * 60e3;             // consecutive messages of one person within this time, in ms, share a heading
const SILENCE = 40e3;               // after this silence, in ms, the server is pinged
const RECENT = 2 * 24 * 3600e3;     // after an absence up to this, in ms, everything missed is loaded; after a longer one, the latest only
const FILTERS = {in: "room", from: "nick", before: "before_time", after: "after_time"};
const AROUND = 60;                  // how many characters a hit shows before the first match
const REASONS = {
  "quit": "quit", "link-lost": "connection lost", "timed-out": "timed out",
  "not-reading": "not reading", "replaced": "reconnected", "ended": "session ended", "shutdown": "server shutdown",
};
const FIELDS = {COMMAND: "about", N: "count"};  // the fields of commands that are not called as in the usage
const EVENTS = ["said", "joined", "left", "renamed", "topic", "kept", "role", "banned", "unbanned", "invited", "mode",
  "blanked", "deleted", "reported", "announced"];
const UNITS = {h: ["hour", "hours"], d: ["day", "days"], w: ["week", "weeks"]};

// -- Helpers

const OWN = ".said:not([data-seq])";  // one's own messages without a seq: not acknowledged yet, refused, or private

const $ = (id) => document.getElementById(id);
const log = $("log"), text = $("text");

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function stored(storage, key, value) {
  try {  // A browser may forbid storage; then nothing is saved.
    if (value === undefined) return JSON.parse(storage().getItem(key));
    storage().setItem(key, JSON.stringify(value));
  } catch { }
  return null;
}

const thisTab = () => sessionStorage, everyTab = () => localStorage;
const random = (bytes) => [...crypto.getRandomValues(new Uint8Array(bytes))].map((b) => b.toString(16).padStart(2, "0")).join("");
const same = (one, other) => one.normalize("NFC").toLowerCase() === other.normalize("NFC").toLowerCase();
const plural = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
const span = (keep) => plural(parseInt(keep), ...UNITS[keep.at(-1)]);  // 30d: 30 days

function hue(nick) {
  let hash = 2166136261;
  for (const c of nick.toLowerCase()) hash = Math.imul(hash ^ c.codePointAt(0), 16777619) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  return ((hash ^ (hash >>> 13)) >>> 0) % 36 * 10;
}

function coloured(element, nick) {
  element.style.setProperty("--hue", hue(nick));
  return element;
}

const face = (nick, size = "") => coloured(make("span", {className: `face ${size}`, ariaHidden: "true"}, [...nick][0] || "?"), nick);
const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit"});
const date = new Intl.DateTimeFormat(undefined, {weekday: "long", day: "numeric", month: "long"});
const brief = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});
const moment = new Intl.DateTimeFormat(undefined, {dateStyle: "full", timeStyle: "medium"});

function timeOf(when) {
  return make("time", {dateTime: when.toISOString(), title: moment.format(when)}, clock.format(when));
}

// -- State

const shared = stored(everyTab, "chatd-seen") || {}, mine = stored(thisTab, "chatd") || {};
const saved = {...shared, ...mine};  // The state of this tab takes precedence over that of others.
const views = new Map();            // by key, "#lobby" or "@bob", in the order of the lists
const outbox = new Map();           // messages without an answer, by id
const requests = new Map();         // commands without an answer, by id
const commands = new Map();         // the commands of the server, by name: usage, its words, help
const run = random(4);
const token = saved.token || random(16);
const seen = shared.seen || {};     // the last event read in any tab, by room
const confirmed = new Set(shared.confirmed);  // the rooms whose seq in it belongs to the log called logName
let linkedRoom = mine.views?.length ? "" : decoded(location.hash.slice(1));  // the room in the page's address
let nick = mine.nick || "", logName = shared.log || "", newLogName = "", current = null, count = 0;
const nextId = () => `${run}-${++count}`;

function save() {
  const waiting = [...outbox.values()].map(({id, view, wire}) => ({id, view: view.key, wire}));
  const open = {views: [...views.keys()].filter((key) => key[0] === "#"), current: current?.key};
  stored(thisTab, "chatd", {token, nick: wanted ? nick : "", ...open, waiting});
  const others = stored(everyTab, "chatd-seen");
  if (others?.log === logName) {
    for (const room in others.seen) seen[room] = Math.max(seen[room] || 0, others.seen[room]);
    for (const room of others.confirmed || []) confirmed.add(room);
  }
  if (logName) stored(everyTab, "chatd-seen", {log: logName, at: Date.now(), seen, confirmed: [...confirmed], ...open});
}

// -- The connection

let socket = null, ready = false, welcomed = false, wanted = false, tries = 0, retryTimer = 0, silenceTimer = 0, helloId = "";

function connect() {
  disconnect();
  wanted = true;
  if (welcomed) setStatus("Connecting…");
  const address = new URL("ws", location.href);
  address.protocol = location.protocol.replace("http", "ws");
  const mine = socket = new WebSocket(address);
  let opened = false;
  const ours = (then) => (event) => { if (mine === socket) then(event); };  // Ignore an abandoned socket.
  socket.onopen = ours(() => { opened = true; sayHello(); watchConnection(); });
  socket.onmessage = ours((event) => {
    watchConnection();
    for (const line of event.data.split("\n")) if (line) receive(JSON.parse(line));
  });
  socket.onclose = ours(() => { onConnectionLost(); if (!opened) explainRefusal(); });
  watchConnection(10e3);
}

async function explainRefusal() {  // No browser says why a WebSocket was refused, but the server says it to a POST.
  try {
    const answer = await fetch("ws", {method: "POST"});
    if (answer.status !== 403 && answer.status !== 421) return;
    const reason = (await answer.text()).split("\n")[1];
    if (!welcomed) $("nick-error").textContent = reason; else setStatus(reason, "Try now");
  } catch { }  // The server cannot be reached.
}

function disconnect() {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  const old = socket;
  socket = null;
  ready = false;
  old?.close();
}

function watchConnection(patience = SILENCE) {  // Something was received. After a silence, ping; after another, reconnect.
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    if (!ready || patience !== SILENCE) return onConnectionLost();
    post({type: "ping"});
    watchConnection(10e3);
  }, patience);
}

function onConnectionLost() {
  disconnect();
  if (!wanted) return;
  const pause = Math.min(30e3, 500 * 2 ** tries++) * (0.5 + Math.random() / 2);
  if (!welcomed) $("nick-error").textContent = "The server cannot be reached. Trying again…";
  setStatus("The connection is lost. What you type is sent when it is back. Trying again…", "Try now");
  retryTimer = setTimeout(connect, pause);
}

function setStatus(what = "", button = "") {
  if ($("state-text").textContent !== what) $("state-text").textContent = what;
  $("again").textContent = button;
  $("again").hidden = !button;
}

function post(wire) {  // On a closing connection it does nothing: the next one sends and requests everything again.
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wire));
}

function sayHello() {
  const rooms = [], resume = {};
  for (const view of views.values()) {
    if (!view.room) continue;
    if (view.seq && logName) resume[view.name] = view.seq; else rooms.push(view.name);
    view.resuming = view.name in resume;
    view.awaited = true;
  }
  if (linkedRoom) rooms.push(linkedRoom);
  helloId = nextId();
  post({type: "hello", id: helloId, nick, token, rooms, resume, log: logName, ...proofOf(nick)});
}

function adoptLog() {  // The numbers are those of the new run when the server has answered for each of them.
  if (![...views.values()].some((view) => view.resuming)) logName = newLogName;
}

function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

// -- Messages from the server

function receive(message) {
  const ask = message.id && requests.get(message.id);
  if (ask) requests.delete(message.id);
  handlers[message.type]?.(message, ask);
  atEndOfTurn(refresh);
}

const ofRoom = (then) => (message) => {
  const view = views.get(`#${message.room}`);
  if (view) then(view, message);
};

const handlers = {
  welcome(message) {
    nick = message.nick;
    onWelcome(message);
    newLogName = message.log;
    if (logName !== newLogName) {
      confirmed.clear();
      for (const view of views.values()) if (view.resuming) confirmed.add(view.name);
    }
    adoptLog();
    ready = true;
    tries = 0;
    requests.clear();  // Requests on the old connection get no answer.
    for (const view of views.values()) view.loading = null;
    $("server").textContent = message.server;
    stored(everyTab, "chatd-nick", nick);
    showLogin(false);
    setStatus();
    if (!welcomed && message.motd) note(null, message.motd.join("\n"));
    welcomed = true;
    if (!commands.size) ask({command: "help"}, {quiet: true});
    ask({command: "ignore"}, {quiet: true});
    for (const entry of outbox.values()) post(entry.wire);  // The server acknowledges repeated messages, and does not post them again.
  },
  entered(message, ask) {
    const view = viewOf(`#${message.room}`), resumed = view.resuming;
    view.resuming = view.awaited = false;
    adoptLog();
    confirmed.add(view.name);
    apply(view, message);
    if (view.keep) askKeep(view);
    if (!resumed) {
      if (seen[view.name] >= message.seq) delete seen[view.name];  // It belonged to another log.
      const past = message.scrollback || [], last = seen[view.name];
      view.first = past.length ? past[0].seq : message.seq;
      view.more = view.first > 1;
      for (const event of past) onEvent(view, event, event.seq > (last ?? message.seq));
      if (view.first > last + 1) Object.assign(view, {atLeast: true, mark: last});  // The scrollback does not reach back to it.
      announceMissed(view);
      seen[view.name] ??= message.seq;
      view.seq = view.last = Math.max(view.seq, message.seq);
    }
    if (ask || !current || same(linkedRoom, view.name)) switchTo(view);
    if (same(linkedRoom, view.name)) linkedRoom = "";
    if (ask?.place) jump(view.key, ask.place);
    if (view === current) { markRead(); fill(); }
    save();
  },
  exited(message) {
    const view = views.get(`#${message.room}`);
    if (view) close(view, views.get(`#${message.current}`));
    if (message.by) note(null, removed(message), true);
  },
  ack(message) {
    const entry = outbox.get(message.id), view = views.get(`#${message.room}`);
    if (!entry) return;
    entry.li?.classList.remove("pending");
    entry.li?.classList.add("sent");
    if (!view || message.seq <= view.seq) forget(message.id);  // A repeated message, whose event was received before.
  },
  refused(message, ask) {
    const why = [message.reason, message.hint].filter(Boolean).join(" ");
    if (message.code === "server-full") { $("nick-error").textContent = why; return setStatus(why); }
    if (message.id === helloId && !ready) { wanted = false; onHelloRefused(message.code); return showLogin(true, doorHint(message) || why); }
    const entry = outbox.get(message.id);
    if (entry) return markRefused(entry, why);
    if (message.id === helloId) return closeRefused(message.room, why);
    if (ask?.search) return showNoHits(ask, why);
    if (ask?.settings) return showSettingRefused(ask, why);
    if (ask?.form) return ask.form.refused(why);
    if (ask?.page && ask.view.loading === ask) ask.view.loading = null;
    note(ask?.view, ask?.typed ? `${ask.typed}\n${why}` : why, true);
  },
  private(message) {
    const view = viewOf(`@${message.nick}`);  // Private messages have no seq, so the page numbers them.
    onEvent(view, {...message, type: "said", seq: view.seq + 1});
  },
  away(message) {
    note(views.get(`@${message.nick}`), isAway({...message, away: message.text}));
  },
  done(message, ask) {
    if (outbox.has(message.id)) return onPrivateSent(outbox.get(message.id), message.subject);
    if (message.command === "nick") { nick = message.subject; stored(everyTab, "chatd-nick", nick); save(); }
    if (message.command === "join") switchTo(viewOf(`#${message.subject}`));
    if (ask?.settings) return askSettings();
    if (ask?.form) ask.form.done(message);
    if (["away", "back"].includes(message.command)) for (const view of views.values()) apply(view, {type: message.command});
    if (DONE[message.command] && !ask?.quiet) note(ask?.view, DONE[message.command].replace("WHO", () => message.subject));
  },
  help(message, asked) {
    for (const row of message.commands)
      for (const name of [row.name, ...(row.also || [])]) commands.set(name, {group: asked?.group, ...row, words: row.usage.split(" ").slice(1)});
    if (asked?.quiet) return (message.groups || []).forEach((group) => ask({command: "help", about: group}, {quiet: true, group}));
    const list = make("dl");
    for (const row of message.commands) list.append(make("dt", {}, row.usage), make("dd", {}, row.help));
    note(asked?.view, list);
  },
  rooms(message, ask) {
    const list = make("dl");
    for (const row of message.rooms) {
      const enter = make("button", {type: "button", onclick: () => join(row.room)}, `#${row.room}`);
      list.append(make("dt", {}, enter), make("dd", {dir: "auto"}, `${plural(row.count, "person", "people")}${row.topic ? ` – ${row.topic}` : ""}`));
    }
    note(ask?.view, list);
  },
  members(message, ask) {
    const view = views.get(`#${message.room}`), {away = {}, roles = {}} = message;
    if (view) apply(view, message);
    if (ask?.quiet) return;
    const all = message.members.map((who) => {
      const marks = [roles[who], who in away && (away[who] ? `away: ${away[who]}` : "away")].filter(Boolean);
      return marks.length ? `${who} (${marks.join("; ")})` : who;
    });
    note(ask?.view, `In #${message.room} (${message.count}): ${all.join(", ")}`);
  },
  person(message, ask) {
    const rooms = (message.rooms || []).map((room) => `#${room}`).join(", ") || "no room";
    const idle = Math.floor((message.idle || 0) / 60), away = "away" in message ? `\n${isAway(message)}` : "";
    const kind = message.account ? "registered" : "a guest";
    note(ask?.view, `${message.nick} (${kind}) is in ${rooms}; connected since ${brief.format(new Date(message.since))} by ${message.door}` +
      `${idle ? `, idle for ${plural(idle, "minute", "minutes")}` : ""}${away}`);
  },
  "topic-is": (message, ask) => note(ask?.view, message.text ? `The topic of #${message.room} is: ${message.text}` : `#${message.room} has no topic.`),
  keeping(message, ask) {
    const view = views.get(`#${message.room}`), since = message.since ? `, from ${brief.format(new Date(message.since))} on` : "";
    if (view) apply(view, message);
    if (ask?.quiet) return;
    const most = message.most ? `for ${span(message.most)}` : "forever";
    note(ask?.view, message.keep ? `By choice of its owner, #${message.room} keeps ${kept(message.keep)}${since}.`
      : `#${message.room} keeps messages ${most}.`);
  },
  forgotten: ofRoom((view, message) => {
    const deleted = `Messages from before ${brief.format(new Date(message.time))} have been deleted`;
    deleteBefore(view, message.before);
    if (view.more) return note(view, `${deleted}.`);  // They were before the list.
    view.top?.remove();
    view.top = addGap(view, deleted, view.list.firstChild);
    if (view === current) fill();
  }),
  ignoring(message, ask) {
    const nicks = (message.nicks || []).map((nick) => message.now?.[nick] ? `${nick} (now ${message.now[nick]})` : nick);
    ignored = new Set((message.nicks || []).map((nick) => message.now?.[nick] || nick));
    if (ask?.quiet) return;
    note(ask?.view, nicks.length ? `You ignore ${nicks.join(", ")}.` : "You ignore nobody.");
  },
  found(message, ask) {
    if (ask && ask.search === latestSearch) showHits(message.words, message.events || [], Boolean(message.more), ask.older);
  },
  history(message, ask) {
    if (ask?.typed && !ask.page) return showAudit(message, ask.view);
    if (!ask?.page || ask.view.loading !== ask) return;  // Another position was requested since.
    ask.view.loading = null;
    ask.page(ask.view, {events: [], more: false, later: false, ...message}, ask);
  },
  missed: ofRoom((view, message) => {
    const unknown = !message.from;
    if (view.later && !unknown) return void (view.seq = message.to);  // The gap shows when the list is extended.
    view.later = false;
    const what = unknown ? "What you missed is unknown" : `You have missed ${plural(message.to - message.from + 1, "event", "events")}`;
    view.top = view.list.firstChild && addGap(view, what);
    view.seq = view.last = unknown ? 0 : message.to;
    view.first = message.to + 1;
    view.more = false;
    if (!unknown) return;
    for (const old of view.list.querySelectorAll("[data-seq]")) delete old.dataset.seq;  // These numbers now belong to other events.
    view.resuming = false;
    delete seen[view.name];
  }),
  slowed: (message) => note(null, `You are sending faster than ${message.rate} lines a second: your lines wait, and nothing is lost.`),
  closing(message) {
    if (message.reason in GOODBYES) wanted = false;
    if (message.reason === "ended") forgetAccount();
    if (message.reason === "replaced") {
      wanted = false;
      disconnect();
      return setStatus("You reconnected from another window.", "Use this one");
    }
    if (!wanted || !ready) { wanted = false; disconnect(); showLogin(true, GOODBYES[message.reason]); setStatus(); }
  },
};
for (const type of EVENTS) handlers[type] = ofRoom((view, event) => onEvent(view, event));

function closeRefused(room, why) {  // A room that cannot be entered again after a lost connection.
  const view = views.get(`#${room}`);
  if (view?.awaited) close(view);
  adoptLog();
  note(null, why, true);
}

function onEvent(view, event, fresh = true) {
  if (event.seq <= view.seq) return;  // A repetition.
  view.seq = event.seq;
  if (event.seq > view.state) apply(view, event);
  if (event.type === "deleted") blank(view, event);
  if (event.type === "said" && outbox.has(event.id)) forget(event.id);
  else if (fresh) countNew(view, event);
  // While the reader is further up, a full list stops growing, so that it is not cut where they read; it is extended later.
  if (view === current && !following && view.list.children.length > SHOWN + SPARE && view.keep !== "none") view.later = true;
  // After a long absence only the latest events are shown.
  const shown = event.seq >= view.state - SHOWN || (view === current && !following);
  if (!view.later) (shown ? append : skip)(view, event);
  if (view.room && watched(view)) seen[view.name] = view.seq;
  if (event.seq === view.state) announceMissed(view);
  if (view === settingsOf && SHOWN_IN_SETTINGS.has(event.type)) askSettings();
}

// The one place that changes what the page knows of a room: topic, retention, members, roles.
function apply(view, event) {
  const {type, nick: who, away = {}} = event;
  if (type === "entered") {
    Object.assign(view, {state: event.seq, count: event.count, members: new Map(event.members.map((one) => [one, away[one] ?? null]))});
    Object.assign(view, {roles: new Map(), knowsRoles: false, askedRoles: 0});
    setRole(view, nick, event.role);
  }
  if (type === "members") {
    for (const one of event.members) if (view.members.has(one)) {
      view.members.set(one, away[one] ?? null);
      setRole(view, one, event.roles?.[one]);
    }
  }
  if (type === "entered" || type === "topic") view.topic = (type === "topic" ? event.text : event.topic) || "";
  if (["entered", "kept", "keeping"].includes(type)) Object.assign(view, {keep: event.keep || "", since: Date.parse(event.since) || 0});
  if (type === "joined" && !view.members.has(who)) { view.members.set(who, null); view.count++; setRole(view, who, event.role); }
  if (type === "left") { view.members.delete(who); view.roles.delete(who); view.count--; }
  if (type === "role") setRole(view, event.to, event.role);
  if ((type === "away" || type === "back") && view.members.has(nick)) view.members.set(nick, type === "away" ? "" : null);
  if (type === "renamed") rename(view, who, event.to);
}

function setRole(view, who, role) {
  if (role && role !== "member") view.roles.set(who, role); else view.roles.delete(who);
}

function rename(view, who, to) {
  setRole(view, to, view.roles.get(who));
  view.roles.delete(who);
  view.members.set(to, view.members.get(who) ?? null);
  view.members.delete(who);
  if (who === nick) { nick = to; stored(everyTab, "chatd-nick", nick); save(); }
  const talk = views.get(`@${who}`);
  if (talk && !views.has(`@${to}`)) renameTalk(talk, to);
}

// -- Views

function viewOf(key) {
  if (!views.has(key)) views.set(key, newView(key));
  return views.get(key);
}

function newView(key) {
  return {
    key, room: key[0] === "#", name: key.slice(1), list: make("ol"),
    seq: 0,                         // the last event received
    state: 0,                       // the event up to which members and topic are known; older ones do not change them
    first: 0, last: 0,              // the part of the log that the list shows,
    more: false, later: false,      // whether there are events before it, and after it,
    top: null,                      // and the line above which the list has nothing
    loading: null,                  // the request for history that is not answered yet
    resuming: false, awaited: false, members: new Map(), count: 0, topic: "", keep: "", since: 0,
    roles: new Map(),               // of those members who have more than a member's role,
    knowsRoles: false, askedRoles: 0,  // whether it has those of all, and when they were requested
    unread: 0, loud: false,         // unread messages, and whether one of them mentions the reader
    mark: 0, fresh: 0, atLeast: false,  // the line "fresh new messages" is after event mark; atLeast: there may be more
    line: null, lineSeen: false,    // that line, and whether it has been in sight
    caught: 0,                      // how many of these were sent while the connection was down
    scroll: null, draft: "",
  };
}

const nowhere = newView("");        // Shown if there is no other view.

function renameTalk(view, name) {
  views.delete(view.key);
  view.name = name;
  view.key = `@${name}`;
  views.set(view.key, view);
}

function close(view, next) {
  views.delete(view.key);
  if (current === view) switchTo(next || views.values().next().value || null);
  atEndOfTurn(refresh);
  save();
}

function switchTo(view) {
  drawer(null);
  if (view === current) return;
  if (current) {
    current.scroll = following ? null : log.scrollTop;
    current.draft = text.value;
  }
  current = view;
  if (view) view.list.append(...nowhere.list.children);
  log.replaceChildren((view || nowhere).list);
  text.value = view?.draft || "";
  grow();
  following = !view || (view.scroll === null && !view.later);
  log.scrollTop = following ? log.scrollHeight : view.scroll;
  markRead();
  fill();
  atEndOfTurn(refresh);
  save();
}

let following = true;               // Whether the list scrolls with new entries.
const below = () => log.scrollHeight - log.scrollTop - log.clientHeight;
const atEnd = () => below() < 48 && !current?.later;
const watched = (view) => view === current && !document.hidden && following;

function markRead() {
  if (!current || !watched(current)) return;
  current.unread = 0;
  current.loud = false;
  if (current.room && current.seq) seen[current.name] = current.seq;
  atEndOfTurn(refresh);
}

function follow() {
  if (following) log.scrollTop = log.scrollHeight;
}

function append(view, event) {
  if (event.seq <= view.last) return;  // It is in the list already.
  view.last = event.seq;
  add(view, event);  // refresh scrolls, once per turn: measuring for each of thousands of entries takes seconds.
  if (view.list.children.length > SHOWN + SPARE) keepInPlace(view, () => cutTop(view));
}

function skip(view, event) {
  for (const li of [...view.list.children]) if (!li.matches(OWN)) li.remove();
  Object.assign(view, {first: event.seq + 1, last: event.seq, more: true, top: null});
}

function add(view, event, before = outbox.size ? view.list.querySelector(".pending, .sent") : null) {
  const li = entryOf(view, event);
  if (!li) return;
  if (li.classList.contains("fact") && merge(li, before ? before.previousSibling : view.list.lastChild)) return;
  view.list.insertBefore(li, before);
  if (view.room && event.type === "said" && event.nick !== nick && mentions(event.text)) li.classList.add("loud");
  group(li);
  if (li.nextSibling) group(li.nextSibling);
}

// -- New messages

function countNew(view, event) {
  if (event.type !== "said" || event.nick === nick) return;
  const past = view.room && event.seq < view.state;  // From before the user came (back).
  const loud = !view.room || mentions(event.text), unseen = !watched(view);
  if (!past) announceNew(view, event, loud);
  if (!past && !unseen) return;
  if (!view.unread && !view.caught) Object.assign(view, {mark: event.seq - 1, fresh: 0, atLeast: false, lineSeen: false});
  view.fresh++;
  if (past) view.caught++;
  if (!unseen) return;
  view.unread++;
  view.loud ||= loud;
}

function announceNew(view, event, loud) {
  if (view === current && view.room && !document.hidden) announce(`${event.nick}: ${event.text}`);
  else if (loud) announce(`${event.nick}${view.room ? ` in ${view.key}` : ", in private"}: ${event.text}`);
  if (loud && (document.hidden || view !== current)) notify(view, event);
}

function announceMissed(view) {
  if (view.caught) announce(`${freshOf(view)} in ${view.key}`);
  view.caught = 0;
}

const freshOf = (view) => `${view.fresh.toLocaleString()}${view.atLeast ? "+" : ""} new ${view.fresh === 1 ? "message" : "messages"}`;

function drawNew(view) {  // The line between read and new messages, if the list contains that position.
  const line = view.line ||= make("li", {className: "new"});
  const parts = view.fresh ? [...view.list.querySelectorAll("[data-seq]")] : [];
  const next = view.first <= view.mark + 1 && parts.find((part) => part.dataset.seq > view.mark)?.closest("li");
  const after = line.nextSibling;
  if (!next) line.remove();
  else if (after !== next) next.before(line);
  if (next) line.textContent = freshOf(view);
  for (const li of [after, next]) if (li) group(li);
}

function lookForNew(view) {  // A button jumps to the line until it has been in sight.
  const line = view.line?.isConnected && view.line.getBoundingClientRect(), all = log.getBoundingClientRect();
  const above = line ? line.bottom < all.top : view.first > view.mark + 1;
  if (line && !above && line.top < all.bottom && !document.hidden) view.lineSeen = true;
  $("fresh").hidden = !view.fresh || view.lineSeen || !above;
  $("fresh").textContent = `${freshOf(view)} ↑`;
}

function mentions(what) {
  const bare = nick.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_-])${bare}(?![\\p{L}\\p{N}_-])`, "iu").test(what);
}

function announce(what) {
  $("live").append(make("p", {}, what));
  while ($("live").children.length > 5) $("live").firstChild.remove();
}

// -- The part of the log that a list shows

// Change the list without moving what the reader is looking at.
function keepInPlace(view, change) {
  const top = log.getBoundingClientRect().top;
  const li = view === current && !following && [...view.list.children].find((one) => one.getBoundingClientRect().top >= top);
  const was = li && li.getBoundingClientRect().top;
  change();
  if (li?.isConnected) log.scrollTop += li.getBoundingClientRect().top - was;
  if (view === current) follow();
}

function cutTop(view) {
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

function load(view, fields, page, about = {}) {
  const asking = {...about, ...fields, view, page};
  if (ready) view.loading = asking;
  ask({command: "history", room: view.name, ...fields}, asking);
}

function fill(count = PAGE) {  // Request more events if an end of the list is near.
  const view = current;
  if (!view?.room || view.loading || !ready) return;
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
  if (view === current) { following = atEnd(); markRead(); }
  atEndOfTurn(refresh);
  fill();
}

// -- Jumping

function jump(key, place) {  // Go to a place in a room's log: before, after or around a seq or a time.
  const known = [...views.keys()].find((one) => same(one, key)), view = views.get(known);
  if (!view) return ask({command: "join", room: key.slice(1)}, {view: current, typed: `/join ${key}`, place});
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
  if (view !== current) return void (view.scroll = null);
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
  following = false;
  li.classList.add("target");
  li.tabIndex = -1;
  const {top, height} = li.getBoundingClientRect(), all = log.getBoundingClientRect();
  log.scrollTop += top - all.top - (all.height - height) / 2;
  li.focus({preventScroll: true});
  following = atEnd();
  atEndOfTurn(refresh);
}

const removeHighlight = () => log.querySelector(".target")?.classList.remove("target");

function backToNow() {
  removeHighlight();
  if (current?.later && ready) load(current, {count: PAGE}, replaceList); else showEnd(current);
}

function showEnd(view) {
  following = !view?.later;
  log.scrollTop = log.scrollHeight;
  markRead();
}

// -- Entries

function entryOf(view, event) {
  const when = new Date(event.time), li = make("li");
  li.dataset.time = when.getTime();
  if (event.type === "said") return numbered(fillMessage(li, event.nick, event.text, event.action, when), event);
  const sentence = sentenceOf(event);
  if (!sentence) return null;
  li.className = "fact";
  li.append(numbered(make("span", {title: moment.format(when)}, ...sentence), event));
  return li;
}

function numbered(element, event) {
  if (event.seq) element.dataset.seq = event.seq;
  return element;
}

function sentenceOf(event) {
  const who = make("bdi", {}, event.nick);
  if (event.type === "joined") return [who, " has joined"];
  if (event.type === "renamed") return [who, " is now known as ", make("bdi", {}, event.to)];
  if (event.type === "left") {
    if (event.reason === "kicked") return [make("bdi", {}, event.by), " has removed ", who, ` from #${event.room}`, ...reasonOf(event)];
    const reason = REASONS[event.reason] || "", text = event.text ? [reason && ": ", make("bdi", {}, event.text)] : [];
    return [who, " has left", ...(reason || event.text ? [` (${reason}`, ...text, ")"] : [])];
  }
  if (event.type === "topic") return event.text ? [who, " has set the topic: ", make("bdi", {}, event.text)] : [who, " has removed the topic"];
  if (event.type === "kept") {
    const since = event.since > event.time ? `, from ${brief.format(new Date(event.since))} on` : "";
    return [who, ` has set this room to keep ${kept(event.keep)}${since}; /keep changes it`];
  }
  if (event.type === "blanked") return ["a message of ", who, " was deleted"];
  if (event.type === "reported") return [who, " reports ", make("bdi", {}, event.to), `${event.about ? ` in #${event.about}` : ""}: `, make("bdi", {}, event.text)];
  if (event.type === "announced") return [who, ", an operator, tells everybody: ", make("bdi", {}, event.text)];
  return RIGHTS[event.type] ? [who, " has ", ...RIGHTS[event.type](event)] : null;
}

function kept(keep) {
  if (keep === "none") return "no messages";
  return keep ? `messages for ${span(keep)}` : "messages as long as the server does";
}

const isAway = ({nick: who, away}) => `${who} is away${away ? `: ${away}` : "."}`;

function merge(li, before) {  // Consecutive joins and leaves share a line.
  if (!before?.classList.contains("fact") || before.childNodes.length > 6 || li.dataset.time - before.dataset.time > GROUP) return false;
  before.append(...li.childNodes);
  return true;
}

function fillMessage(li, who, what, action, when) {
  li.classList.add("said");
  li.dataset.nick = who;
  if (action) { li.classList.add("action"); li.dataset.action = "1"; }
  if (/^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}\u{200d}]*\s*){1,6}$/u.test(what)) li.classList.add("big");
  const name = coloured(make("bdi", {className: "nick"}, who), who);
  const body = make("span", {className: "text", dir: "auto"});
  body.append(...linked(action ? `${who} ${what}` : what));
  const hover = timeOf(when);
  hover.ariaHidden = "true";
  li.append(face(who), make("span", {className: "who"}, name, timeOf(when)), hover, body);
  return li;
}

function linked(what) {
  const parts = [], pattern = /\bhttps?:\/\/[^\s<>"]+/giu;
  let end = 0;
  for (const match of what.matchAll(pattern)) {
    let address = match[0].replace(/[.,;:!?'*_]+$/u, "");
    while (/[)\]]$/.test(address) && !balanced(address)) address = address.slice(0, -1);
    const url = URL.canParse?.(address) === false ? null : address;
    if (!url) continue;
    parts.push(what.slice(end, match.index), make("a", {href: url, target: "_blank", rel: "noopener noreferrer"}, address));
    end = match.index + address.length;
  }
  return [...parts, what.slice(end)];
}

function balanced(address) {
  const number = (c) => address.split(c).length;
  return number("(") >= number(")") && number("[") >= number("]");
}

function group(li) {  // Mark an entry that begins a day, or a group of messages of one person.
  let before = li.previousSibling;
  while (before && !before.dataset.time) before = before.previousSibling;
  if (!li.dataset.time) return;
  const when = new Date(Number(li.dataset.time)), last = before && new Date(Number(before.dataset.time));
  const day = !last || last.toDateString() !== when.toDateString();
  li.classList.toggle("day", day);
  if (day) li.dataset.label = when.toDateString() === new Date().toDateString() ? "Today" : date.format(when);
  const goesOn = !day && li.previousSibling === before && before.dataset.nick === li.dataset.nick && when - last < GROUP;
  li.classList.toggle("first", !goesOn);
}

function note(view, what, bad = false) {
  if (!views.has(view?.key)) view = current || nowhere;  // The view may be closed by now.
  const li = make("li", {className: bad ? "note bad" : "note", dir: "auto"}, ...(typeof what === "string" ? linked(what) : [what]));
  view.list.append(li);
  announce(li.textContent);
  if (view === (current || nowhere)) showEnd(view);
}

function addGap(view, what, before = view.list.querySelector(".pending, .sent")) {
  const li = make("li", {className: "gap"}, what);
  view.list.insertBefore(li, before);
  if (view === current) follow();
  return li;
}

// -- Deleted events

function deleteBefore(view, before) {  // Remove what the server has deleted: from the list, the hits, and the live region.
  for (const part of view.list.querySelectorAll("[data-seq]")) if (part.dataset.seq < before) part.remove();
  for (const li of view.list.querySelectorAll(".fact:empty")) li.remove();
  if (view.first <= before) view.more = false;
  view.first = Math.max(view.first, before);
  view.last = Math.max(view.last, before - 1);
  $("live").replaceChildren();
  for (const li of [...$("hits").children]) if (li.dataset.room === view.name && li.dataset.seq < before) li.remove();
  const oldest = view.list.querySelector("[data-time]");
  if (oldest) group(oldest);
}

function blank(view, {target, to}) {  // Remove one message that somebody has deleted.
  const li = view.list.querySelector(`[data-seq="${Number(target)}"].said`), next = li?.nextSibling;
  li?.replaceWith(entryOf(view, {type: "blanked", seq: target, time: Number(li.dataset.time), nick: to}));
  if (next) group(next);
  $("live").replaceChildren();
  for (const hit of [...$("hits").children]) if (hit.dataset.room === view.name && Number(hit.dataset.seq) === target) hit.remove();
}

// -- Sending

function say(view, wire, what) {
  const id = nextId(), entry = {id, view, wire: {...wire, id}, what};
  if (new TextEncoder().encode(JSON.stringify(entry.wire)).length > LINE_BYTES) {
    show(entry);
    return markRefused(entry, `The message is too long. A line has at most ${LINE_BYTES} bytes; send several.`);
  }
  outbox.set(id, entry);
  save();
  show(entry);
  if (ready) post(entry.wire);
}

function show(entry) {
  const {view, wire} = entry, li = make("li"), now = new Date();
  li.dataset.time = now.getTime();
  entry.li = fillMessage(li, nick, wire.text, wire.command === "me", now);
  li.classList.add("pending");
  view.list.append(li);
  group(li);
  if (view === current) showEnd(view);
}

function forget(id) {
  outbox.get(id)?.li?.remove();
  outbox.delete(id);
  save();
}

function onPrivateSent(entry, whom) {  // A private message was delivered. It has no event, so its entry stays.
  entry.li?.classList.remove("pending");
  outbox.delete(entry.id);
  save();
  if (entry.wire.command !== "reply") return;
  const view = viewOf(`@${whom}`);
  view.list.append(entry.li);
  group(entry.li);
  switchTo(view);
}

function markRefused(entry, why) {
  const {li, wire} = entry;
  outbox.delete(entry.id);
  save();
  if (!li) return note(entry.view, why, true);
  li.classList.remove("pending");
  const edit = make("button", {type: "button", onclick: () => { li.remove(); text.value = wire.text; grow(); text.focus(); }}, "Edit");
  const drop = make("button", {type: "button", onclick: () => { li.remove(); text.focus(); }}, "Discard");
  li.append(make("span", {className: "wrong"}, make("span", {}, `Not sent. ${why}`), edit, drop));
  announce(`Not sent. ${why}`);
  if (entry.view === current) follow();
}

function restore() {  // Restore the views and the unacknowledged messages from before a reload.
  const recent = Date.now() - shared.at < RECENT;
  for (const key of saved.views || []) {
    const view = viewOf(key), last = seen[view.name];
    if (recent && last && confirmed.has(view.name)) Object.assign(view, {seq: last, last, first: last + 1, more: true});
  }
  for (const {id, view, wire} of saved.waiting || []) {
    const entry = {id, view: viewOf(view), wire};
    outbox.set(id, entry);
    show(entry);
  }
  if (views.has(saved.current)) switchTo(views.get(saved.current));
}

function ask(fields, about = {}) {
  const id = nextId();
  if (!ready) return note(about.view, "Not connected at the moment. Try again later.", true);
  requests.set(id, about);
  post({type: "do", ...fields, id});
}

const askKeep = (view) => ask({command: "keep", room: view.name}, {view, quiet: true});  // A new setting may take effect only tomorrow.
const join = (room) => ask({command: "join", room: room.replace(/^#/, "")}, {view: current, typed: `/join ${room}`});

// -- Searching

let latestSearch = null;            // the search whose hits are shown
const narrow = matchMedia("(max-width: 760px)");

function openSearch(open) {
  $("search-side").hidden = !open;
  $("chat").classList.toggle("searching", open);
  $("find").ariaExpanded = String(open);
  $("room").inert = open && narrow.matches;
  if (open) { $("words").focus(); $("words").select(); } else (narrow.matches ? $("find") : text).focus();
}

const CLOCK = "\\d\\d?:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?", DAY = "\\d{4}-\\d\\d-\\d\\d";
const SEARCH_PART = new RegExp(`(?:before|after):${DAY}\\s+${CLOCK}(?!\\S)|[-\u2212\u2013]?"[^"]*"(?!\\S)|\\S+`, "giu");
const WHOLE_DAY = new RegExp(`^${DAY}$`), WHOLE_CLOCK = new RegExp(`^${CLOCK}$`);

function search(line) {
  const fields = {}, words = [];
  for (const part of line.match(SEARCH_PART) || []) {  // The server reads, and may refuse, what is left.
    const [, name = "", value] = part.match(/^(in|from|before|after):(.+)$/isu) || [], key = name.toLowerCase();
    if (!key || value.includes('"') || FILTERS[key] in fields) words.push(part);
    else fields[FILTERS[key]] = key === "in" ? value.replace(/^#/, "") : key === "from" ? value : withZone(value);
  }
  drawer(null);
  openSearch(true);
  $("words").value = line.trim();
  latestSearch = {...fields, text: words.join(" ")};
  searchFor(latestSearch);
}

function searchFor(fields, older = false) {
  const about = {search: latestSearch, older};
  if (!fields.text) return showNoHits(about, "Write a word, or several: tea in:#lobby from:ada.");
  if (!ready) return showNoHits(about, "Not connected at the moment.");
  ask({command: "search", ...fields}, about);
}

function withZone(what) {  // People write times in their own zone; the server may be in another one.
  const today = new Date().toLocaleDateString("sv");  // As 2026-11-23.
  const iso = what.trim().replace(/\s+/, "T").replace(/(^|T)(?=\d:)/, "$10");
  const full = WHOLE_CLOCK.test(iso) ? `${today}T${iso}` : WHOLE_DAY.test(iso) ? `${iso}T00:00` : iso;
  const when = new Date(full);
  return isNaN(when) ? what : when.toISOString();
}

function showNoHits({search: by, older}, why) {
  if (by !== latestSearch) return;
  if (!older) $("hits").replaceChildren();
  $("more-hits").hidden = true;
  $("found").textContent = why;
}

function showHits(words, events, more, older) {
  const list = $("hits"), pattern = patternOf(words);
  if (!older) list.replaceChildren();
  const known = new Set([...list.children].map((li) => `${li.dataset.seq} ${li.dataset.room}`));
  const added = events.filter((event) => !known.has(`${event.seq} ${event.room}`)).map((event) => hitEntry(event, pattern));
  list.append(...added);
  if (older && more && !added.length) return olderHits(0);  // More messages have that time than an answer holds.
  if (older) added[0]?.firstChild.focus();
  $("more-hits").hidden = !(more && added.length);
  const number = list.children.length;
  $("found").textContent = number ? `${plural(number, "message", "messages")}${more ? ", and older ones" : ""}` : "Nothing found.";
}

function olderHits(after = 1) {  // From just after the oldest hit, in ms: other messages may have the same time.
  const before = Date.parse($("hits").lastChild.dataset.time) + after;
  searchFor({...latestSearch, before_time: new Date(before).toISOString(), count: 100}, true);
}

function hitEntry(event, pattern) {
  const when = new Date(event.time), nick = coloured(make("bdi", {className: "nick"}, event.nick), event.nick);
  const head = make("span", {className: "who"}, nick, make("span", {}, `#${event.room}`),
    make("time", {dateTime: when.toISOString(), title: moment.format(when)}, brief.format(when)));
  const button = make("button", {type: "button"}, head, make("span", {className: "text", dir: "auto"}, ...excerpt(event.text, pattern)));
  const li = make("li", {}, button);
  Object.assign(li.dataset, {seq: event.seq, room: event.room, time: event.time});
  button.onclick = () => {
    for (const one of $("hits").children) one.firstChild.removeAttribute("aria-current");
    button.setAttribute("aria-current", "true");
    if (narrow.matches) openSearch(false);
    jump(`#${event.room}`, {around: event.seq});
  };
  return li;
}

// As in chatd/core/folding.py: which words are the same, and scripts without spaces are searched by character.
const UNSPACED = /[\p{scx=Thai}\p{scx=Lao}\p{scx=Tibt}\p{scx=Mymr}\p{scx=Khmr}\p{scx=Hira}\p{scx=Kana}\p{scx=Han}\p{scx=Hang}]/u;
const FOLDED_AWAY = new RegExp("[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f\\u0483-\\u0489\\u2de0-\\u2dff"
  + "\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u0610-\\u061a\\u0640\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e8"
  + "\\u06ea-\\u06ed\\u08ca-\\u08ff\\u0711\\u0730-\\u074a\\p{Default_Ignorable_Code_Point}]", "gu");
const STAND_INS = {ł: "l", ø: "o", đ: "d", ð: "d", ħ: "h", ŧ: "t", þ: "th", æ: "ae", œ: "oe", "\u02bb": "'", "\u02bc": "'"};

function foldedLetter(letter) {
  const lower = letter.toLowerCase();
  if ("йїўѓќ".includes(lower)) return lower;
  const bare = letter.normalize("NFKD").replace(FOLDED_AWAY, "").toUpperCase().toLowerCase();  // By way of SS and Σ, which have no ß and ς.
  return (STAND_INS[bare] || bare).normalize("NFC");
}

function folded(what) {  // The folded text, and the original position of each of its characters.
  const at = [];
  let bare = "", place = 0;
  for (const c of what.match(/\P{M}[\p{M}\u1160-\u11ff\uff9e\uff9f\u200c]*|\p{M}+/gsu) || []) {
    const plain = [...c.normalize("NFKC").replace(/(?<=[\u0600-\u06ff])\u200c/gu, " ")].map(foldedLetter).join("");
    bare += plain;
    for (let n = plain.length; n; n--) at.push(place);
    place += c.length;
  }
  return {bare, at: [...at, place]};
}

function patternOf(words) {
  const parts = words.map((word) => {
    const tokens = folded(word).bare.match(/[\p{L}\p{N}\p{M}]+/gu) || [], all = tokens.join("[^\\p{L}\\p{N}\\p{M}]+");
    const begins = UNSPACED.test([...all][0]) ? "" : "(?<![\\p{L}\\p{N}\\p{M}])";
    const ends = word.endsWith("*") || UNSPACED.test([...all].at(-1)) ? "" : "(?![\\p{L}\\p{N}\\p{M}])";
    return all && begins + all + ends;
  });
  return new RegExp(parts.filter(Boolean).join("|") || "(?!)", "gu");
}

function excerpt(what, pattern) {
  const {bare, at} = folded(what);
  const places = [...bare.matchAll(pattern)].map((match) => [at[match.index], at[match.index + match[0].length]]);
  const cut = (wish) => at.findLast((place) => place <= wish) || 0;  // Never within a character.
  const first = places[0]?.[0] ?? 0, start = first > 2 * AROUND ? cut(first - AROUND) : 0, stop = cut(start + 4 * AROUND);
  const parts = [start ? "… " : ""];
  let end = start;
  for (const [from, to] of places) {
    if (to > stop) break;
    parts.push(what.slice(end, from), make("mark", {}, what.slice(from, to)));
    end = to;
  }
  return [...parts, what.slice(end, stop), stop < what.length ? " …" : ""];
}

function stepThroughHits(step) {
  const all = [$("words"), ...[...$("hits").children].map((li) => li.firstChild)];
  if (!$("more-hits").hidden) all.push($("more-hits"));
  const was = all.indexOf(document.activeElement), last = all.findIndex((one) => one.ariaCurrent === "true");
  const next = was === 0 && step > 0 && last > 0 ? last : was + step;  // From the field, return to the current hit.
  all[Math.max(0, Math.min(next, all.length - 1))].focus();
}

// -- Commands

function interpret(line) {
  const view = current;
  if (!line.startsWith("/") || line.startsWith("//")) {
    const what = line.startsWith("//") ? line.slice(1) : line;
    if (!view) return note(null, "You are in no room. /join ROOM enters one; /rooms lists them.", true);
    return say(view, view.room ? {type: "say", room: view.name, text: what} : {type: "do", command: "msg", nick: view.name, text: what});
  }
  const [, name, rest] = line.match(/^\/(\S*)\s*(.*)$/su), row = commands.get(name.toLowerCase());
  // The server refuses unknown commands, and suggests the most similar one.
  if (row?.name === "search" && rest.trim()) return search(rest);
  if (row?.name === "history" && jumpInHistory(rest, view)) return;
  if (row?.name === "login" && rest.trim()) return logInAs(rest.trim());
  if (row?.name === "register") return openRegistration();
  if (row?.name === "password") return openPasswordChange();
  const fields = row ? argumentsInRoom(row, rest.trim()) : {};
  if (typeof fields === "string") return note(view, `${line}\n${fields}`, true);
  command({command: row?.name || name, ...fields}, view, line);
}

function jumpInHistory(rest, view) {  // Handle /history around 12:30 40 in:#room; false if it is another form.
  const words = rest.split(/\s+/u).filter(Boolean), room = words.find((word) => word.startsWith("in:"))?.slice(3).replace(/^#?/, "#");
  const [side, ...rests] = words.filter((word) => !word.startsWith("in:"));
  if (WHOLE_DAY.test(rests[0]) && WHOLE_CLOCK.test(rests[1])) rests.splice(0, 2, `${rests[0]} ${rests[1]}`);
  const [place, count = "", ...more] = rests;
  const key = room || (view?.room ? view.key : "");
  if (!["before", "after", "around"].includes(side) || !place || !key || more.length || !/^\d{0,4}$/.test(count)) return false;
  const where = /^\d+$/.test(place) ? {[side]: Number(place)} : {[`${side}_time`]: withZone(place)};
  jump(key, {...where, ...(count && {count: Number(count)})});
  return true;
}

function argumentsInRoom(row, rest) {  // Moderation takes in:#room anywhere.
  const [, part, value] = (["sessions", "keys"].includes(row.name) && rest.match(/^(end|add|remove)\s+(.+)$/su)) || [];
  if (part) return {[part]: part === "add" ? value : Number(value)};
  if (row.group !== "moderation") return argumentsOf(row, rest);
  const words = rest.split(" "), room = words.find((word) => word.startsWith("in:"));
  const fields = argumentsOf(row, words.filter((word) => !word.startsWith("in:")).join(" ").trim());
  return room && typeof fields === "object" ? {...fields, room: room.slice(3)} : fields;
}

function argumentsOf(row, rest) {
  const fields = {};
  for (const word of row.words) {
    const bare = word.replace(/[[\]]/g, ""), field = FIELDS[bare] || (bare === "TIME" && row.name === "keep" ? "keep" : bare.toLowerCase());
    if (field === "time" && !/^\d+[mhdw](?!\S)/.test(rest)) continue;
    if (!rest) {
      if (word.startsWith("[")) break;
      return `/${row.name} needs an argument. Write ${row.usage}.`;
    }
    const value = field === "text" ? rest : rest.split(/\s/u, 1)[0];
    if (field === "count" && !/^[1-9]\d{0,5}$/.test(value)) return `/${row.name} needs a number. Write ${row.usage}, with a whole number N above 0.`;
    fields[field] = field === "count" ? Number(value) : value;
    rest = rest.slice(value.length).trimStart();
  }
  return rest ? `/${row.name} takes fewer arguments. Write ${row.usage}.` : fields;
}

function command(fields, view, line) {
  const name = fields.command;
  if (view?.room && (commands.get(name)?.group === "moderation" || ["me", "leave", "who", "topic", "keep", "history"].includes(name))) fields.room ??= view.name;
  if (name === "me" && view?.room) return say(view, {type: "do", ...fields});
  if (name === "msg") {
    const talk = viewOf(`@${[...views.keys()].find((key) => same(key, `@${fields.nick}`))?.slice(1) || fields.nick}`);
    switchTo(talk);
    return say(talk, {type: "do", ...fields});
  }
  if (name === "reply" && view) return say(view, {type: "do", ...fields});
  if (name === "leave" && view && !view.room && !fields.room) return close(view);
  if (name === "history" && view?.room) { log.scrollTop = 0; following = false; return view.more ? fill(Math.min(100, fields.count || PAGE)) : note(view, "There are no older messages."); }
  if (name === "quit") wanted = false;
  const events = commands.get(name)?.group === "moderation" && views.has(`#${fields.room}`);  // They say what was done.
  ask(fields, {view, typed: line, quiet: events && Boolean(fields.nick || fields.mode)});
}

// -- The message field

const typedBefore = [];
let recalled = 0;

function submit() {
  const lines = text.value.split("\n").filter((line) => line.trim());
  if (current?.later) backToNow();
  text.value = "";
  grow();
  for (const line of lines) {
    typedBefore.push(line);
    interpret(line);
  }
  if (typedBefore.length > 50) typedBefore.splice(0, typedBefore.length - 50);
  recalled = typedBefore.length;
}

function grow() {
  text.style.height = "";
  if (text.scrollHeight > text.clientHeight) text.style.height = `${text.scrollHeight}px`;
  follow();
}

function recall(step) {
  const at = recalled + step;
  if (at < 0 || at > typedBefore.length) return;
  recalled = at;
  text.value = typedBefore[at] || "";
  grow();
}

let tabbed = null;                  // The completion in progress: start, end, candidates, index.

function complete(step) {
  if (!tabbed) {
    const before = text.value.slice(0, text.selectionStart), word = before.match(/\S*$/u)[0];
    const found = word && candidates(word, before === word);
    if (!found?.length) return false;
    tabbed = {start: before.length - word.length, end: before.length, found, at: step > 0 ? -1 : 0};
  } else if (tabbed.found.length < 2) return false;
  tabbed.at = (tabbed.at + step + tabbed.found.length) % tabbed.found.length;
  text.setRangeText(tabbed.found[tabbed.at], tabbed.start, tabbed.end, "end");
  tabbed.end = text.selectionStart;
  grow();
  return true;
}

function candidates(word, first) {
  const begins = (what) => what.toLowerCase().startsWith(word.toLowerCase());
  if (first && word[0] === "/") return [...new Set([...commands.values()].map((row) => `/${row.name} `))].filter(begins);
  if (word[0] === "#") return [...views.keys()].filter((key) => key[0] === "#").map((key) => `${key} `).filter(begins);
  const speakers = [...(current?.list.children || [])].map((li) => li.dataset.nick).filter(Boolean).reverse();
  const present = current?.room ? [...current.members.keys()].sort() : [current?.name].filter(Boolean);
  const nicks = [...new Set([...speakers.filter((who) => present.includes(who)), ...present])].filter((who) => who !== nick);
  return nicks.filter(begins).map((who) => who + (first ? ": " : " "));
}

// -- Lists

let planned = new Set();

function atEndOfTurn(what) {  // Do it once at the end of the turn, however often it is requested.
  if (!planned.size) setTimeout(() => { const now = planned; planned = new Set(); for (const one of now) one(); });
  planned.add(what);
}

function arrange(list, items, build, update) {
  const old = new Map([...list.children].map((li) => [li.dataset.key, li]));
  let at = list.firstElementChild;
  for (const [key, item] of items) {
    let li = old.get(key);
    if (!li) { li = build(item, key); li.dataset.key = key; }
    old.delete(key);
    update(li, item, key);
    if (li === at) at = at.nextElementSibling; else list.insertBefore(li, at);
  }
  for (const li of old.values()) li.remove();
}

function buildView(view) {
  const button = make("button", {type: "button"});
  if (!view.room) button.append(face(view.name, "small"));
  button.append(make("span", {className: "name", dir: "auto"}), make("span", {className: "badge"}));
  return make("li", {}, button);
}

function updateView(li, view, key) {
  const button = li.firstChild, badge = li.querySelector(".badge");
  li.classList.toggle("unread", view.unread > 0);
  li.querySelector(".name").textContent = view.room ? `#${view.name}` : view.name;
  badge.hidden = !view.unread;
  badge.textContent = view.unread > 99 ? "99+" : view.unread;
  badge.classList.toggle("loud", view.loud);
  if (view === current) button.setAttribute("aria-current", "page"); else button.removeAttribute("aria-current");
  button.ariaLabel = `${key}${view.unread ? `, ${view.unread} unread` : ""}`;
  button.onclick = () => { switchTo(view); text.focus(); };
}

function refresh() {
  const all = [...views.entries()], rooms = all.filter(([, view]) => view.room), talks = all.filter(([, view]) => !view.room);
  arrange($("rooms"), rooms, buildView, updateView);
  arrange($("talks"), talks, buildView, updateView);
  $("talks-part").hidden = !talks.length;
  $("me").replaceChildren(face(nick || "?", "small"), make("bdi", {}, nick));
  refreshMenus();
  $("title").textContent = !current ? "No room" : current.room ? current.key : current.name;
  $("topic").textContent = current?.room ? current.topic || "Set a topic" : "";
  $("topic").hidden = !current?.room;
  $("keep").textContent = current?.keep ? badgeOf(current) : "";
  $("text-label").textContent = `Message to ${current ? current.room ? current.key : current.name : "nobody"}`;
  text.placeholder = current ? $("text-label").textContent : "Join a room first";
  refreshPeople();
  const unread = all.reduce((sum, [, view]) => sum + view.unread, 0);
  const away = all.reduce((sum, [, view]) => sum + (view === current ? 0 : view.unread), 0);
  $("elsewhere").hidden = !away;
  $("elsewhere").textContent = away > 99 ? "99+" : away;
  $("show-rooms").ariaLabel = away ? `Rooms, ${away} unread` : "Rooms";
  document.title = `${unread ? `(${unread}) ` : ""}${current ? `${current.key} – ` : ""}${$("server").textContent}`;
  if (current) { drawNew(current); lookForNew(current); follow(); }
  $("newest").hidden = following || !current;
  $("newest").textContent = current?.unread ? `${plural(current.unread, "new message", "new messages")} ↓` : "Newest messages ↓";
}

function badgeOf({keep, since}) {
  const from = since > Date.now() ? `, from ${brief.format(since)} on` : "";
  return (keep === "none" ? "keeps no messages" : `keeps messages for ${span(keep)}`) + from;
}

function refreshPeople() {
  const rank = (who) => RANKS.indexOf(current.roles.get(who));
  const members = current?.room ? [...current.members].sort(([one], [other]) => rank(other) - rank(one) || one.localeCompare(other)) : [];
  arrange($("people"), members, (away, who) => {
    const button = make("button", {type: "button", ariaHasPopup: "menu"});
    button.append(face(who, "small"), make("bdi", {className: "name"}, who), make("span", {className: "role"}));
    return make("li", {}, button);
  }, (li, away, who) => {
    const button = li.firstChild;
    li.classList.toggle("away", away !== null);
    li.querySelector(".role").textContent = current.roles.get(who) || "";
    button.title = [who === nick && "This is you", away !== null && `Away${away ? `: ${away}` : ""}`].filter(Boolean).join(". ");
    button.onclick = button.oncontextmenu = (event) => { event.preventDefault(); openPersonMenu(button, who); };
  });
  const hidden = current?.room ? current.count - members.length : 0;
  $("count").textContent = current?.room ? current.count : "";
  $("more-people").textContent = hidden > 0 ? `and ${hidden.toLocaleString()} more` : "";
  if (current?.room) learnRoles(current);
}

function drawer(which) {
  $("room").inert = Boolean(which);
  $("scrim").hidden = !which;
  for (const [button, side] of [["show-rooms", "rooms-side"], ["show-people", "people-side"]]) {
    const open = side === which;
    if (!open && $(side).classList.contains("open")) $(button).focus();
    $(side).classList.toggle("open", open);
    $(button).ariaExpanded = String(open);
  }
  if (which) $(which).querySelector("button, input")?.focus();
}

function showLogin(open, why = "") {
  $("door").hidden = !open;
  $("chat").inert = open;
  if (views.size || !open) { $("chat").hidden = false; document.body.classList.remove("outside"); }
  $("nick-error").textContent = why;
  $("nick").ariaInvalid = String(Boolean(why));
  const first = ["password", "server-password"].map($).find((field) => open && !field.closest("[hidden]"));
  if (open) { $("nick").value ||= nick; (first || $("nick")).focus(); } else if (matchMedia("(hover: hover)").matches) text.focus();
}

// -- Notifications

const canNotify = window.isSecureContext && "Notification" in window;
let notifying = canNotify && Notification.permission === "granted" && stored(everyTab, "chatd-notify") === true;

async function toggleNotify() {
  notifying = !notifying && await Notification.requestPermission() === "granted";
  stored(everyTab, "chatd-notify", notifying);
  $("notify").ariaPressed = String(notifying);
}

function notify(view, event) {
  if (!notifying) return;
  try {  // Some phones define Notification, but its constructor throws.
    const shown = new Notification(`${event.nick}${view.room ? ` in #${view.name}` : ""}`, {body: event.text, tag: view.key, icon: "icon.svg"});
    shown.onclick = () => { window.focus(); switchTo(view); shown.close(); };
  } catch { }
}
