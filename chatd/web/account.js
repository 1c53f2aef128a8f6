// Accounts: logging in with a password or a session secret, registering, and logging out.

// How the user logs in: {nick, secret}, or {nick, password}; to make the account, also {register: true, code}.
let proof = stored(thisTab, "chatd-secret") || stored(everyTab, "chatd-secret");
let stays = Boolean(stored(everyTab, "chatd-secret"));  // whether the user stays logged in when the tab is closed
let admission = "";                 // the password of the server, if it has one
let loggedIn = false;

// What a hello adds to prove that the nick is the user's. A password gets a secret, so it is needed once only.
function proofOf(who) {
  const {nick: whose, ...own} = proof && same(proof.nick, who) ? proof : {};
  const account = own.password ? {...own, remember: true} : own;
  return {...account, ...(admission && {server_password: admission})};
}

function keepProof(what) {
  proof = what;
  const secret = what?.secret ? what : null;
  stored(thisTab, "chatd-secret", secret);
  stored(everyTab, "chatd-secret", stays ? secret : null);
}

function onWelcome({nick: who, secret}) {
  if (proof && !same(proof.nick, who)) proof = null;  // A guest, beside the account of another tab.
  loggedIn = Boolean(proof);
  if (secret) keepProof({nick: who, secret});
  askForPassword(false);
  $("password").value = $("door-invitation").value = "";
}

function onHelloRefused(code) {  // Ask for what is missing.
  if (code === "wrong-password" && proof?.secret) keepProof(null);
  const registers = code === "registration-needed" || (proof?.register && !["nick-taken", "bad-nick", "nick-reserved"].includes(code));
  if (proof?.password) proof = null;
  $("password").value = "";
  if (code === "server-password-needed" || (code === "wrong-password" && !$("server-password-part").hidden)) {
    admission = "";
    return askForPassword(!$("password-part").hidden, true);
  }
  askForPassword(registers || ["password-needed", "wrong-password"].includes(code), !$("server-password-part").hidden, registers);
}

const doorHint = ({code, reason}) => code === "registration-needed" ? `${reason} Choose a password to register this nick.` : "";

function askForPassword(needed, server = false, registers = false) {
  $("password-part").hidden = !needed;
  $("door-registration").hidden = !registers;
  $("password-label").textContent = registers ? "A new password for it, of at least 8 characters" : "Its password";
  $("password").autocomplete = registers ? "new-password" : "current-password";
  $("server-password-part").hidden = !server;
  $("stay").checked = stays;
}

function readLogin() {  // What the login form says besides the nick.
  stays = $("password-part").hidden ? stays : $("stay").checked;
  const code = $("door-invitation").value.trim(), account = $("door-registration").hidden ? {} : {register: true, ...(code && {code})};
  if (!$("password-part").hidden && $("password").value) proof = {nick, password: $("password").value, ...account};
  if (!$("server-password-part").hidden) admission = $("server-password").value;
}

function accountItems() {
  if (!commands.has("register")) return [];
  if (!loggedIn) return [["Register this nick…", openRegistration]];
  return [["Your sessions", () => ask({command: "sessions"}, {view: current})], ["Change your password…", openPasswordChange], ["Log out", logOut]];
}

function logOut() {
  if (ready) ask({command: "logout"}); else logInAs(nick);
  forgetAccount();
}

function logInAs(who) {  // Leave, and ask for the password of an account.
  wanted = false;
  disconnect();
  $("nick").value = nick = who;
  askForPassword(true);
  showLogin(true);
}

function forgetAccount() {
  stays = loggedIn = false;
  wanted = false;
  keepProof(null);
}

// -- Registering

function openRegistration() {
  $("registration-title").textContent = `Register ${nick}`;
  $("registration-error").textContent = $("new-password").value = $("invitation").value = "";
  $("registration-nick").value = nick;
  $("registration").showModal();
  $("new-password").focus();
}

$("registration-form").onsubmit = (event) => {
  event.preventDefault();
  const code = $("invitation").value.trim();
  const password = $("new-password").value;
  $("registration-error").textContent = "";
  if (password) ask({command: "register", password, remember: true, ...(code && {code})}, {form: registration, view: current});
};
$("registration-cancel").onclick = () => $("registration").close();
$("show-password").onchange = () => { $("new-password").type = $("show-password").checked ? "text" : "password"; };
$("registration").onclose = () => { $("new-password").value = ""; };

const registration = {              // what the answer does
  done({secret}) {
    loggedIn = true;
    if (secret) keepProof({nick, secret});
    $("registration").close();
  },
  refused(why) {
    $("registration-error").textContent = why;
    $("new-password").focus();
  },
};

handlers.sessions = ({sessions = []}, ask) => {
  const when = (time) => brief.format(new Date(time));
  note(ask?.view, sessions.map((one) => {
    const state = one.current ? "this one" : one.connected ? "connected" : "not connected";
    return `${one.number}: ${one.door}, ${state}${one.remembered ? ", remembered" : ""}, since ${when(one.since)}, last active ${when(one.used)}`;
  }).join("\n"));
};
handlers.keys = ({keys = []}, ask) => note(ask?.view, keys.map((key) => `${key.number}: ${key.kind} ${key.fingerprint} ${key.comment || ""}`).join("\n")
  || "You have no SSH keys. /keys add KEY adds one.");
