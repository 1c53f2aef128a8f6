// What a typed line means, as chatd/core/command_table.py reads it; tests/cases/commands.json holds both to it.

import {CLOCK, DAY, takeTime} from "./times.js";

const FIELDS = {COMMAND: "about", N: "count"};  // the fields that are not called as the word of the usage
const FILTERS = {in: "room", from: "nick", before: "before_time", after: "after_time"};
const SEARCH_PART = new RegExp(`(?:before|after):${DAY}\\s+${CLOCK}(?!\\S)|[-\u2212\u2013]?"[^"]*"(?!\\S)|\\S+`, "giu");
const NUMBER = /^\d{1,12}$/, TIME = /^[1-9]\d*[mhdw]$/;

export class Refusal extends Error { }

export const withoutBlankEnds = (text) => text.replace(/^\s*\n/u, "").replace(/\n\s*$/u, "").replace(/^\s+$/u, "");

export const isCommand = (line) => line[0] === "/" && line[1] !== "/" && !line.includes("\n");

// How a message is typed that has this text.
export const typedAs = (text) => text[0] === "/" && !text.includes("\n") ? `/${text}` : text;

// The message of a typed text, as the server takes it; rows are the commands by name. Throws Refusal. What only the server
// can refuse (an unknown command, a search) is passed on.
export function parse(line, rows) {
  if (line.startsWith("//") && !line.includes("\n")) return {type: "say", text: line.slice(1)};
  if (!isCommand(line)) return {type: "say", text: line};
  const [, name, rest] = line.match(/^\/(\S*)(.*)$/su), row = rows.get(name.toLowerCase());
  if (!row) return {type: "do", command: name};
  return {type: "do", command: row.name, ...read(row, rest.trim())};
}

function read(row, rest) {
  if (row.name in READERS) return READERS[row.name](row, rest);
  return row.group === "moderation" ? readInRoom(row, rest) : readWords(row, rest);
}

const READERS = {
  history: readHistory,
  search: (row, rest) => readSearch(rest),
  alert: (row, rest) => listed("words", wordsOf(rest)),
  watch(row, rest) {
    const words = wordsOf(rest);
    return words[0]?.toLowerCase() === "off" ? {...listed("nicks", words.slice(1)), stop: true} : listed("nicks", words);
  },
  sessions(row, rest) {
    const [word, number] = cut(rest);
    if (!["", "end"].includes(word)) throw new Refusal(`/sessions lists your sessions, or ends one. Write /sessions, or /sessions end N.`);
    return word ? {end: numberOf(row, number)} : {};
  },
  keys(row, rest) {
    const [word, value] = cut(rest);
    if (word === "add" && !value) return {own: true};
    if (!["", "add", "remove"].includes(word) || Boolean(word) !== Boolean(value))
      throw new Refusal("/keys lists your keys, adds one, or removes one. Write /keys, /keys add KEY with a line of a .pub file, or /keys remove N.");
    return word ? {[word]: word === "add" ? value : numberOf(row, value)} : {};
  },
};

const wordsOf = (rest) => rest.split(/\s+/u).filter(Boolean);
const listed = (field, words) => words.length ? {[field]: words} : {};

function cut(rest) {  // The first word, and the rest without the blanks between.
  const [word] = rest.split(" ", 1);
  return [word, rest.slice(word.length + 1).trim()];
}

function numberOf(row, value) {
  if (!NUMBER.test(value) || !Number(value)) throw new Refusal(`/${row.name} needs a number. Write ${row.usage}, with a whole number N above 0.`);
  return Number(value);
}

function readWords(row, rest) {
  const fields = {};
  for (const word of row.usage.split(" ").slice(1)) {
    const bare = word.replace(/[[\]]/g, ""), field = FIELDS[bare] || (bare === "TIME" && row.name === "keep" ? "keep" : bare.toLowerCase());
    if (field === "time" && !TIME.test(rest.split(" ", 1)[0])) continue;
    if (!rest) {
      if (word.startsWith("[")) break;
      throw new Refusal(`/${row.name} needs an argument. Write ${row.usage}.`);
    }
    const value = field === "text" ? rest : rest.split(" ", 1)[0];
    fields[field] = field === "count" ? numberOf(row, value) : value;
    rest = rest.slice(value.length).trimStart();
  }
  if (rest) throw new Refusal(`/${row.name} has too many arguments. Write ${row.usage}.`);
  return fields;
}

function readInRoom(row, rest) {  // in:#room may be anywhere.
  const words = rest.split(" "), room = words.find((word) => word.startsWith("in:"));
  const fields = readWords(row, words.filter((word) => !word.startsWith("in:")).join(" ").trim());
  return room ? {...fields, room: room.slice(3)} : fields;
}

function readHistory(row, rest) {  // [N], or a side, a seq or a time, and then [N]; in:#room or @nick may be anywhere.
  const words = rest.split(/\s+/u).filter(Boolean), isRoom = (word) => word.startsWith("in:") || word[0] === "@";
  const room = words.find(isRoom)?.replace(/^in:/, "");
  const [side = "", ...position] = words.filter((word) => !isRoom(word)), fields = room ? {room} : {};
  if (!["before", "after", "around"].includes(side)) return {...fields, ...readWords(row, [side, ...position].join(" ").trim())};
  if (!position.length) throw new Refusal(`/history ${side} needs a time. Write /history ${side} 12:30.`);
  const [place, number] = takeTime(position);
  if (number.length) fields.count = numberOf(row, number.join(" "));
  return {...fields, ...(/^\d+$/.test(place) ? {[side]: numberOf(row, place)} : {[`${side}_time`]: place})};
}

// The fields of a search. What is no filter stays in its text, which the server reads, and may refuse.
export function readSearch(rest) {
  const fields = {}, words = [];
  for (const part of rest.replace(/[“”„‟«»]/g, '"').match(SEARCH_PART) || []) {
    const [, name = "", value] = part.match(/^(in|from|before|after):([^:/\\].*)$/isu) || [], key = name.toLowerCase();
    if (!key || part.includes('"') || FILTERS[key] in fields) words.push(part);
    else fields[FILTERS[key]] = value;
  }
  return {text: words.join(" "), ...fields};
}
