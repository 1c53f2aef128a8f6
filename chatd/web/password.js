// The dialog that changes the password of the user's account.

function openPasswordChange() {
  if (!loggedIn) return note(current, "You are not logged in. /login NICK logs in to an account, and /register makes one of your nick.", true);
  $("password-change-form").reset();
  $("password-change-error").textContent = "";
  $("password-change-nick").value = nick;
  $("password-change").showModal();
  $("old-password").focus();
}

$("password-change-form").onsubmit = (event) => {
  event.preventDefault();
  const fields = {password: $("old-password").value, new: $("changed-password").value};
  $("password-change-error").textContent = "";
  if (fields.password && fields.new) ask({command: "password", ...fields}, {form: passwordChange(fields.new), view: current});
};
$("password-change-cancel").onclick = () => $("password-change").close();
$("password-change").onclose = () => $("password-change-form").reset();

const passwordChange = (password) => ({  // what the answer does
  done() {
    if (proof?.password) proof = {nick, password};  // A secret stays valid.
    $("password-change").close();
  },
  refused(why) {
    $("password-change-error").textContent = why;
    $("old-password").select();
  },
});
