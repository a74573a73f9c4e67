import type { DescribedType } from "./described-types.ts";
import { comment, typescriptOf } from "./schema/index.ts";

const HEAD = `// Written by \`portico events types\`. Write it again when event types change.

/** An event of one type, or of any. */
export type PorticoEvent<TType extends keyof EventData = keyof EventData> = {
  readonly [TName in TType]: {
    readonly id: string;
    readonly type: TName;
    readonly timestamp: string;
    readonly data: EventData[TName];
  };
}[TType];
`;

/** Event types as a TypeScript module: \`EventData\` maps each type to its data. What has no schema is unknown. */
export function writeTypes(types: readonly DescribedType[]): string {
  const declarations: string[] = [];
  const members = types.map(({ type, description, isDeprecated, schema }, index) => {
    const written =
      schema === undefined ? undefined : typescriptOf(schema, `Event${index + 1}Part`);
    declarations.push(...(written?.declarations ?? []));
    const text = [description, isDeprecated ? "@deprecated" : ""]
      .filter((part) => part !== "")
      .join(" ");
    return `${text === "" ? "" : `  ${comment(text)}\n`}  readonly ${JSON.stringify(type)}: ${written?.type ?? "unknown"};`;
  });
  return [
    HEAD,
    "/** The data of each event type. */",
    "export interface EventData {",
    ...members,
    "}",
    ...declarations,
    "",
  ].join("\n");
}
