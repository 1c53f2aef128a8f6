// The people in a room, and their roles.

import {$, arrange, face, make} from "./dom.js";
import {openPersonMenu} from "./person_menu.js";
import {ask} from "./requests.js";
import {state} from "./state.js";

let shown = null, shownVersion = -1;  // what the list shows

export function refreshPeople() {
  if (state.current === shown && (state.current?.version ?? 0) === shownVersion) return;
  shown = state.current;
  shownVersion = state.current?.version ?? 0;
  const rank = (who) => RANKS.indexOf(state.current.roles.get(who));
  const order = ([who, away]) => (away === null ? rank(who) : -1);
  const members = state.current?.room ? [...state.current.members].sort((one, other) => order(other) - order(one) || one[0].localeCompare(other[0])) : [];
  let lastGroup = members.every(([who, away]) => away === null && !rank(who)) ? "People" : "";
  arrange($("people"), members, (away, who) => {
    const button = make("button", {type: "button", ariaHasPopup: "menu"});
    button.append(face(who, "small"), make("bdi", {className: "name"}, who), make("span", {className: "role"}));
    return make("li", {}, button);
  }, (li, away, who) => {
    const button = li.firstChild;
    const group = away !== null ? "Away" : GROUPS[rank(who)] || "People";
    li.dataset.label = group === lastGroup ? "" : group;
    lastGroup = group;
    li.classList.toggle("away", away !== null);
    li.querySelector(".role").textContent = state.current.roles.get(who) || "";
    button.title = [who === state.nick && "This is you", away !== null && `Away${away ? `: ${away}` : ""}`].filter(Boolean).join(". ");
    button.onclick = button.oncontextmenu = (event) => { event.preventDefault(); openPersonMenu(button, who); };
  });
  const hidden = state.current?.room ? state.current.count - members.length : 0;
  $("count").textContent = state.current?.room ? state.current.count : "";
  $("more-people").textContent = hidden > 0 ? `and ${hidden.toLocaleString()} more` : "";
  if (state.current?.room) learnRoles(state.current);
}

export const RANKS = [undefined, "voice", "moderator", "owner", "operator"];  // roles, the lowest first: a member's has no name here
const GROUPS = {1: "With a voice", 2: "Moderators", 3: "Owners", 4: "Operators"};  // by rank
const ROLES_EVERY = 30e3;           // the time between two requests for the roles in a room, in ms
export const rankOf = (view, who) => RANKS.indexOf(view.roles.get(who));
export const MODERATOR = RANKS.indexOf("moderator"), OWNER = RANKS.indexOf("owner");

function learnRoles(view) {  // "entered" has one's own role only.
  if (view.knowsRoles || !state.ready || document.hidden || Date.now() - view.askedRoles < ROLES_EVERY) return;
  Object.assign(view, {knowsRoles: true, askedRoles: Date.now()});
  ask({command: "who", room: view.name}, {quiet: true});
}
