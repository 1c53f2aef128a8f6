// Notifications of the browser.

import {$} from "./dom.js";
import {note} from "./entries.js";
import {state} from "./state.js";
import {everyTab, store, stored} from "./storage.js";
import {switchTo} from "./views.js";

export const canNotify = window.isSecureContext && "Notification" in window;
export let notifying = canNotify && Notification.permission === "granted" && stored(everyTab, "chatd-notify", false);

export async function toggleNotify() {
  notifying = !notifying && await Notification.requestPermission() === "granted";
  if (Notification.permission === "denied") note(state.current, "Your browser blocks notifications of this page. Its settings for this page can allow them.", true);
  store(everyTab, "chatd-notify", notifying);
  $("notify").ariaPressed = String(notifying);
}

export function notify(view, event) {
  if (!notifying) return;
  try {  // Some phones define Notification, but its constructor throws.
    const shown = new Notification(`${event.nick}${view.room ? ` in #${view.name}` : ""}`, {body: event.text, tag: view.key, icon: "icon.svg"});
    shown.onclick = () => { window.focus(); switchTo(view); shown.close(); };
  } catch { }
}
