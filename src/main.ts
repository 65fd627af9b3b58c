/**
 * The executable's door: `tracer hook` takes the fast path, everything else loads the command line.
 *
 * Nothing is imported statically here or below hook/: an empty Bun program starts in about 4 ms, the command line in 19.
 */
if (process.argv[2] === "hook") await import("./hook/hook.ts").then((hook) => hook.main())
else await import("./cli/main.ts").then((cli) => cli.main())
