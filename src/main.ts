/**
 * The executable's door: `tracer hook`, the collector that hooks start, a plain `tracer reduce` and `tracer --version`
 * take fast paths, everything else loads the command line.
 *
 * Nothing is imported statically here or below hook/: an empty Bun program starts in about 4 ms, the command line in 19.
 */
const commandLine = () => import("./cli/main.ts").then((cli) => cli.main())
/** What folds sessions may run for long, and makes much garbage. */
const startOver = () => import("./engine.ts").then((engine) => engine.startOver(engine.longRun))

const [, , first, ...rest] = process.argv
// Codex calls the hook without arguments: this word alone is a person's question.
const asksForHelp = rest.length === 1 && (rest[0] === "--help" || rest[0] === "-h")
if (first === "hook" && !asksForHelp) await import("./hook/hook.ts").then((hook) => hook.main())
else if (first === "--version" && rest.length === 0)
  await import("./version.ts").then(({ version }) => console.log(`tracer ${version}`))
else if (first === "collect" && rest[0] === "--woken") {
  await startOver()
  await import("./collector/start.ts").then((collector) => collector.main())
} else if (first === "reduce")
  await import("./cli/reduce-door.ts").then(async (door) => (await door.main(rest)) || commandLine())
else {
  /** What folds no session, and is over soon. */
  const isShort = /^(?:hook|setup|uninstall|status|doctor|--help|-h|--completions)$/.test(first ?? "")
  if (!isShort) await startOver()
  await commandLine()
}

export {}
