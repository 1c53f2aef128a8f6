// The dialog that removes a person from a room, or bans them.

import {$} from "./dom.js";
import {moderate} from "./person_menu.js";

let removal = null;                 // what the open dialog is about: command, nick, view

export function openRemoval(command, who, view) {
  removal = {command, who, view};
  const what = command === "ban" ? "Ban" : "Remove";
  $("removal-title").textContent = `${what} ${who} from ${view.key}`;
  $("removal-do").textContent = what;
  $("removal-time").value = $("removal-reason").value = "";
  $("removal-time-part").hidden = command !== "ban";
  $("removal").showModal();
  $("removal-reason").focus();
}

$("removal-form").onsubmit = (event) => {
  event.preventDefault();
  const {command, who, view} = removal, time = $("removal-time").value, why = $("removal-reason").value.trim();
  $("removal").close();
  moderate(command, who, {room: view.name, ...(command === "ban" && time && {time}), ...(why && {text: why})});
};

$("removal-cancel").onclick = () => $("removal").close();
