// The entries of a list: messages, facts, notes and gaps.

import {shortened} from "./composing.js";
import {$, announce, coloured, face, make, text} from "./dom.js";
import {brief, dayOf, moment, span, timeOf} from "./formats.js";
import {jump} from "./jumps.js";
import {parts} from "./markup.js";
import {sources} from "./message_menu.js";
import {RIGHTS, reasonOf} from "./sentences.js";
import {state, views} from "./state.js";
import {follow, nowhere, showEnd} from "./views.js";

const GROUP = 5 * 60e3;             // consecutive messages of one person within this time, in ms, share a heading

const CROWD = 4;                    // more joins and leaves in a row are summed up
const SPEAKERS = 2000;              // of how many people a view remembers that they have said something
const TALL = 15;                    // a message of more lines, or as much text, is collapsed

const REASONS = {
  "quit": "quit", "link-lost": "connection lost", "timed-out": "timed out",
  "not-reading": "not reading", "replaced": "reconnected", "ended": "session ended", "shutdown": "server shutdown",
};

export function entryOf(view, event) {
  const when = new Date(event.time), li = make("li");
  li.dataset.time = when.getTime();
  if (event.type === "said") return numbered(fillMessage(view, li, event, when), event);
  if (event.type === "edited") return null;  // The message itself is changed.
  const sentence = sentenceOf(event);
  if (!sentence) return null;
  li.className = "fact";
  const part = numbered(make("span", {title: moment.format(when)}, ...sentence), event);
  if (event.type === "joined" || (event.type === "left" && event.reason !== "kicked")) {
    li.classList.add("presence");
    Object.assign(part.dataset, {presence: event.type, ...(!view.spoken.has(event.nick) && {quiet: ""})});
  }
  li.append(part);
  return li;
}

function numbered(element, event) {
  if (event.seq) element.dataset.seq = event.seq;
  return element;
}

