import { Argument } from "commander";
import type { Command } from "commander";
import { VERSION } from "../../version.ts";
import type { Actions } from "../program.ts";

function lifeCommands(program: Command, actions: Actions): void {
  const { globals, platform, outcome, show } = actions;
  const withAddress = (command: Command): Command =>
    command
      .option("--port <number>", "port to listen on")
      .option("--host <address>", "address to listen on")
      .option("--data <folder>", "the data folder; :memory: keeps nothing");
  program
    .command("init")
    .description("Write portico.config.ts, .env and lines of .gitignore")
    .option("--upstream <url>", "the application to put Portico in front of")
    .option("--force", "overwrite what is there")
    .action(async (options: object) => {
      const { init } = await import("./init.ts");
      await show(init(globals(), options));
    });
  withAddress(program.command("dev"))
    .description(
      "Run for development: prints URLs and a first root key, takes changes over as they are made",
    )
    .option("--upstream <url>", "put Portico in front of this application, without a config file")
    .option("--openapi <file>", "its OpenAPI document: routes, validation and docs come from it")
    .action(async (options: object) => {
      const { dev } = await import("./dev.ts");
      outcome.code = await dev(platform, globals(), options);
    });
  withAddress(program.command("start"))
    .description("Run for production")
    .action(async (options: object) => {
      const { start } = await import("./start.ts");
      outcome.code = await start(await platform(), globals(), options);
    });
}

function dataCommands(program: Command, { globals, platform, show }: Actions): void {
  program
    .command("migrate")
    .description("Bring the database to this version, or tell what that would do")
    .addArgument(
      new Argument("[way]", "what to do").choices(["plan", "status", "up"]).default("up"),
    )
    .action(async (way: "plan" | "status" | "up") => {
      const { migrateCommand } = await import("./migrate.ts");
      await show(migrateCommand(await platform(), globals(), way));
    });
  const backup = program.command("backup").helpCommand(false).summary("create, verify");
  backup
    .command("create")
    .argument("[file]", "where to; <data>/backups/portico-<time>.db when left out")
    .description("Copy the database while it serves, and verify the copy")
    .action(async (file: string | undefined) => {
      const { backupCreate } = await import("./backup.ts");
      await show(backupCreate(await platform(), globals(), file));
    });
  backup
    .command("verify")
    .argument("<file>", "a backup, with its manifest <file>.json beside it")
    .description("Compare a backup with its manifest and check every page")
    .action(async (file: string) => {
      const { backupVerify } = await import("./backup.ts");
      await show(backupVerify(await platform(), globals(), file));
    });
  program
    .command("restore")
    .argument("<file>", "a backup, with its manifest <file>.json beside it")
    .description("Put a verified backup in place; the present database is kept beside it")
    .action(async (file: string) => {
      const { restore } = await import("./restore.ts");
      await show(restore(await platform(), globals(), file));
    });
}

function insightCommands(program: Command, { globals, platform, show }: Actions): void {
  program
    .command("doctor")
    .description("Check the installation; each finding comes with its fix")
    .option("--strict", "warnings end with code 3")
    .option("--fix", "put right what a program can, asking before each (--yes: without asking)")
    .action(async (options: object) => {
      const { doctor } = await import("./doctor.ts");
      await doctor(await platform(), globals(), options);
    });
  program
    .command("config")
    .helpCommand(false)
    .summary("print")
    .command("print")
    .description("Print every setting as it will be used, secrets hidden")
    .option("--sources", "and where each comes from")
    .action(async (options: object) => {
      const { configPrint } = await import("./config-print.ts");
      await show(configPrint(await platform(), globals(), options));
    });
  program
    .command("audit")
    .helpCommand(false)
    .summary("verify")
    .command("verify")
    .description("Check that no entry of the audit was altered or removed")
    .option(
      "--checkpoint <seq:hash>",
      "one that was kept elsewhere: a cut tail is then found for certain",
    )
    .action(async (options: { readonly checkpoint?: string }) => {
      const { auditVerify } = await import("./audit-verify.ts");
      await show(auditVerify(await platform(), globals(), options));
    });
  program
    .command("version")
    .description("Print the version and what it runs on")
    .action(async () => {
      const { version } = await import("./version.ts");
      await show(version(VERSION));
    });
}

/** Adds every command of Portico's own; each file is loaded when its command runs. */
export function addCommands(program: Command, actions: Actions): void {
  lifeCommands(program, actions);
  dataCommands(program, actions);
  insightCommands(program, actions);
}
