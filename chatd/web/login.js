// Logging in with a password or a session secret, and logging out.

import {$, text} from "./dom.js";
import {disconnect} from "./link.js";
import {openPasswordChange} from "./password.js";
import {openPreferences} from "./preferences.js";
import {openRegistration} from "./registration.js";
import {forgetVisit} from "./remembered.js";
import {ask} from "./requests.js";
import {offerToGoOn} from "./restoring.js";
import {state, views} from "./state.js";
import {everyTab, store, stored, thisTab} from "./storage.js";
import {same} from "./views.js";

export function showLogin(open, why = "") {
  $("door").hidden = !open;
  $("chat").inert = open;
  if (views.size || !open) { $("chat").hidden = false; document.body.classList.remove("outside"); }
  $("nick-error").textContent = why;
  $("nick").ariaInvalid = String(Boolean(why));
  const first = ["password", "server-password"].map($).find((field) => open && !field.closest("[hidden]"));
  if (open) { $("nick").value ||= state.nick; (first || $("nick")).focus(); } else if (matchMedia("(hover: hover)").matches) text.focus();
}

const secretIn = (storage) => stored(storage, "chatd-secret", {nick: String, secret: String});
export let stays = Boolean(secretIn(everyTab));  // whether the user stays logged in when the tab is closed
export let admission = stored(thisTab, "chatd-admission", "") || stored(everyTab, "chatd-admission", "");  // the password of the server

export const keptProof = () => secretIn(thisTab) || secretIn(everyTab);

// What a hello adds to prove that the nick is the user's. A password gets a secret, so it is needed once only.
export function proofOf(who) {
  const {nick: whose, ...own} = state.proof && same(state.proof.nick, who) ? state.proof : {};
  const account = own.password ? {...own, remember: true} : own;
  return {...account, ...(admission && {server_password: admission})};
}

export function keepProof(what) {
  state.proof = what;
  const secret = what?.secret ? what : null;
  store(thisTab, "chatd-secret", secret);
  store(everyTab, "chatd-secret", stays ? secret : null);
}

function keepAdmission(password) {  // Where the session secret is kept: it is as long needed, and as secret.
  admission = password;
  store(thisTab, "chatd-admission", password);
  store(everyTab, "chatd-admission", stays ? password : "");
}

export function adoptAdmission(password) {  // What another tab has said: the browser forgets it with the last tab.
  admission ||= password || "";
}

export function onWelcome({nick: who, secret}) {
  if (state.proof && !same(state.proof.nick, who)) state.proof = null;  // A guest, beside the account of another tab.
  state.loggedIn = Boolean(state.proof);
  if (secret) keepProof({nick: who, secret});
  keepAdmission(admission);
  askForPassword(false);
  $("password").value = $("door-invitation").value = "";
  $("go-on-part").hidden = true;
  navigator.serviceWorker?.register("worker.js", {updateViaCache: "none"}).catch(() => { });  // A browser may forbid it.
}

export function onHelloRefused(code) {  // Ask for what is missing.
  if (code === "server-password-needed") {  // The server has not looked at the rest.
    keepAdmission("");
    return askForPassword(!$("password-part").hidden, true, !$("door-registration").hidden);
  }
  if (code === "wrong-password" && state.proof?.secret) keepProof(null);
  const registers = code === "registration-needed"
    || (state.proof?.register && !["nick-taken", "bad-nick", "nick-reserved"].includes(code));
  if (state.proof?.password) state.proof = null;
  $("password").value = "";
  if (code === "nick-taken") offerToGoOn(state.nick);
  askForPassword(registers || ["password-needed", "wrong-password"].includes(code), !$("server-password-part").hidden, registers);
}

export const doorHint = ({code, reason}) => code === "registration-needed" ? `${reason} Choose a password to register this nick.` : "";

export function askForPassword(needed, server = false, registers = false) {
  $("password-part").hidden = !needed;
  $("door-registration").hidden = !registers;
  $("password-label").textContent = registers ? "A new password for it, of at least 8 characters" : "Its password";
  $("password").autocomplete = registers ? "new-password" : "current-password";
  $("server-password-part").hidden = !server;
  $("stay").checked = stays;
}

export function readLogin() {  // What the login form says besides the nick.
  stays = $("password-part").hidden ? stays : $("stay").checked;
  const code = $("door-invitation").value.trim(), account = $("door-registration").hidden ? {} : {register: true, ...(code && {code})};
  if (!$("password-part").hidden && $("password").value) state.proof = {nick: state.nick, password: $("password").value, ...account};
  if (!$("server-password-part").hidden) admission = $("server-password").value;
}

export function accountItems() {
  return [["Preferences…", openPreferences], ...ownAccountItems()];
}

function ownAccountItems() {
  if (!state.commands.has("register")) return [];
  if (!state.loggedIn) return [["Register this nick…", openRegistration]];
  return [["Your sessions", () => ask({command: "sessions"}, {view: state.current})],
    ["Change your password…", openPasswordChange], ["Log out", logOut]];
}

function logOut() {
  if (state.ready) ask({command: "logout"}); else logInAs(state.nick);
  forgetAccount();
}

export function logInAs(who) {  // Leave, and ask for the password of an account.
  state.wanted = false;
  disconnect();
  $("nick").value = state.nick = who;
  askForPassword(true);
  showLogin(true);
}

export function forgetAccount() {
  forgetVisit();
  stays = state.loggedIn = false;
  state.wanted = false;
  keepProof(null);
  keepAdmission("");
}
