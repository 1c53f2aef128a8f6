// What the menu at a person offers.

import {text} from "./dom.js";
import {prefill} from "./field.js";
import {accountItems} from "./login.js";
import {openMenu} from "./menus.js";
import {MODERATOR, OWNER, RANKS, rankOf} from "./people.js";
import {visit} from "./remembered.js";
import {openRemoval} from "./removal.js";
import {ask} from "./requests.js";
import {state, views} from "./state.js";
import {switchTo, viewOf} from "./views.js";

const INVITED_TO = 5;               // to how many rooms a menu offers to invite somebody

export function openPersonMenu(opener, who, seq = 0) {  // seq: of the message at which it is opened
  const view = state.current?.room ? state.current : null;
  const mayDelete = view && seq && (who === state.nick || (rankOf(view, state.nick) >= MODERATOR && rankOf(view, state.nick) > rankOf(view, who)));
  const remove = () => moderate("delete", String(seq), {room: view.name, which: String(seq)});
  const deleting = mayDelete ? [["Delete this message", remove]] : [];
  openMenu(opener, `What you can do about ${who}`, [...(who === state.nick ? ownItems() : personItems(who, view)), deleting]);
}

function ownItems() {
  const away = state.current?.members.get(state.nick) ?? null;
  return [[
    ...(state.loggedIn ? [] : [["Change your nick…", () => prefill(`/nick ${state.nick}`)]]),
    away === null ? ["Be away…", () => prefill("/away ")] : ["Be back", () => { visit.away = null; ask({command: "back"}, {view: state.current}); }],
  ], accountItems()];
}

function personItems(who, view) {
  const ignores = state.ignored.has(who);
  return [
    [
      ["Write privately", () => { switchTo(viewOf(`@${who}`)); text.focus(); }],
      ["Who is this?", () => ask({command: "whois", nick: who}, {view: state.current, typed: `/whois ${who}`})],
      ignores ? ["Stop ignoring", () => moderate("unignore", who)] : ["Ignore", () => moderate("ignore", who)],
      ["Report to the operators…", () => prefill(`/report ${who} `, who.length + 9)],
    ],
    ...(view ? roomItems(who, view) : []),
    invitingItems(who),
  ];
}

function roomItems(who, view) {  // What the user may do to a person in a room; the server decides.
  const own = rankOf(view, state.nick), their = rankOf(view, who), room = view.name;
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
  const may = [...views.values()].filter((view) => view.room && rankOf(view, state.nick) >= MODERATOR && !view.members.has(who));
  return may.slice(0, INVITED_TO).map((view) => [`Invite to ${view.key}`, () => ask({command: "invite", nick: who, room: view.name}, {view: state.current})]);
}

// Do something to a person. What everybody in the room sees as an event needs no further note.
export function moderate(command, who, fields = {}) {
  const ignoring = command.endsWith("ignore");
  ask({command, ...(command === "delete" ? {} : {nick: who}), ...fields}, {view: state.current, quiet: !ignoring, typed: `/${command} ${who}`});
}
