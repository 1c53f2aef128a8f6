// The menu of a room.

import {$} from "./dom.js";
import {prefill} from "./field.js";
import {openMenu} from "./menus.js";
import {MODERATOR, rankOf} from "./people.js";
import {openPersonMenu} from "./person_menu.js";
import {LEVELS, levelOf, setLevel} from "./preferences.js";
import {ask} from "./requests.js";
import {openSettings} from "./settings.js";
import {state} from "./state.js";

function openRoomMenu(opener) {
  const view = state.current;
  if (!view?.room) return openPersonMenu(opener, view.name);
  const mayModerate = rankOf(view, state.nick) >= MODERATOR;
  openMenu(opener, `What you can do in ${view.key}`, [
    [
      ["Set the topic…", () => prefill(`/topic ${view.topic}`)],
      ["Set how long it is kept…", () => prefill("/keep ")],
      ...(mayModerate ? [["Settings and bans…", openSettings]] : []),
    ],
    Object.entries(LEVELS).map(([level, label]) => [`${levelOf(view) === level ? "✓ " : ""}Notify: ${label.toLowerCase()}`, () => setLevel(view, level)]),
    [["Leave the room", () => ask({command: "leave", room: view.name}, {view, typed: "/leave"})]],
  ]);
}

export function refreshRoomMenu() {
  const view = state.current;
  $("more").hidden = !view;
  $("more").ariaLabel = $("more").title = `What you can do ${view?.room ? `in ${view.key}` : `about ${view?.name}`}`;
}

$("more").onclick = () => openRoomMenu($("more"));
