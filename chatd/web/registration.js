// The dialog that makes a nick an account.

import {$} from "./dom.js";
import {keepProof} from "./login.js";
import {ask} from "./requests.js";
import {state} from "./state.js";

export function openRegistration() {
  $("registration-title").textContent = `Register ${state.nick}`;
  $("registration-error").textContent = $("new-password").value = $("invitation").value = "";
  $("registration-nick").value = state.nick;
  $("registration").showModal();
  $("new-password").focus();
}

$("registration-form").onsubmit = (event) => {
  event.preventDefault();
  const code = $("invitation").value.trim();
  const password = $("new-password").value;
  $("registration-error").textContent = "";
  if (password) ask({command: "register", password, remember: true, ...(code && {code})}, {form: registration, view: state.current});
};

$("registration-cancel").onclick = () => $("registration").close();
$("show-password").onchange = () => { $("new-password").type = $("show-password").checked ? "text" : "password"; };
$("registration").onclose = () => { $("new-password").value = ""; };

const registration = {              // what the answer does
  done({secret}) {
    state.loggedIn = true;
    if (secret) keepProof({nick: state.nick, secret});
    $("registration").close();
  },
  refused(why) {
    $("registration-error").textContent = why;
    $("new-password").focus();
  },
};
