// What the server sends, by type.

import {onAlertWords} from "./alerts.js";
import {showAudit} from "./answers.js";
import {onCommandsKnown} from "./commands.js";
import {deleteBefore} from "./deleting.js";
import {$, atEndOfTurn, make, text} from "./dom.js";
import {addGap, isAway, kept, note} from "./entries.js";
import {apply, onEvent} from "./events.js";
import {grow} from "./field.js";
import {brief, plural, span} from "./formats.js";
import {handlers, ofNick, ofRoom} from "./handlers.js";
import {jump} from "./jumps.js";
import {adoptLog, disconnect, helloId, post, setStatus} from "./link.js";
import {doorHint, forgetAccount, onHelloRefused, onWelcome, showLogin} from "./login.js";
import {onRead} from "./marks.js";
import {forget, markRefused, onPrivateSent, outbox} from "./outbox.js";
import {fill} from "./range.js";
import {confirmed, save, seen, visit} from "./remembered.js";
import {ask, askKeep, join, requests} from "./requests.js";
import {restoreStanding} from "./restoring.js";
import {latestSearch, showHits, showNoHits} from "./search.js";
import {DONE, GOODBYES, removed} from "./sentences.js";
import {askSettings, showSettingRefused} from "./settings.js";
import {refresh} from "./sides.js";
import {state, views} from "./state.js";
import {everyTab, store} from "./storage.js";
import {recallTalk, showTalk} from "./talks.js";
import {announceMissed} from "./unread.js";
import {close, markRead, same, switchTo, viewOf} from "./views.js";

let unanswered = 0;                // the lists of commands that are still to come

function askCommands() {
  unanswered = 1;
  ask({command: "help"}, {quiet: true});
}

function onCommands(groups) {
  unanswered += groups.length - 1;
  for (const group of groups) ask({command: "help", about: group}, {quiet: true, group});
  if (!unanswered) onCommandsKnown();
}

export function receive(message) {
  const ask = message.id && requests.get(message.id);
  if (ask) requests.delete(message.id);
  handlers[message.type]?.(message, ask);
  atEndOfTurn(refresh);
}

