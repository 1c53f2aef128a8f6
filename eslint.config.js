// The rules for the modules of the page and their tests. Which globals a module may use is listed here, so that a
// misspelt name is found, and so that the modules without the page need no browser.
import js from "@eslint/js";

const globals = (names) => Object.fromEntries(names.split(" ").map((name) => [name, "readonly"]));
const LANGUAGE = globals("Intl URL TextEncoder console");
const PAGE = globals("document window location history navigator innerWidth innerHeight WebSocket Notification ResizeObserver"
  + " BroadcastChannel MessageChannel performance fetch crypto localStorage sessionStorage matchMedia getSelection setTimeout clearTimeout setInterval"
  + " requestAnimationFrame getComputedStyle AudioContext");

export default [
  js.configs.recommended,
  {
    files: ["chatd/web/*.js"],
    languageOptions: {globals: {...LANGUAGE, ...PAGE}},
    rules: {
      eqeqeq: "error", "no-var": "error", "prefer-const": ["error", {destructuring: "all"}], "no-shadow-restricted-names": "error",
      "no-empty": ["error", {allowEmptyCatch: true}], "no-implicit-globals": "error", "no-duplicate-imports": "error",
      "no-unused-vars": ["error", {ignoreRestSiblings: true}], "no-misleading-character-class": "off",
      "no-restricted-properties": ["error", ...["innerHTML", "outerHTML", "insertAdjacentHTML", "write"].map((property) => (
        {property, message: "Text of people gets into the page as text nodes only."}))],
    },
  },
  {
    files: ["chatd/web/parsing.js", "chatd/web/times.js", "chatd/web/folding.js", "chatd/web/words.js", "chatd/web/markup.js",
      "chatd/web/emoji.js"],
    languageOptions: {globals: {...LANGUAGE, ...Object.fromEntries(Object.keys(PAGE).map((name) => [name, "off"]))}},
  },
  {files: ["chatd/web/worker.js"], languageOptions: {globals: globals("self fetch Response")}},
  {files: ["tests/web/*.js"], languageOptions: {globals: LANGUAGE}},
];
