// What is more than text in a message: links.

// The parts of a text: strings, and links as {href}.
export function parts(what) {
  const found = [], pattern = /\bhttps?:\/\/[^\s<>"]+/giu;
  let end = 0;
  for (const match of what.matchAll(pattern)) {
    let href = match[0].replace(/[.,;:!?'*_]+$/u, "");
    while (/[)\]]$/.test(href) && !balanced(href)) href = href.slice(0, -1);
    if (!URL.canParse(href)) continue;
    found.push(what.slice(end, match.index), {href});
    end = match.index + href.length;
  }
  return [...found, what.slice(end)].filter(Boolean);
}

function balanced(address) {
  const number = (c) => address.split(c).length;
  return number("(") >= number(")") && number("[") >= number("]");
}
