// Menus, and what they offer at a person (WAI-ARIA Authoring Practices, "Menu Button Pattern").

const RANKS = [undefined, "voice", "moderator", "owner", "operator"];  // roles, the lowest first: a member's has no name here
const ROLES_EVERY = 30e3;           // the time between two requests for the roles in a room, in ms
const INVITED_TO = 5;               // to how many rooms a menu offers to invite somebody

const rankOf = (view, who) => RANKS.indexOf(view.roles.get(who));
const MODERATOR = RANKS.indexOf("moderator"), OWNER = RANKS.indexOf("owner");

let ignored = new Set();            // the nicks of those whom the user ignores
let menuOpener = null;              // what the open menu belongs to

function learnRoles(view) {  // "entered" has one's own role only.
  if (view.knowsRoles || !ready || document.hidden || Date.now() - view.askedRoles < ROLES_EVERY) return;
  Object.assign(view, {knowsRoles: true, askedRoles: Date.now()});
  ask({command: "who", room: view.name}, {quiet: true});
}

// -- Any menu

function openMenu(opener, label, groups) {  // Each group is a list of [text, action].
  const again = menuOpener === opener;
  closeMenu(false);
  if (again) return opener.focus();
  menuOpener = opener;
  const menu = $("menu"), parts = groups.filter((group) => group.length);
  menu.ariaLabel = label;
  menu.replaceChildren(...parts.flatMap((group, at) => [
    ...(at ? [make("div", {role: "separator"})] : []),
    ...group.map(([what, act]) => make("button", {type: "button", role: "menuitem", tabIndex: -1, onclick: () => { closeMenu(); act(); }}, what)),
  ]));
  if (opener.ariaHasPopup) opener.ariaExpanded = "true";
  $("menu-part").hidden = false;
  const {left, right, top, bottom} = opener.getBoundingClientRect(), {width, height} = menu.getBoundingClientRect();
  const x = left + width + 8 > innerWidth ? right - width : left, y = bottom + height + 8 > innerHeight ? top - height : bottom;
  menu.style.left = `${Math.max(8, x)}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  menu.firstChild.focus();
}

function closeMenu(back = true) {
  const opener = menuOpener;
  menuOpener = null;
  $("menu-part").hidden = true;
  if (opener) opener.ariaExpanded = null;
  if (back && opener) (opener.tabIndex >= 0 ? opener : text).focus();
}

$("menu").onkeydown = (event) => {
  const items = [...$("menu").querySelectorAll("button")], at = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1,
  }[event.key] ?? (event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== " "
    ? [...items.keys()].map((n) => (n + at + 1) % items.length).find((n) => items[n].textContent.toLowerCase().startsWith(event.key.toLowerCase()))
    : undefined);
  if (event.key === "Tab") closeMenu();
  if (event.key === "Tab" || next !== undefined) event.preventDefault();
  if (next !== undefined) items.at(next % items.length).focus();
};
document.addEventListener("pointerdown", (event) => {
  if (menuOpener && !menuOpener.contains(event.target) && !$("menu").contains(event.target)) closeMenu(false);
});
window.addEventListener("resize", () => closeMenu(false));

// -- The menu at a person

function openPersonMenu(opener, who, seq = 0) {  // seq: of the message at which it is opened
  const view = current?.room ? current : null;
  const mayDelete = view && seq && (who === nick || (rankOf(view, nick) >= MODERATOR && rankOf(view, nick) > rankOf(view, who)));
  const remove = () => moderate("delete", String(seq), {room: view.name, which: String(seq)});
  const deleting = mayDelete ? [["Delete this message", remove]] : [];
  openMenu(opener, `What you can do about ${who}`, [...(who === nick ? ownItems() : personItems(who, view)), deleting]);
}

function ownItems() {
  const away = current?.members.get(nick) ?? null;
  return [[
    ...(loggedIn ? [] : [["Change your nick…", () => prefill(`/nick ${nick}`)]]),
    away === null ? ["Be away…", () => prefill("/away ")] : ["Be back", () => ask({command: "back"}, {view: current})],
  ], accountItems()];
}

function personItems(who, view) {
  const ignores = ignored.has(who);
  return [
    [
      ["Write privately", () => { switchTo(viewOf(`@${who}`)); text.focus(); }],
      ignores ? ["Stop ignoring", () => moderate("unignore", who)] : ["Ignore", () => moderate("ignore", who)],
      ["Report to the operators…", () => prefill(`/report ${who} `, who.length + 9)],
    ],
    ...(view ? roomItems(who, view) : []),
    invitingItems(who),
  ];
}

function roomItems(who, view) {  // What the user may do to a person in a room; the server decides.
  const own = rankOf(view, nick), their = rankOf(view, who), room = view.name;
  if (own < MODERATOR || own <= their) return [];
  const here = view.members.has(who) || view.members.size < view.count;
  const run = (command, fields = {}) => () => moderate(command, who, {room, ...fields});
  return [
    here ? [
      ...(their < RANKS.indexOf("voice") ? [["Give a voice", run("voice")]] : []),
      ...(own >= OWNER && their < MODERATOR ? [["Make a moderator", run("op")]] : []),
      ...(own >= OWNER && their < OWNER ? [["Make an owner", run("owner")]] : []),
      ...(their > 0 ? [["Take the role away", run("deop")]] : []),
    ] : [],
    their > 0 ? [] : [  // Mutes and bans do not hold for people with a role.
      ["Mute for 10 minutes", run("mute", {time: "10m"})],
      ["Mute for an hour", run("mute", {time: "1h"})],
      ["Mute for ever", run("mute")],
    ],
    [
      ...(here ? [[`Remove from ${view.key}…`, () => openRemoval("kick", who, view)]] : []),
      ...(their > 0 ? [] : [[`Ban from ${view.key}…`, () => openRemoval("ban", who, view)]]),
    ],
  ];
}

function invitingItems(who) {
  const may = [...views.values()].filter((view) => view.room && rankOf(view, nick) >= MODERATOR && !view.members.has(who));
  return may.slice(0, INVITED_TO).map((view) => [`Invite to ${view.key}`, () => ask({command: "invite", nick: who, room: view.name}, {view: current})]);
}

// Do something to a person. What everybody in the room sees as an event needs no further note.
function moderate(command, who, fields = {}) {
  const ignoring = command.endsWith("ignore");
  ask({command, ...(command === "delete" ? {} : {nick: who}), ...fields}, {view: current, quiet: !ignoring, typed: `/${command} ${who}`});
}
