// Commands to the server that get one answer.

import {note} from "./entries.js";
import {post} from "./link.js";
import {state} from "./state.js";
import {random} from "./storage.js";

export const requests = new Map();         // commands without an answer, by id
const run = random(4);
let count = 0;
export const nextId = () => `${run}-${++count}`;

export function ask(fields, about = {}) {
  const id = nextId();
  if (!state.ready) return note(about.view, "Not connected at the moment. Try again later.", true);
  requests.set(id, about);
  post({type: "do", ...fields, id});
}

export const askKeep = (view) => ask({command: "keep", room: view.name}, {view, quiet: true});  // A new setting may take effect only tomorrow.
export const join = (room) => ask({command: "join", room: room.replace(/^#/, "")}, {view: state.current, typed: `/join ${room}`});
