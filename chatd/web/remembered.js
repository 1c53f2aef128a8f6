// What this tab and this browser remember from one visit to the next.

import {outbox} from "./outbox.js";
import {state, views} from "./state.js";
import {everyTab, random, stored, thisTab} from "./storage.js";

export const RECENT = 2 * 24 * 3600e3;     // after an absence up to this, in ms, everything missed is loaded; after a longer one, the latest only
export const shared = stored(everyTab, "chatd-seen") || {}, mine = stored(thisTab, "chatd") || {};
export const saved = {...shared, ...mine};  // The state of this tab takes precedence over that of others.
export const token = saved.token || random(16);
export const seen = shared.seen || {};     // the last event read in any tab, by room
export const confirmed = new Set(shared.confirmed);  // the rooms whose seq in it belongs to the log called logName

export function save() {
  const waiting = [...outbox.values()].map(({id, view, wire}) => ({id, view: view.key, wire}));
  const open = {views: [...views.keys()].filter((key) => key[0] === "#"), current: state.current?.key};
  stored(thisTab, "chatd", {token, nick: state.wanted ? state.nick : "", ...open, waiting});
  const others = stored(everyTab, "chatd-seen");
  if (others?.log === state.logName) {
    for (const room in others.seen) seen[room] = Math.max(seen[room] || 0, others.seen[room]);
    for (const room of others.confirmed || []) confirmed.add(room);
  }
  if (state.logName) stored(everyTab, "chatd-seen", {log: state.logName, at: Date.now(), seen, confirmed: [...confirmed], ...open});
}
