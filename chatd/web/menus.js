// Menus (WAI-ARIA Authoring Practices, "Menu Button Pattern").

import {$, make, text} from "./dom.js";

export let menuOpener = null;              // what the open menu belongs to

export function openMenu(opener, label, groups) {  // Each group is a list of [text, action].
  const again = menuOpener === opener;
  closeMenu(false);
  if (again) return opener.focus();
  menuOpener = opener;
  const menu = $("menu"), parts = groups.filter((group) => group.length);
  menu.ariaLabel = label;
  menu.replaceChildren(...parts.flatMap((group, at) => [
    ...(at ? [make("div", {role: "separator"})] : []),
    ...group.map(([what, act]) => make("button", {type: "button", role: "menuitem", tabIndex: -1, onclick: () => { closeMenu(); act(); }}, what)),
  ]));
  if (opener.ariaHasPopup) opener.ariaExpanded = "true";
  $("menu-part").hidden = false;
  const {left, right, top, bottom} = opener.getBoundingClientRect(), {width, height} = menu.getBoundingClientRect();
  const x = left + width + 8 > innerWidth ? right - width : left, y = bottom + height + 8 > innerHeight ? top - height : bottom;
  menu.style.left = `${Math.max(8, x)}px`;
  menu.style.top = `${Math.max(8, Math.min(y, innerHeight - height - 8))}px`;
  menu.firstChild.focus();
}

export function closeMenu(back = true) {
  const opener = menuOpener;
  menuOpener = null;
  $("menu-part").hidden = true;
  if (opener) opener.ariaExpanded = null;
  if (!back || !opener) return;
  opener.focus();
  if (document.activeElement !== opener) text.focus();  // What was clicked takes no focus.
}

$("menu").onkeydown = (event) => {
  const items = [...$("menu").querySelectorAll("button")], at = items.indexOf(document.activeElement);
  const next = {
    ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1,
  }[event.key] ?? (event.key.length === 1 && !event.ctrlKey && !event.metaKey && event.key !== " "
    ? [...items.keys()].map((n) => (n + at + 1) % items.length).find((n) => items[n].textContent.toLowerCase().startsWith(event.key.toLowerCase()))
    : undefined);
  if (event.key === "Tab") closeMenu();
  if (event.key === "Tab" || next !== undefined) event.preventDefault();
  if (next !== undefined) items.at(next % items.length).focus();
};

document.addEventListener("pointerdown", (event) => {
  if (menuOpener && !menuOpener.contains(event.target) && !$("menu").contains(event.target)) closeMenu(false);
});

window.addEventListener("resize", () => closeMenu(false));