export function sentenceOf(event) {
  const who = make("bdi", {}, event.nick);
  if (event.type === "joined") return [who, " has joined"];
  if (event.type === "renamed") return [who, " is now known as ", make("bdi", {}, event.to)];
  if (event.type === "left") {
    if (event.reason === "kicked" && !event.by) return ["An operator has removed ", who, " from the server", ...reasonOf(event)];
    if (event.reason === "kicked") return [make("bdi", {}, event.by), " has removed ", who, ` from #${event.room}`, ...reasonOf(event)];
    const reason = REASONS[event.reason] || "", text = event.text ? [reason && ": ", make("bdi", {}, event.text)] : [];
    return [who, " has left", ...(reason || event.text ? [` (${reason}`, ...text, ")"] : [])];
  }
  if (event.type === "topic") return event.text ? [who, " has set the topic: ", make("bdi", {}, event.text)] : [who, " has removed the topic"];
  if (event.type === "kept") {
    const since = event.since > event.time ? `, from ${brief.format(new Date(event.since))} on` : "";
    return [who, ` has set this room to keep ${kept(event.keep)}${since}; /keep changes it`];
  }
  if (event.type === "blanked") return ["a message of ", who, " was deleted"];
  if (event.type === "reported") return [who, " reports ", make("bdi", {}, event.to), `${event.about ? ` in #${event.about}` : ""}: `, make("bdi", {}, event.text)];
  if (event.type === "announced") return [who, ", an operator, tells everybody: ", make("bdi", {}, event.text)];
  return RIGHTS[event.type] ? [who, " has ", ...RIGHTS[event.type](event)] : null;
}

export function kept(keep) {
  if (keep === "none") return "no messages";
  return keep ? `messages for ${span(keep)}` : "messages as long as the server does";
}

export const isAway = ({nick: who, away}) => `${who} is away${away ? `: ${away}` : "."}`;

export function merge(li, before) {  // Consecutive joins and leaves share a line, and other facts of the same minutes.
  if (!before?.classList.contains("fact")) return false;
  const isPresence = li.matches(".presence") && before.matches(".presence") && isSameDay(li, before);
  if (!isPresence && (li.matches(".presence") || before.matches(".presence"))) return false;
  if (!isPresence && (before.childNodes.length > 6 || li.dataset.time - before.dataset.time > GROUP)) return false;
  before.append(...li.childNodes);
  if (isPresence) sumUp(before);
  return true;
}

const isSameDay = (one, other) => new Date(Number(one.dataset.time)).toDateString() === new Date(Number(other.dataset.time)).toDateString();

function sumUp(li) {  // "300 joined, 12 left": a row of many opens.
  const all = [...li.querySelectorAll("[data-seq]")], joined = all.filter((part) => part.dataset.presence === "joined").length;
  if (all.length <= CROWD) return;
  let sum = li.querySelector(".sum");
  if (!sum) {
    sum = make("button", {type: "button", className: "sum", ariaExpanded: "false"});
    sum.onclick = () => { sum.ariaExpanded = String(!li.classList.toggle("many")); };
    li.classList.add("many");
    li.prepend(sum);
  }
  const left = all.length - joined;
  sum.textContent = [joined && `${joined.toLocaleString()} joined`, left && `${left.toLocaleString()} left`].filter(Boolean).join(", ");
}

export function fillMessage(view, li, {nick: who, text: what, action, reply, edited}, when) {
  view.spoken.add(who);
  if (view.spoken.size > SPEAKERS) view.spoken.delete(view.spoken.values().next().value);
  li.classList.add("said");
  li.dataset.nick = who;
  if (action) { li.classList.add("action"); li.dataset.action = "1"; }
  if (/^(?:\p{Extended_Pictographic}[\p{Emoji_Modifier}\u{fe0f}\u{200d}]*\s*){1,6}$/u.test(what)) li.classList.add("big");
  const name = coloured(make("bdi", {className: "nick"}, who), who);
  const body = make("span", {className: "text", dir: "auto"});
  const hover = timeOf(when);
  hover.ariaHidden = "true";
  li.append(face(who), make("span", {className: "who"}, name, timeOf(when)), hover, ...(reply ? [quoteOf(view, reply)] : []), body);
  setText(li, what, edited);
  return li;
}

export function setText(li, what, edited) {  // The text of a message, which may have been changed.
  const body = li.querySelector(".text");
  sources.set(li, what);
  body.replaceChildren(...linked(li.dataset.action ? `${li.dataset.nick} ${what}` : what));
  li.querySelector(".more")?.remove();
  li.classList.remove("tall");
  if (isTall(what)) collapse(li, what.split("\n").length);
  li.querySelector(".edited")?.remove();
  if (edited) body.after(make("small", {className: "edited"}, "changed"));
}

function quoteOf(view, seq) {       // What a message replies to, with a link to it.
  const li = view.list.querySelector(`.said[data-seq="${Number(seq)}"]`);
  const what = li ? [make("bdi", {className: "nick"}, li.dataset.nick), ` ${shortened(sources.get(li) || "")}`] : ["an earlier message"];
  const quote = make("button", {type: "button", className: "quote", dir: "auto", onclick: () => jump(view.key, {around: Number(seq)})}, ...what);
  quote.dataset.reply = seq;
  return quote;
}

export function quoteAgain(view, concerns) {  // The messages with these seqs were changed or deleted.
  for (const quote of view.list.querySelectorAll(".quote")) if (concerns(Number(quote.dataset.reply))) quote.replaceWith(quoteOf(view, quote.dataset.reply));
}

const isTall = (what) => what.length > TALL * 80 || what.split("\n").length > TALL;

function collapse(li, lines) {  // Show the first lines of a long message, and a button that shows them all.
  const more = make("button", {type: "button", className: "more", ariaExpanded: "false"});
  const set = (open) => {
    li.classList.toggle("tall", !open);
    more.ariaExpanded = String(open);
    more.textContent = open ? "Show less" : lines > TALL ? `Show all ${lines} lines` : "Show all";
  };
  more.onclick = () => set(more.ariaExpanded === "false");
  set(false);
  li.append(more);
}

const linked = (what) => parts(what).map(elementOf);

function elementOf(part) {
  if (typeof part === "string") return part;
  if (part.href) return linkTo(part.href);
  if (part.block !== undefined) return make("pre", {tabIndex: 0}, make("code", {}, part.block));
  if (part.code) return make("code", {}, part.code);
  return make(part.bold ? "strong" : "em", {}, ...(part.bold || part.italic).map(elementOf));
}

function linkTo(href) {             // A link, and the host to which it leads, unless that is how it begins.
  const link = make("a", {href, dir: "ltr", target: "_blank", rel: "noopener noreferrer"}, href), {hostname, username} = new URL(href);
  const isPlain = !username && href.toLowerCase().replace(/^https?:\/\//u, "").startsWith(hostname);
  return isPlain ? link : make("span", {}, link, ` (${hostname})`);
}

export function group(li) {  // Mark an entry that begins a day, or a group of messages of one person.
  let before = li.previousSibling;
  while (before && !before.dataset.time) before = before.previousSibling;
  if (!li.dataset.time) return;
  const when = new Date(Number(li.dataset.time)), last = before && new Date(Number(before.dataset.time));
  const day = !last || last.toDateString() !== when.toDateString();
  li.classList.toggle("day", day);
  if (day) li.dataset.label = dayOf(when);
  const goesOn = !day && li.previousSibling === before && before.dataset.nick === li.dataset.nick && when - last < GROUP;
  li.classList.toggle("first", !goesOn);
}

export function note(view, what, bad = false) {
  if (!views.has(view?.key)) view = state.current || nowhere;  // The view may be closed by now.
  const li = make("li", {className: bad ? "note bad" : "note", dir: "auto"}, ...(typeof what === "string" ? linked(what) : [what]));
  announce(li.textContent);
  const isShown = view === (state.current || nowhere);
  if (isShown && !state.following) return showAside(li);
  view.list.append(li);
  if (isShown) showEnd(view);
}

function showAside(li) {  // What is answered while the user reads far back must not move the list.
  const close = make("button", {type: "button", className: "icon", ariaLabel: "Close", textContent: "×", onclick: closeAside});
  $("aside").replaceChildren(make("ul", {}, li), close);
  $("aside").hidden = false;
}

export function closeAside() {
  $("aside").hidden = true;
  text.focus();
}

export function addGap(view, what, before = view.list.querySelector(".pending, .sent")) {
  const li = make("li", {className: "gap"}, what);
  view.list.insertBefore(li, before);
  if (view === state.current) follow();
  return li;
}
