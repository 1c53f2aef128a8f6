// The address of the page knows the room and the message: "#ops/1234", "#@bob". Back and forward go through them.

import {jump} from "./jumps.js";
import {join} from "./requests.js";
import {state, views} from "./state.js";
import {same, switchTo, viewOf} from "./views.js";

const decoded = (part) => { try { return decodeURIComponent(part); } catch { return part; } };

export const hashOf = (view, seq = 0) => `#${view.room ? "" : "@"}${encodeURIComponent(view.name)}${seq ? `/${seq}` : ""}`;

function placeInAddress() {  // The key of the view in the address, and the seq in it.
  const [, name = "", seq = ""] = location.hash.match(/^#(.*?)(?:\/(\d{1,15}))?$/s) || [], bare = decoded(name);
  return {key: bare[0] === "@" ? bare : bare && `#${bare}`, seq: Number(seq)};
}

let going = false;                  // whether the address is where the page goes to, and not the other way round

export function setPlace(view, seq = 0) {
  if (going || !view?.key || !state.welcomed) return;
  const hash = hashOf(view, seq);
  if (hash !== location.hash) history.pushState(null, "", hash);
}

export function leavePlace(view) {  // The page no longer shows a message of the past.
  if (view?.key && placeInAddress().seq) history.replaceState(null, "", hashOf(view));
}

function goToPlace() {
  const {key, seq} = placeInAddress(), known = [...views.keys()].find((one) => same(one, key));
  going = true;
  if (seq && key[0] === "#") jump(key, {around: seq});
  else if (known) switchTo(views.get(known));
  else if (key[0] === "@") switchTo(viewOf(key));
  else if (key) join(key);
  going = false;
}

// What the first hello enters, and where the page goes when it is there.
export function readLink() {
  const {key, seq} = placeInAddress();
  if (key[0] === "#") Object.assign(state, {linkedRoom: key.slice(1), linkedSeq: seq});
}

window.addEventListener("popstate", () => { if (state.welcomed) goToPlace(); });
