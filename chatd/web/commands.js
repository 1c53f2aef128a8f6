// Carrying out what the user types.

import {takeComposing} from "./composing.js";
import {log} from "./dom.js";
import {withEmoji} from "./emoji.js";
import {note} from "./entries.js";
import {backToNow, jump} from "./jumps.js";
import {logInAs} from "./login.js";
import {say} from "./outbox.js";
import {Refusal, isCommand, parse} from "./parsing.js";
import {openPasswordChange} from "./password.js";
import {PAGE, fill} from "./range.js";
import {openRegistration} from "./registration.js";
import {forgetVisit, visit} from "./remembered.js";
import {ask} from "./requests.js";
import {search} from "./search.js";
import {state, views} from "./state.js";
import {withZone} from "./times.js";
import {close, same, setFollowing, switchTo, viewOf} from "./views.js";

const IN_ROOM = ["me", "leave", "who", "topic", "keep", "history"];  // and those of moderation

const typedEarly = [];            // what was typed before the commands were known, and where

export function interpret(line, view = state.current) {
  if (state.ready && !state.knowsCommands && isCommand(line)) return typedEarly.push([line, view]);
  let wire;
  try {
    wire = parse(line, state.commands);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return note(view, `${line}\n${error.message}`, true);
  }
  if (wire.text && ["say", "me", "msg", "reply"].includes(wire.command || wire.type)) wire.text = withEmoji(wire.text);
  if (wire.type === "do") return carryOut(wire, view, line);
  if (!view) return note(null, "You are in no room. /join ROOM enters one; /rooms lists them.", true);
  const {edit, reply} = takeComposing(view);
  if (edit) return ask({command: "edit", room: view.name, seq: edit, text: wire.text}, {view, typed: line, quiet: true});
  if (reply) wire.reply = reply;
  if (view.later) backToNow();
  say(view, view.room ? {...wire, room: view.name} : {type: "do", command: "msg", nick: view.name, text: wire.text});
}

export function onCommandsKnown() {
  state.knowsCommands = true;
  for (const [line, view] of typedEarly.splice(0)) interpret(line, view);
}

function carryOut(wire, view, line) {
  const {command, nick} = wire, moderates = state.commands.get(command)?.group === "moderation";
  if (view?.room && (moderates || IN_ROOM.includes(command))) wire.room ??= view.name;
  const own = {
    search: () => wire.text && search(line.replace(/^\S+\s*/, "")),
    history: () => wire.room && showHistory(wire, view),
    login: () => logInAs(nick),
    register: () => { openRegistration(); return true; },
    password: () => { openPasswordChange(); return true; },
    me: () => view?.room && say(view, wire),
    msg() {
      const talk = viewOf([...views.keys()].find((key) => same(key, `@${nick}`)) || `@${nick}`);
      switchTo(talk);
      return say(talk, wire);
    },
    reply: () => view && say(view, wire),
    leave: () => view && !view.room && !wire.room && close(view),
    quit() { forgetVisit(); state.wanted = false; },
    away() { visit.away = wire.text || ""; },
    back() { visit.away = null; },
  }[command]?.();
  if (own) return;
  const said = moderates && views.has(`#${wire.room}`);  // What everybody in the room sees as an event needs no note.
  const {type, ...fields} = wire;
  ask(fields, {view, typed: line, quiet: said && Boolean(nick || wire.mode)});
}

function showHistory({room, count = PAGE, type, command, ...place}, view) {
  if (room[0] === "@") return false;  // Private messages are shown as a note.
  const key = room.replace(/^#?/, "#"), [side] = Object.keys(place);
  if (side) return jump(key, {...(side.endsWith("_time") ? {[side]: withZone(place[side])} : place), count}) || true;
  if (key !== view?.key) return false;
  setFollowing(false);
  log.scrollTop = 0;
  if (view.more) fill(Math.min(100, count)); else note(view, "There are no older messages.");
  return true;
}
