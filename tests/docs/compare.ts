/**
 * Compares what a block printed with the page. `…` stands for any characters within a line; a line that is `…` alone
 * stands for any number of lines. Spaces and carriage returns at line ends and blank lines at both ends do not count.
 */
export function matches(expected: string, printed: string): boolean {
  const lines = trimmed(expected).split("\n");
  const pattern = lines.map((line, index) => {
    const end = index === lines.length - 1 ? "" : "\n";
    if (line.trim() === "…") return end === "" ? "[^]*" : "(?:[^]*\n)?";
    return (
      line
        .split("…")
        .map((part) => RegExp.escape(part))
        .join("[^\n]*") + end
    );
  });
  return new RegExp(`^${pattern.join("")}$`, "u").test(trimmed(printed));
}

function trimmed(text: string): string {
  return text.replaceAll(/[ \t\r]+$/gm, "").replaceAll(/^\n+|\n+$/g, "");
}
