// The dialog that changes the password of the user's account.

import {$} from "./dom.js";
import {note} from "./entries.js";
import {ask} from "./requests.js";
import {state} from "./state.js";

export function openPasswordChange() {
  if (!state.loggedIn) return note(state.current, 
    "You are not logged in. /login NICK logs in to an account, and /register makes one of your nick.", true);
  $("password-change-form").reset();
  $("password-change-error").textContent = "";
  $("password-change-nick").value = state.nick;
  $("password-change").showModal();
  $("old-password").focus();
}

$("password-change-form").onsubmit = (event) => {
  event.preventDefault();
  const fields = {password: $("old-password").value, new: $("changed-password").value};
  $("password-change-error").textContent = "";
  if (fields.password && fields.new) ask({command: "password", ...fields}, {form: passwordChange(fields.new), view: state.current});
};
$("password-change-cancel").onclick = () => $("password-change").close();
$("password-change").onclose = () => $("password-change-form").reset();

const passwordChange = (password) => ({  // what the answer does
  done() {
    if (state.proof?.password) state.proof = {nick: state.nick, password};  // A secret stays valid.
    $("password-change").close();
  },
  refused(why) {
    $("password-change-error").textContent = why;
    $("old-password").select();
  },
});
