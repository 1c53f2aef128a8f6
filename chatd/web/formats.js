// Times and numbers as people read them.

import {make} from "./dom.js";

const UNITS = {h: ["hour", "hours"], d: ["day", "days"], w: ["week", "weeks"]};
export const plural = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
export const span = (keep) => plural(parseInt(keep), ...UNITS[keep.at(-1)]);  // 30d: 30 days
export const clock = new Intl.DateTimeFormat(undefined, {timeStyle: "short"});
const date = new Intl.DateTimeFormat(undefined, {weekday: "long", day: "numeric", month: "long"});
export const brief = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});
export const moment = new Intl.DateTimeFormat(undefined, {dateStyle: "full", timeStyle: "medium"});

export const dayOf = (when) => when.toDateString() === new Date().toDateString() ? "Today" : date.format(when);

let lastMinute = 0, lastClock = "";  // Formatting costs more than the rest of an entry, and neighbours have the same minute.

function clockOf(when) {
  const minute = Math.floor(when / 60e3);
  if (minute !== lastMinute) [lastMinute, lastClock] = [minute, clock.format(when)];
  return lastClock;
}

export const timeOf = (when) => make("time", {dateTime: when.toISOString()}, clockOf(when));

document.addEventListener("pointerover", ({target}) => {  // The whole time, when the mouse is on it.
  if (target.matches?.("time:not([title])")) target.title = moment.format(new Date(target.dateTime));
});
