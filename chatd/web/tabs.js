// The other tabs of this browser: whether one of them has a visit, and going on for it.

import {admission, adoptAdmission} from "./login.js";
import {save, visit} from "./remembered.js";
import {state, views} from "./state.js";

const PATIENCE = 200;               // how long another tab may take to answer, in ms

const channel = "BroadcastChannel" in window ? new BroadcastChannel("chatd") : null;
const live = new Map();             // the private talks of the other tabs, by the token of their visit

if (channel) channel.onmessage = ({data}) => {
  if (data.here) {
    live.set(data.here, data.talks);
    adoptAdmission(data.admission);
    onAnswer();
  }
  if (data.who && state.wanted) {
    const talks = Object.fromEntries([...views.values()].filter((view) => !view.room).map((view) => [view.key, view.talk]));
    save();
    channel.postMessage({here: visit.token, talks, admission});
  }
};

let onAnswer = () => { };

// Returns when every other tab has had the time to answer; "then" is called for each answer, also for later ones.
export async function askTabs(then = () => { }) {
  onAnswer = then;
  channel?.postMessage({who: true});
  await new Promise((done) => setTimeout(done, PATIENCE));
}

export const isLive = (token) => live.has(token);
export const talksOf = (token) => live.get(token);
