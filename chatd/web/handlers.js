// What is done with each message of the server, by its type: other modules add to it.

import {views} from "./state.js";

export const handlers = {};

// The handler of a message about a room; nothing is done if the page does not show that room.
export const ofRoom = (then) => (message) => {
  const view = views.get(`#${message.room}`);
  if (view) then(view, message);
};
