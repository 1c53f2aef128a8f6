// Words to be alerted to. The server keeps them for an account, so that the user has the same everywhere.

import {$} from "./dom.js";
import {note} from "./entries.js";
import {handlers} from "./handlers.js";
import {alertWords, prefer} from "./preferences.js";
import {ask} from "./requests.js";
import {state} from "./state.js";

const use = (words) => prefer({words: words.join(" ")});

function tellChanges(before) {      // Tell the server which words there are instead of these.
  const words = alertWords(), gone = before.filter((word) => !words.includes(word));
  const changes = [...gone.map((word) => `-${word}`), ...words];
  if (state.ready && changes.length) ask({command: "alert", words: changes}, {quiet: true});
}

export function onAlertWords({account, alerts}) {  // Those of an account replace those of this browser.
  if (account && alerts) use(alerts); else tellChanges([]);
}

handlers.alerts = ({words = []}, asked) => {
  use(words);
  if (asked && !asked.quiet) note(asked.view, words.length ? `You are alerted to: ${words.join(", ")}.` : "You are alerted to your nick alone.");
};

$("alert-words").onchange = () => {
  const before = alertWords();
  prefer({words: $("alert-words").value.trim()});
  tellChanges(before);
};
