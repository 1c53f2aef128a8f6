// What several modules know and change: who the user is, and what is shown.

export const state = {
  nick: "",
  current: null,                    // the view that is shown
  following: true,                  // whether its list scrolls with new entries
  ready: false, welcomed: false,    // whether the server has welcomed the user on this connection, and on any before
  wanted: false, tries: 0,          // whether the user wants to be connected, and how often connecting has failed in a row
  logName: "", newLogName: "",      // the name of the server's log, and the one that is valid when all rooms are resumed
  moved: false,                     // whether the current view has changed without the user, who may still mean the one before
  linkedRoom: "", linkedSeq: 0,     // the room in the page's address, and the message in it
  // How the user logs in: {nick, secret}, or {nick, password}; to make the account, also {register: true, code}.
  proof: null,
  loggedIn: false,
  ignored: new Set(),               // the nicks of those whom the user ignores
  commands: new Map(),              // the commands of the server, by name: name, usage, help, group
  knowsCommands: false,             // whether all of them are in there
};

export const views = new Map();    // by key, "#lobby" or "@bob", in the order of the lists
