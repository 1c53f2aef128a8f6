// Which words are the same, as in chatd/core/folding.py; tests/cases/words.json holds both to it.

// As in chatd/core/folding.py: which words are the same, and scripts without spaces are searched by character.
export const UNSPACED = /[\p{scx=Thai}\p{scx=Lao}\p{scx=Tibt}\p{scx=Mymr}\p{scx=Khmr}\p{scx=Hira}\p{scx=Kana}\p{scx=Han}\p{scx=Hang}]/u;

const FOLDED_AWAY = new RegExp("[\\u0300-\\u036f\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f\\u0483-\\u0489\\u2de0-\\u2dff"
  + "\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7\\u0610-\\u061a\\u0640\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e8"
  + "\\u06ea-\\u06ed\\u08ca-\\u08ff\\u0711\\u0730-\\u074a\\p{Default_Ignorable_Code_Point}]", "gu");

const STAND_INS = {ł: "l", ø: "o", đ: "d", ð: "d", ħ: "h", ŧ: "t", þ: "th", æ: "ae", œ: "oe", "\u02bb": "'", "\u02bc": "'"};

function foldedLetter(letter) {
  const lower = letter.toLowerCase();
  if ("йїўѓќ".includes(lower)) return lower;
  const bare = letter.normalize("NFKD").replace(FOLDED_AWAY, "").toUpperCase().toLowerCase();  // By way of SS and Σ, which have no ß and ς.
  return (STAND_INS[bare] || bare).normalize("NFC");
}

export function folded(what) {  // The folded text, and the original position of each of its characters.
  const at = [];
  let bare = "", place = 0;
  for (const c of what.match(/\P{M}[\p{M}\u1160-\u11ff\uff9e\uff9f\u200c]*|\p{M}+/gsu) || []) {
    const plain = [...c.normalize("NFKC").replace(/(?<=[\u0600-\u06ff])\u200c/gu, " ")].map(foldedLetter).join("");
    bare += plain;
    for (let n = plain.length; n; n--) at.push(place);
    place += c.length;
  }
  return {bare, at: [...at, place]};
}
