// What is taken from the storage of a browser, whatever is in it.
import assert from "node:assert/strict";
import {test} from "node:test";

import {store, stored} from "../../chatd/web/storage.js";

const SHAPE = {nick: "", at: 0, views: [String], seen: {"*": Number}, waiting: [{id: String, wire: {text: String}}]};
const NOTHING = {nick: "", at: 0, views: [], seen: {}, waiting: []};
const WHOLE = {nick: "ada", at: 7, views: ["#lobby"], seen: {lobby: 3, constructor: 4}, waiting: [{id: "a", wire: {text: "hi", room: "lobby"}}], away: "tea"};

const read = (item, shape) => stored(() => ({getItem: () => item}), "key", shape);

test("what has the shape stays as it is, with what else there is", () => assert.deepEqual(read(JSON.stringify(WHOLE), SHAPE), WHOLE));

for (const item of [null, "", "{", "null", "7", "true", '"nick"', "[]", "[null]", '{"nick": 7, "at": "7", "views": "no", "seen": null, "waiting": {"length": 1}}'])
  test(`nothing is taken from ${item}`, () => assert.deepEqual(read(item, SHAPE), NOTHING));

test("what lacks a part that there has to be is left out", () => {
  const odd = {views: ["#a", 7, null, ["#b"]], seen: {a: 1, b: "2", c: null}, waiting: [null, {}, {id: "a"}, {id: "b", wire: {text: 7}}, {id: "c", wire: {text: "hi"}}]};
  assert.deepEqual(read(JSON.stringify(odd), SHAPE), {...NOTHING, views: ["#a"], seen: {a: 1}, waiting: [{id: "c", wire: {text: "hi"}}]});
  assert.equal(read('{"nick": "ada"}', {nick: String, secret: String}), undefined);
});

test("a storage that is refused, or full, is no storage", () => {
  const refused = () => { throw new Error("denied"); };
  assert.equal(stored(refused, "key", "default"), "default");
  store(refused, "key", 1);
});
