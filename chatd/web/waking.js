// Waking up: after a sleep of the computer or of the tab, timers are late, the day may be another one, and the connection
// may be dead without anybody having said so.

import {atEndOfTurn} from "./dom.js";
import {group} from "./entries.js";
import {checkConnection} from "./link.js";
import {save} from "./remembered.js";
import {refresh} from "./sides.js";
import {state, views} from "./state.js";
import {markRead} from "./views.js";

const TICK = 5e3, SLEEP = 20e3;     // how often the clock is looked at, and from which pause on it was a sleep, in ms
let lookedAt = new Date();          // when it was looked at last

function lookAtClock() {
  const now = new Date(), slept = now - lookedAt > SLEEP;
  if (now.toDateString() !== lookedAt.toDateString()) nameDays();
  lookedAt = now;
  if (slept) wake();
}

function nameDays() {               // "Today" is another day.
  for (const view of views.values()) for (const li of view.list.querySelectorAll("li.day")) group(li);
}

function wake() {
  checkConnection();
  if (!document.hidden) { markRead(); atEndOfTurn(refresh); }
}

setInterval(lookAtClock, TICK);
document.onvisibilitychange = () => {
  if (document.hidden) return save();
  lookAtClock();
  wake();
};
document.addEventListener("resume", wake);  // Only some browsers freeze a tab, and say when they go on with it.
window.ononline = window.onoffline = () => { if (state.wanted) checkConnection(); };
window.onpagehide = save;
