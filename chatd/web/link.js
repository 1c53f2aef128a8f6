// The connection: it is made again whenever it is lost, and says hello with all that the page has seen.

import {$} from "./dom.js";
import {handlers} from "./handlers.js";
import {proofOf} from "./login.js";
import {receive} from "./receiving.js";
import {visit} from "./remembered.js";
import {nextId} from "./requests.js";
import {state, views} from "./state.js";

const SILENCE = 40e3;               // after this silence, in ms, the server is pinged
const CHECK = 700;                  // how long the answer to a ping may take after a sleep, in ms: a reader waits for it
const TURN = 8, LINES = 30;         // how long what was received is handled at a time, in ms, and how many lines: all are laid out at once
const THROUGH_PROXY = "Or let the proxy pass on the Host that it is called with: docs/operating.md says how.";
const COMING_BACK = 4000;          // the status of a close after which the page connects again: nobody is told (docs/protocol.md)
let checkId = "";                   // the ping whose answer shows that the connection is there: what comes before it may be old
export let socket = null, retryTimer = 0, silenceTimer = 0, helloId = "";

export function connect() {
  disconnect();
  state.wanted = true;
  if (state.welcomed) setStatus("Connecting…");
  const address = new URL("ws", location.href);
  address.protocol = location.protocol.replace("http", "ws");
  const mine = socket = new WebSocket(address);
  let opened = false;
  const ours = (then) => (event) => { if (mine === socket) then(event); };  // Ignore an abandoned socket.
  socket.onopen = ours(() => { opened = true; sayHello(); watchConnection(); });
  socket.onmessage = ours((event) => {
    watchConnection();
    incoming.push(...event.data.split("\n").filter(Boolean));
    if (!isTaking) takeSome();
  });
  socket.onclose = ours(() => { onConnectionLost(); if (!opened) explainRefusal(); });
  watchConnection(10e3);
}

let incoming = [], isTaking = false;  // the lines that were received and not handled yet, and whether a part is to be handled
const nextTurn = new MessageChannel();  // Timers would be slow in a tab in the background.
nextTurn.port1.onmessage = takeSome;

function takeSome() {  // Handle what was received a part at a time, so that a flood does not hold up what the user does.
  const end = performance.now() + TURN;
  isTaking = false;
  try {
    for (let taken = 0; incoming.length && taken < LINES && (performance.now() < end || !taken); taken++) receive(JSON.parse(incoming.shift()));
  } finally {
    if (incoming.length && !isTaking) {
      isTaking = true;
      nextTurn.port2.postMessage(null);
    }
  }
}

async function explainRefusal() {  // No browser says why a WebSocket was refused, but the server says it to a POST.
  try {
    const answer = await fetch("ws", {method: "POST"});
    if (answer.status !== 403 && answer.status !== 421) return;
    const reason = `${(await answer.text()).split("\n")[1]} ${answer.status === 403 ? THROUGH_PROXY : ""}`;
    clearTimeout(retryTimer);  // Trying again would be in vain.
    if (state.welcomed) return setStatus(reason, "Try now");
    state.wanted = false;
    $("nick-error").textContent = reason;
  } catch { }  // The server cannot be reached.
}

export function disconnect() {
  clearTimeout(retryTimer);
  clearTimeout(silenceTimer);
  const old = socket;
  socket = null;
  state.ready = false;
  checkId = "";
  document.body.dataset.link = "off";
  incoming = [];  // The next connection gets it again.
  old?.close(state.wanted ? COMING_BACK : 1000);
}

function watchConnection(patience = checkId ? CHECK : SILENCE) {  // Something was received. After a silence, ping; after another, reconnect.
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => {
    if (incoming.length) return watchConnection(patience);  // The answer may be among them.
    if (patience === CHECK) return connect();
    if (!state.ready || patience !== SILENCE) return onConnectionLost();
    post({type: "ping"});
    watchConnection(10e3);
  }, patience);
}

handlers.pong = ({id}) => { if (id === checkId) { checkId = ""; watchConnection(); } };

// Find out whether the connection is still there: after a sleep, or when the network is another one.
export function checkConnection() {
  if (!state.wanted) return;
  if (!socket || socket.readyState === WebSocket.CONNECTING) {
    state.tries = 0;
    connect();
  } else if (state.ready) {
    checkId = nextId();
    post({type: "ping", id: checkId});
    watchConnection();
  }
}

function onConnectionLost() {
  disconnect();
  if (!state.wanted) return;
  // Whoever looks at the page is back within a second of the server; chance spreads those seconds.
  const pause = Math.min(document.hidden ? 30e3 : 1e3, 500 * 2 ** state.tries++) * (0.5 + Math.random() / 2);
  if (!state.welcomed) $("nick-error").textContent = "The server cannot be reached. Trying again…";
  setStatus(`${navigator.onLine ? "The connection is lost" : "You are offline"}. What you type is sent when it is back. Trying again…`, "Try now");
  retryTimer = setTimeout(connect, pause);
}

export function setStatus(what = "", button = "") {
  if ($("state-text").textContent !== what) $("state-text").textContent = what;
  $("again").textContent = button;
  $("again").hidden = !button;
}

export function post(wire) {  // On a closing connection it does nothing: the next one sends and requests everything again.
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wire));
}

export function sayHello() {
  const rooms = [], resume = Object.create(null);  // A room may be called like what every object has.
  for (const view of views.values()) {
    if (!view.room) continue;
    if (view.seq && state.logName) resume[view.name] = view.seq; else rooms.push(view.name);
    view.resuming = view.name in resume;
    view.awaited = true;
  }
  if (visit.inbox && state.logName) resume["@"] = visit.inbox;
  if (state.linkedRoom) rooms.push(state.linkedRoom);
  helloId = nextId();
  post({type: "hello", id: helloId, nick: state.nick, token: visit.token, rooms, resume, log: state.logName, ...proofOf(state.nick)});
}

export function adoptLog() {  // The numbers are those of the new run when the server has answered for each of them.
  if (![...views.values()].some((view) => view.resuming)) state.logName = state.newLogName;
}
