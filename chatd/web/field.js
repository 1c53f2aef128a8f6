// The message field: recalling what was typed, and completing words.

import {interpret} from "./commands.js";
import {endChange} from "./composing.js";
import {$, text} from "./dom.js";
import {EMOJI} from "./emoji.js";
import {note} from "./entries.js";
import {isCommand, withoutBlankEnds} from "./parsing.js";
import {saveSoon} from "./remembered.js";
import {drawer} from "./sides.js";
import {state, views} from "./state.js";
import {follow} from "./views.js";

const typedBefore = [];
let recalled = 0;

function submit() {
  const what = withoutBlankEnds(text.value);
  if (!what) return;
  if (state.moved && !what.startsWith("/join")) {
    state.moved = false;
    if (state.current) return note(state.current, `You are in ${state.current.key} now. Enter sends this there.`, true);
  }
  if (state.current?.composing?.edit && (isCommand(what) || !state.ready)) {
    return note(state.current, isCommand(what) ? "A change cannot be a command. End the change first, or begin the text with //."
      : "Not connected at the moment. Send your change again later.", true);
  }
  text.value = "";
  grow();
  typedBefore.push(what);
  interpret(what);
  if (typedBefore.length > 50) typedBefore.splice(0, typedBefore.length - 50);
  recalled = typedBefore.length;
}

export function grow() {
  text.style.height = "";
  if (text.scrollHeight > text.clientHeight) text.style.height = `${text.scrollHeight}px`;
  follow();
}

function recall(step) {
  const at = recalled + step;
  if (at < 0 || at > typedBefore.length) return;
  recalled = at;
  text.value = typedBefore[at] || "";
  grow();
}

function isAtLastLine(step) {  // Whether the cursor cannot move further up, or down, in the field.
  const {value, selectionStart, selectionEnd} = text;
  return !(step < 0 ? value.slice(0, selectionStart) : value.slice(selectionEnd)).includes("\n");
}

let tabbed = null;                  // The completion in progress: start, end, candidates, index.

function complete(step) {
  if (!tabbed) {
    const before = text.value.slice(0, text.selectionStart), word = before.match(/\S*$/u)[0];
    const found = word && candidates(word, before === word);
    if (!found?.length) return false;
    tabbed = {start: before.length - word.length, end: before.length, found, at: step > 0 ? -1 : 0};
  } else if (tabbed.found.length < 2) return false;
  tabbed.at = (tabbed.at + step + tabbed.found.length) % tabbed.found.length;
  text.setRangeText(tabbed.found[tabbed.at], tabbed.start, tabbed.end, "end");
  tabbed.end = text.selectionStart;
  grow();
  return true;
}

function candidates(word, first) {
  const begins = (what) => what.toLowerCase().startsWith(word.toLowerCase());
  if (first && word[0] === "/") return [...new Set([...state.commands.values()].map((row) => `/${row.name} `))].filter(begins);
  if (word[0] === ":" && word.length > 1) return [...EMOJI].filter(([name]) => `:${name}`.startsWith(word.toLowerCase())).map(([, emoji]) => `${emoji} `);
  if (word[0] === "#") return [...views.keys()].filter((key) => key[0] === "#").map((key) => `${key} `).filter(begins);
  const speakers = [...(state.current?.list.children || [])].map((li) => li.dataset.nick).filter(Boolean).reverse();
  const present = state.current?.room ? [...state.current.members.keys()].sort() : [state.current?.name].filter(Boolean);
  const nicks = [...new Set([...speakers.filter((who) => present.includes(who)), ...present])].filter((who) => who !== state.nick);
  if (word[0] === "@") return nicks.map((who) => `@${who} `).filter(begins);
  return nicks.filter(begins).map((who) => who + (first ? ": " : " "));
}

// Replace what is in the field in a way that the browser can undo (Ctrl-Z); setting its value would forget everything.
export function replaceText(what) {
  endChange();
  text.focus();
  text.select();
  if (!document.execCommand("insertText", false, what)) text.value = what;
  grow();
}

export function prefill(line, from = line.indexOf(" ") + 1) {
  drawer(null);
  replaceText(line);
  text.setSelectionRange(from, line.length);
}

text.oninput = () => { tabbed = null; grow(); saveSoon(); };
text.onkeydown = (event) => {
  if (event.isComposing) return;
  if (event.key === "Tab" && !event.altKey && !event.ctrlKey) {
    if ((!event.shiftKey || tabbed) && complete(event.shiftKey ? -1 : 1)) event.preventDefault();
    return;
  }
  if (event.key !== "Shift") tabbed = null;
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); submit(); }
  if (event.altKey) return;
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (step && (!text.value || text.value === typedBefore[recalled]) && isAtLastLine(step)) { event.preventDefault(); recall(step); }
};
$("say").onsubmit = (event) => { event.preventDefault(); submit(); text.focus(); };
