/**
 * Letters that look like Latin ones, after "Unicode Technical Standard 39, §4": a part of its table, for the alphabets and
 * figures that are taken for each other in names. Each line: the Latin look, then what has it.
 */
const LOOKS: readonly (readonly [look: string, letters: string])[] = [
  ["a", "аαɑ"],
  ["b", "ЬВΒвβь"],
  ["c", "сϲⅽС"],
  ["d", "ԁⅾ"],
  ["e", "еεℯЕΕє"],
  ["f", "ϝғ"],
  ["g", "ɡց"],
  ["h", "һНΗн"],
  ["i", "іιɩІΙıⅰї"],
  ["j", "јϳЈ"],
  ["k", "кκКΚқ"],
  ["l", "ӏⅼІ1|I"],
  ["n", "пηΝո"],
  ["o", "оοσО0Οօ"],
  ["p", "рρРΡ"],
  ["q", "ԛզ"],
  ["r", "гᴦ"],
  ["s", "ѕЅꜱ"],
  ["t", "тτТΤ"],
  ["u", "υսцʋ"],
  ["v", "νѵⅴ"],
  ["w", "ωшԝѡ"],
  ["x", "хχХΧⅹ"],
  ["y", "уγҮүУΥ"],
  ["z", "ᴢΖ"],
  ["rn", "mмМΜⅿ"],
];

const lookOf = new Map(
  LOOKS.flatMap(([look, letters]) => [...letters].map((letter) => [letter, look] as const)),
);

/**
 * What a text looks like: two texts that can be taken for each other have the same. Marks above and below letters count, so
 * that René is not Rene.
 */
export function skeletonOf(text: string): string {
  return [...text.normalize("NFKC")]
    .map((letter) => {
      const lower = letter.toLowerCase();
      return lookOf.get(letter) ?? lookOf.get(lower) ?? lower;
    })
    .join("")
    .normalize("NFC");
}
