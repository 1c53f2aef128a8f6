// What the user prefers in this browser: notifications by room, words to be alerted to, a sound, density, joins and leaves.

import {$, log} from "./dom.js";
import {everyTab, store, stored} from "./storage.js";

export const LEVELS = {all: "Every message", mentions: "Mentions of you", none: "Nothing"};
export const preferences = stored(everyTab, "chatd-preferences", {levels: {"*": String}, words: "", sound: false, compact: false, presence: "all"});

export const levelOf = (view) => preferences.levels[view.key.toLowerCase()] || (view.room ? "mentions" : "all");

export function prefer(changes) {
  Object.assign(preferences, changes);
  store(everyTab, "chatd-preferences", preferences);
  applyPreferences();
}

export const setLevel = (view, level) => prefer({levels: {...preferences.levels, [view.key.toLowerCase()]: level}});

export function alertWords() {
  return preferences.words.split(/[\s,]+/u).filter(Boolean);
}

export function applyPreferences() {
  document.documentElement.classList.toggle("compact", preferences.compact);
  log.dataset.presence = preferences.presence;
}

let audio = null;

export function beep() {            // Two short tones; a browser may forbid them until the user has clicked somewhere.
  if (!preferences.sound) return;
  try {
    audio ||= new AudioContext();
    const tone = audio.createOscillator(), volume = audio.createGain(), now = audio.currentTime;
    tone.frequency.setValueAtTime(660, now);
    tone.frequency.setValueAtTime(880, now + 0.09);
    volume.gain.setValueAtTime(0.08, now);
    volume.gain.exponentialRampToValueAtTime(0.001, now + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start();
    tone.stop(now + 0.25);
  } catch { }
}

export function openPreferences() {
  $("alert-words").value = preferences.words;
  $("sound").checked = preferences.sound;
  $("compact").checked = preferences.compact;
  $("presence").value = preferences.presence;
  $("preferences").showModal();
}

$("preferences-form").onsubmit = (event) => event.preventDefault();
$("sound").onchange = () => { prefer({sound: $("sound").checked}); beep(); };
$("compact").onchange = () => prefer({compact: $("compact").checked});
$("presence").onchange = () => prefer({presence: $("presence").value});
$("end-preferences").onclick = () => $("preferences").close();
