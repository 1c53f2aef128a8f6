// Emoji by name.
import assert from "node:assert/strict";
import {test} from "node:test";

import {EMOJI, pickerKeys, withEmoji} from "../../chatd/web/emoji.js";

test("names become emoji, but not in code, in words, or if there is none", () => {
  assert.equal(withEmoji(":tada: it works :+1:!"), "🎉 it works 👍!");
  for (const same of ["`:tada:`", "```\n:tada:\n```", "a:tada:b", ":nosuch:", "12:30:45", "std::x::y"]) assert.equal(withEmoji(same), same);
});

test("where the system has keys for its picker, they are named", () => {
  assert.deepEqual(["Win32", "MacIntel", "Linux x86_64", "iPhone"].map(pickerKeys), ["Win-.", "Ctrl-Cmd-Space", "", ""]);
});

test("each name has an emoji", () => {
  for (const [name, emoji] of EMOJI) assert.ok(/^[+\w-]+$/.test(name) && /\p{Extended_Pictographic}|\p{Emoji}/u.test(emoji), name);
});
