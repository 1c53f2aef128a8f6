// The dialog with the settings of a room, and its bans.

import {$, make} from "./dom.js";
import {OWNER, rankOf} from "./people.js";
import {ask} from "./requests.js";
import {because, until} from "./sentences.js";
import {state} from "./state.js";
import {same} from "./views.js";

const SETTINGS = [  // mode, label, hint, and its values for on and off; or the properties of a field
  ["private", "Private", "Only people who are invited can see the room and enter it.", "on", "off"],
  ["moderated", "Moderated", "Only people with a voice may speak.", "on", "off"],
  ["topic", "Fixed topic", "Only moderators may set the topic.", "moderator", "member"],
  ["history", "Hidden history", "People who enter later do not see what was said before.", "off", "on"],
  ["key", "Key", "Whoever enters needs this word. Only its hash is stored.", {type: "text", autocomplete: "off", spellcheck: false}],
  ["limit", "Most members", "Leave it empty for any number.", {type: "number", min: 1}],
  ["slow", "Slow mode", "Seconds between two messages of a member. Leave it empty to end it.", {type: "number", min: 1}],
];

export const SHOWN_IN_SETTINGS = new Set(["mode", "banned", "unbanned", "role"]);
export let settingsOf = null;              // the room whose settings are open

export function openSettings() {
  settingsOf = state.current;
  $("settings-title").textContent = `Settings of ${state.current.key}`;
  $("settings-error").textContent = "";
  $("ban-list").replaceChildren();
  askSettings();
  $("settings").showModal();
}

export function askSettings() {
  if (!settingsOf) return;
  const about = {settings: true, view: settingsOf}, room = settingsOf.name;
  $("modes").disabled = rankOf(settingsOf, state.nick) < OWNER;
  $("modes-how").hidden = !$("modes").disabled;
  ask({command: "room", room}, about);
  ask({command: "bans", room}, about);
}

function setMode(mode, value) {
  $("settings-error").textContent = "";
  ask({command: "room", room: settingsOf.name, mode, value}, {settings: true, view: settingsOf, changes: true});
}

export function showModes({room, modes = {}}) {
  if (!settingsOf || !same(settingsOf.name, room)) return;
  for (const [mode, , , on] of SETTINGS) {
    const field = $(`mode-${mode}`), value = modes[mode] || "";
    if (typeof on === "string") field.checked = value === on;
    else if (mode !== "key") field.value = value;
    else Object.assign(field, {value: "", placeholder: value ? "A key is set" : "None"});
  }
  $("key-off").hidden = !modes.key;
}

export function showBans(room, bans) {
  if (!settingsOf || !same(settingsOf.name, room)) return;
  const within = $("ban-list").contains(document.activeElement);
  $("ban-list").replaceChildren(...bans.map((ban) => {
    const what = ban.mutes ? "mute" : "ban";
    const lift = make("button", {type: "button", ariaLabel: `Lift the ${what} of ${ban.mask}`}, "Lift");
    lift.onclick = () => ask({command: `un${what}`, nick: ban.mask, room}, {settings: true, view: settingsOf});
    const about = [ban.mutes ? "muted" : "banned", ` by ${ban.by}`, until(ban), because(ban)].join("");
    return make("li", {}, make("span", {}, make("bdi", {}, ban.mask), make("small", {dir: "auto"}, about)), lift);
  }));
  $("no-bans").hidden = bans.length > 0;
  if (within) ($("ban-list").querySelector("button") || $("end-settings")).focus();
}

export function showSettingRefused({changes}, why) {  // Show the reason, and again what is set.
  if (!settingsOf) return;
  $("settings-error").textContent = why;
  if (changes) askSettings();
}

$("modes").append(...SETTINGS.flatMap(([mode, label, hint, on, off]) => {
  const id = `mode-${mode}`, isSwitch = typeof on === "string";
  const field = make("input", isSwitch ? {id, type: "checkbox", role: "switch"} : {id, ...on});
  field.setAttribute("aria-describedby", `${id}-how`);
  field.onchange = () => {
    if (isSwitch) setMode(mode, field.checked ? on : off);
    else if (field.value.trim() || mode !== "key") setMode(mode, field.value.trim() || "off");
  };
  const remove = make("button", {id: "key-off", type: "button", hidden: true, onclick: () => setMode("key", "off")}, "Remove the key");
  const about = make("span", {}, make("label", {htmlFor: id}, label), make("small", {id: `${id}-how`}, hint), ...(mode === "key" ? [remove] : []));
  return [make("div", {className: "setting"}, about, field)];
}));

$("settings").onclose = () => { settingsOf = null; };
$("settings").onclick = (event) => { if (event.target === $("settings")) $("settings").close(); };  // On the backdrop.
$("settings-form").onsubmit = (event) => event.preventDefault();
$("end-settings").onclick = () => $("settings").close();