Object.assign(handlers, {
  welcome(message) {
    state.nick = message.nick;
    onWelcome(message);
    state.newLogName = message.log;
    if (state.logName !== state.newLogName) {
      confirmed.clear();
      for (const view of views.values()) if (view.resuming) confirmed.add(view.name);
    }
    adoptLog();
    state.ready = true;
    document.body.dataset.link = "on";
    state.tries = 0;
    for (const {view, typed} of requests.values()) if (typed) note(view, `${typed}\nThe connection was lost before the answer. See whether it was done.`, true);
    requests.clear();  // Requests on the old connection get no answer.
    for (const view of views.values()) view.loading = null;
    $("server").textContent = message.server;
    store(everyTab, "chatd-nick", state.nick);
    showLogin(false);
    setStatus();
    if (!state.welcomed && message.motd) note(null, message.motd.join("\n"));
    state.welcomed = true;
    if (!state.knowsCommands) askCommands();
    ask({command: "ignore"}, {quiet: true, first: true});
    onAlertWords(message);
    recallTalk(state.current);
    for (const entry of outbox.values()) post(entry.wire);  // The server acknowledges repeated messages, and does not post them again.
  },
  entered(message, ask) {
    const view = viewOf(`#${message.room}`), resumed = view.resuming;
    view.resuming = view.awaited = false;
    adoptLog();
    confirmed.add(view.name);
    apply(view, message);
    if (view.keep) askKeep(view);
    if (message.read) onRead(view, message.read);
    if (!resumed) {
      if (seen[view.name] >= message.seq) delete seen[view.name];  // It belonged to another log.
      const past = message.scrollback || [], last = seen[view.name];
      view.first = past.length ? past[0].seq : message.seq;
      view.more = view.first > 1;
      for (const event of past) onEvent(view, event, event.seq > (last ?? message.seq));
      if (view.first > last + 1) Object.assign(view, {atLeast: true, mark: last});  // The scrollback does not reach back to it.
      announceMissed(view);
      seen[view.name] ??= message.seq;
      view.seq = view.last = Math.max(view.seq, message.seq);
    }
    if (ask || !state.current || same(state.linkedRoom, view.name)) switchTo(view);
    if (same(state.linkedRoom, view.name)) {
      if (state.linkedSeq) jump(view.key, {around: state.linkedSeq});
      Object.assign(state, {linkedRoom: "", linkedSeq: 0});
    }
    if (ask?.place) jump(view.key, ask.place);
    if (view === state.current) { markRead(); fill(); }
    save();
  },
  exited(message, ask) {
    const view = views.get(`#${message.room}`), typed = text.value, moved = Boolean(!ask && view && view === state.current);
    if (view) close(view, views.get(`#${message.current}`));
    if (moved) { Object.assign(state, {moved}); text.value = typed; grow(); }  // The user may be about to send this.
    if (message.by) note(null, removed(message), true);
  },
  ack(message) {
    const entry = outbox.get(message.id), view = views.get(`#${message.room}`);
    if (!entry) return;
    entry.li?.classList.remove("pending");
    entry.li?.classList.add("sent");
    if (!view || message.seq <= view.seq) forget(message.id);  // A repeated message, whose event was received before.
  },
  refused(message, ask) {
    const why = [message.reason, message.hint].filter(Boolean).join(" ");
    if (message.code === "server-full") { $("nick-error").textContent = why; return setStatus(why); }
    if (message.id === helloId && !state.ready) { state.wanted = false; onHelloRefused(message.code); return showLogin(true, doorHint(message) || why); }
    const entry = outbox.get(message.id);
    if (entry) return markRefused(entry, why);
    if (message.id === helloId) return closeRefused(message.room, why);
    if (ask?.search) return showNoHits(ask, why);
    if (ask?.settings) return showSettingRefused(ask, why);
    if (ask?.form) return ask.form.refused(why);
    if (ask?.held) return ask.held.refused(why);
    if (ask?.talk) return;  // There is no inbox, or nothing in it.
    if (ask?.page && ask.view.loading === ask) ask.view.loading = null;
    note(ask?.view, ask?.typed ? `${ask.typed}\n${why}` : why, true);
  },
  private(message) {
    if (message.seq <= visit.inbox) return;  // A repetition.
    visit.inbox = message.seq;
    const view = viewOf(`@${message.to || message.nick}`);
    if (message.to && view.talk.some((one) => one.id && one.id === message.id)) return;  // This page has sent it.
    if (view.gone && !message.to) { view.gone = 0; note(view, `Somebody called ${message.nick} writes. It may be somebody else.`); }
    onEvent(view, {...message, type: "said", seq: view.seq + 1});  // The page numbers the messages of each talk.
  },
  inbox({after}) {
    visit.inbox = after;
  },
  away(message) {
    const absent = `${message.nick} is not here, and gets your message when they come back.`;
    note(views.get(`@${message.nick}`), message.absent ? absent : isAway({...message, away: message.text}));
  },
  done(message, ask) {
    if (outbox.has(message.id)) return onPrivateSent(outbox.get(message.id), message.subject);
    if (message.command === "nick") { state.nick = message.subject; store(everyTab, "chatd-nick", state.nick); save(); }
    if (message.command === "join") switchTo(viewOf(`#${message.subject}`));
    if (ask?.settings) return askSettings();
    if (ask?.form) ask.form.done(message);
    if (["away", "back"].includes(message.command)) for (const view of views.values()) apply(view, {type: message.command});
    if (DONE[message.command] && !ask?.quiet) note(ask?.view, DONE[message.command].replace("WHO", () => message.subject || message.secret));
  },
  help(message, asked) {
    for (const row of message.commands)
      for (const name of [row.name, ...(row.also || [])]) state.commands.set(name, {group: asked?.group, ...row});
    if (asked?.quiet) return onCommands(message.groups || []);
    const list = make("dl");
    for (const row of message.commands) list.append(make("dt", {}, row.usage), make("dd", {}, row.help));
    note(asked?.view, list);
  },
  rooms(message, ask) {
    const list = make("dl");
    for (const row of message.rooms) {
      const enter = make("button", {type: "button", onclick: () => join(row.room)}, `#${row.room}`);
      list.append(make("dt", {}, enter), make("dd", {dir: "auto"}, `${plural(row.count, "person", "people")}${row.topic ? ` – ${row.topic}` : ""}`));
    }
    note(ask?.view, list);
  },
  members(message, ask) {
    const view = views.get(`#${message.room}`), {away = {}, roles = {}} = message;
    if (view) apply(view, message);
    if (ask?.quiet) return;
    const all = message.members.map((who) => {
      const gone = ofNick(away, who), marks = [ofNick(roles, who), gone !== undefined && (gone ? `away: ${gone}` : "away")].filter(Boolean);
      return marks.length ? `${who} (${marks.join("; ")})` : who;
    });
    note(ask?.view, `In #${message.room} (${message.count}): ${all.join(", ")}`);
  },
  person(message, ask) {
    if (ask?.held) return ask.held.done(message);
    const rooms = (message.rooms || []).map((room) => `#${room}`).join(", ") || "no room";
    const idle = Math.floor((message.idle || 0) / 60), away = "away" in message ? `\n${isAway(message)}` : "";
    const kind = message.account ? "registered" : "a guest";
    note(ask?.view, `${message.nick} (${kind}) is in ${rooms}; connected since ${brief.format(new Date(message.since))} by ${message.door}` +
      `${idle ? `, idle for ${plural(idle, "minute", "minutes")}` : ""}${away}`);
  },
  "topic-is": (message, ask) => note(ask?.view, message.text ? `The topic of #${message.room} is: ${message.text}` : `#${message.room} has no topic.`),
  keeping(message, ask) {
    const view = views.get(`#${message.room}`), since = message.since ? `, from ${brief.format(new Date(message.since))} on` : "";
    if (view) apply(view, message);
    if (ask?.quiet) return;
    const most = message.most ? `for ${span(message.most)}` : "forever";
    note(ask?.view, message.keep ? `By choice of its owner, #${message.room} keeps ${kept(message.keep)}${since}.`
      : `#${message.room} keeps messages ${most}.`);
  },
  forgotten: ofRoom((view, message) => {
    const deleted = `Messages from before ${brief.format(new Date(message.time))} have been deleted`;
    deleteBefore(view, message.before);
    if (view.more) return note(view, `${deleted}.`);  // They were before the list.
    view.top?.remove();
    view.top = addGap(view, deleted, view.list.firstChild);
    if (view === state.current) fill();
  }),
  ignoring(message, ask) {
    const nicks = (message.nicks || []).map((nick) => ofNick(message.now, nick) ? `${nick} (now ${ofNick(message.now, nick)})` : nick);
    state.ignored = new Set((message.nicks || []).map((nick) => ofNick(message.now, nick) || nick));
    if (ask?.first) restoreStanding(message.nicks || [], [...views.values()].some((view) => (view.members.get(state.nick) ?? null) !== null));
    else { visit.ignored = [...state.ignored]; save(); }
    if (ask?.quiet) return;
    note(ask?.view, nicks.length ? `You ignore ${nicks.join(", ")}.` : "You ignore nobody.");
  },
  found(message, ask) {
    if (ask && ask.search === latestSearch) showHits(message.words, message.events || [], Boolean(message.more), ask.older);
  },
  history(message, ask) {
    if (ask?.held) return ask.held.done(message);
    if (ask?.talk) return showTalk(ask.talk, message.events || []);
    if (ask?.typed && !ask.page) return showAudit(message, ask.view);
    if (!ask?.page || ask.view.loading !== ask) return;  // Another position was requested since.
    ask.view.loading = null;
    ask.page(ask.view, {events: [], more: false, later: false, ...message}, ask);
  },
  missed: ofRoom((view, message) => {
    const unknown = !message.from;
    if (view.later && !unknown) return void (view.seq = message.to);  // The gap shows when the list is extended.
    view.later = false;
    const what = unknown ? "What you missed is unknown" : `You have missed ${plural(message.to - message.from + 1, "event", "events")}`;
    view.top = view.list.firstChild && addGap(view, what);
    view.seq = view.last = unknown ? 0 : message.to;
    view.first = message.to + 1;
    view.more = false;
    if (!unknown) return;
    for (const old of view.list.querySelectorAll("[data-seq]")) delete old.dataset.seq;  // These numbers now belong to other events.
    view.resuming = false;
    view.composing = null;
    delete seen[view.name];
  }),
  slowed: (message) => note(null, `You are sending faster than ${message.rate} lines a second: your lines wait, and nothing is lost.`),
  closing(message) {
    if (message.reason in GOODBYES) state.wanted = false;
    if (message.reason === "ended") forgetAccount();
    if (message.reason === "replaced") {
      state.wanted = false;
      disconnect();
      return setStatus("You go on in another tab or window.", "Use this one");
    }
    if (!state.wanted || !state.ready) { state.wanted = false; disconnect(); showLogin(true, GOODBYES[message.reason]); setStatus(); }
  },
});

function closeRefused(room, why) {  // A room that cannot be entered again after a lost connection.
  const view = views.get(`#${room}`);
  if (view?.awaited) close(view);
  adoptLog();
  note(null, why, true);
}
