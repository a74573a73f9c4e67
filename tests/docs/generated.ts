const begin = (name: string): string => `<!-- ${name}: written by \`npm run draw\` -->`;
const end = (name: string): string => `<!-- /${name} -->`;

/** Puts generated text in the place of the old one, between the two marks of its name. */
export function replaceBlock(document: string, name: string, text: string): string {
  const from = document.indexOf(begin(name));
  const to = document.indexOf(end(name));
  if (from < 0 || to < from) throw new TypeError(`The page has no block '${begin(name)}'`);
  return `${document.slice(0, from)}${begin(name)}\n\n${text}\n\n${document.slice(to)}`;
}
