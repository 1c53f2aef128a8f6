// What is more than text in a message: links, `code`, blocks of code, **bold** and *italic*. Other doors show it as typed.

const LINK = /\bhttps?:\/\/[^\s<>"]+/giu;
const FORM = new RegExp([
  "```(?:[\\w+-]*\\n)?([\\s\\S]+?)\\n?```[ \\t]*\\n?",  // The block ends its row.
  "`([^`\\n]+)`",
  "(?<![\\p{L}\\p{N}*])\\*\\*(?=[^\\s*])([^*\\n]*[^\\s*])\\*\\*(?![\\p{L}\\p{N}*])",
  "(?<![\\p{L}\\p{N}*])\\*(?=[^\\s*])([^*\\n]*[^\\s*])\\*(?![\\p{L}\\p{N}*])",
].join("|"), "giu");

// The parts of a text: strings, and {href}, {block}, {code}, {bold} and {italic}; the last two have parts.
export function parts(what) {
  const found = [];
  let end = 0;
  for (const match of what.matchAll(FORM)) {
    const [, block, code, bold, italic] = match, before = what.slice(end, match.index);
    if (isWithinLink(what, match.index)) continue;
    found.push(...links(before));
    if (block !== undefined) found.push({block}); else if (code !== undefined) found.push({code});
    else found.push(bold !== undefined ? {bold: links(bold)} : {italic: links(italic)});
    end = match.index + match[0].length;
  }
  return [...found, ...links(what.slice(end))];
}

const isWithinLink = (what, at) => /\bhttps?:\/\/[^\s<>"]*$/iu.test(what.slice(Math.max(0, at - 2000), at));

function links(what) {
  const found = [];
  let end = 0;
  for (const match of what.matchAll(LINK)) {
    const href = withoutClosing(match[0].replace(/[.,;:!?'*_]+$/u, ""));
    if (!URL.canParse(href)) continue;
    found.push(what.slice(end, match.index), {href});
    end = match.index + href.length;
  }
  return [...found, what.slice(end)].filter(Boolean);
}

function withoutClosing(address) {   // The brackets at the end that were opened before the address do not belong to it.
  const number = (c) => address.split(c).length;
  const extra = {")": number(")") - number("("), "]": number("]") - number("[")};
  let end = address.length;
  while (address[end - 1] in extra && (extra[")"] > 0 || extra["]"] > 0)) extra[address[--end]]--;
  return address.slice(0, end);
}
