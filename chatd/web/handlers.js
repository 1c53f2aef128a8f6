// What is done with each message of the server, by its type: other modules add to it.

import {views} from "./state.js";

export const handlers = {};

// What a message says about a nick, which may be called like what every object has.
export const ofNick = (nicks, nick) => nicks && Object.hasOwn(nicks, nick) ? nicks[nick] : undefined;

// The handler of a message about a room; nothing is done if the page does not show that room.
export const ofRoom = (then) => (message) => {
  const view = views.get(`#${message.room}`);
  if (view) then(view, message);
};
