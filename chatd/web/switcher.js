// Ctrl-K: going to a room or a person by some letters of the name.

import {$, make, text} from "./dom.js";
import {join} from "./requests.js";
import {search} from "./search.js";
import {state, views} from "./state.js";
import {switchTo, viewOf} from "./views.js";

const SHOWN_PLACES = 9;             // how many places are offered

function places(typed) {  // [label, action] of each place that the letters could mean, the best first.
  const letters = typed.toLowerCase().replace(/^[#@]/, ""), people = new Set();
  for (const view of views.values()) for (const who of view.members.keys()) if (who !== state.nick) people.add(`@${who}`);
  const keys = [...new Set([...views.keys(), ...people])].filter((key) => key.toLowerCase().includes(letters) && (!/^[#@]/.test(typed) || key[0] === typed[0]));
  const rank = (key) => (key.slice(1).toLowerCase().startsWith(letters) ? 0 : 2) + (views.has(key) ? 0 : 1) - (views.get(key)?.unread ? 0.5 : 0);
  const found = keys.sort((one, other) => rank(one) - rank(other)).slice(0, SHOWN_PLACES).map((key) => [key, () => switchTo(viewOf(key))]);
  if (letters && !views.has(`#${letters}`) && /^#?[\p{L}\p{N}._-]+$/u.test(typed)) found.push([`Join #${letters}`, () => join(letters)]);
  if (typed) found.push([`Search for “${typed}”`, () => search(typed)]);
  return found;
}

function showPlaces() {
  const found = places($("where-to").value.trim());
  $("to").replaceChildren(...found.map(([label, act], at) => {
    const option = make("li", {role: "option", id: `to-${at}`, ariaSelected: String(at === 0)}, make("span", {dir: "auto"}, label));
    option.onclick = () => go(act);
    option.act = act;
    return option;
  }));
  choose(0);
}

function choose(at) {
  const all = [...$("to").children], next = all[(at + all.length) % all.length];
  for (const option of all) option.ariaSelected = String(option === next);
  if (next) { $("where-to").setAttribute("aria-activedescendant", next.id); next.scrollIntoView({block: "nearest"}); }
}

function go(act) {
  $("switcher").close();
  act();
  if ($("search-side").hidden) text.focus();
}

export function openSwitcher() {
  $("where-to").value = "";
  showPlaces();
  $("switcher").showModal();
  $("where-to").focus();
}

$("where-to").oninput = showPlaces;
$("where-to").onkeydown = (event) => {
  const all = [...$("to").children], at = all.findIndex((option) => option.ariaSelected === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(at + (event.key === "ArrowDown" ? 1 : -1)); }
};
$("switcher-form").onsubmit = (event) => {
  event.preventDefault();
  const chosen = [...$("to").children].find((option) => option.ariaSelected === "true");
  if (chosen) go(chosen.act);
};
