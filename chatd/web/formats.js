// Times and numbers as people read them.

import {make} from "./dom.js";

const UNITS = {h: ["hour", "hours"], d: ["day", "days"], w: ["week", "weeks"]};
export const plural = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
export const span = (keep) => plural(parseInt(keep), ...UNITS[keep.at(-1)]);  // 30d: 30 days
const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit"});
export const date = new Intl.DateTimeFormat(undefined, {weekday: "long", day: "numeric", month: "long"});
export const brief = new Intl.DateTimeFormat(undefined, {dateStyle: "medium", timeStyle: "short"});
export const moment = new Intl.DateTimeFormat(undefined, {dateStyle: "full", timeStyle: "medium"});

export function timeOf(when) {
  return make("time", {dateTime: when.toISOString(), title: moment.format(when)}, clock.format(when));
}
