/**
 * How the JavaScript engine is set for the work ahead. It reads its settings from the environment when a process starts,
 * and at no other time.
 *
 * Only on Linux, and only in our executable, a process starts over in place for them (`execve`, 5 to 12 ms); everywhere
 * else it goes on with what it has. Nothing but speed and memory hangs on it.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"

export type EngineSettings = Readonly<Record<`BUN_${string}`, string>>

/**
 * For a reduction of less than a second: the optimising compiler would cost more processor time than it saves (1,000
 * events: a third of it), and a fifth of the memory.
 */
export const shortRun: EngineSettings = { BUN_JSC_useDFGJIT: "0" }

/**
 * For folds, which make much garbage and keep little. The engine lets garbage grow by the size of the machine, so it is
 * told of a small one; its last compiler takes memory and a tenth of the processor time, and no second off the clock.
 * Together: peaks lower by 10 to 20 MiB, at a speed that 7 runs in turn (256 MiB of transcript) could not tell from
 * the one before. And the runtime's timer that looks for garbage every second is all that an idle `follow` or collector
 * would do: 0.2 % of a processor.
 */
export const longRun: EngineSettings = {
  BUN_JSC_forceRAMSize: String(256 * 2 ** 20),
  BUN_JSC_useFTLJIT: "0",
  BUN_GC_TIMER_DISABLE: "1"
}

/** Files that an executable of ours is made of stand here. */
const isExecutable = process.argv[1]?.startsWith("/$bunfs/") === true

/** Given to a file that is opened to be closed when another program is run; all that the runtime opens has it. */
const closeOnExec = 0o2000000

/**
 * Whether somebody handed us more than the three standard descriptors (`tracer /dev/fd/3 3<FILE`, a lock that is held
 * by `flock`): they would be lost, because the runtime's `execve` closes them.
 */
const holdsMoreThanStandard = (): boolean =>
  readdirSync("/proc/self/fd").some((descriptor) => {
    if (Number(descriptor) < 3) return false
    try {
      const flags = /^flags:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "latin1"))?.[1] ?? "0"
      return (Number.parseInt(flags, 8) & closeOnExec) === 0
    } catch {
      return false // Gone since: it was that of the listing itself.
    }
  })

/**
 * Starts over with these settings: the same process, the same arguments, standard input untouched. Returns where that
 * cannot be, or where a setting is there already: by us, or by a user who knows better.
 */
export const startOver = (settings: EngineSettings): void => {
  const isSet = Object.keys(settings).some((name) => process.env[name] !== undefined)
  if (process.platform !== "linux" || !isExecutable || isSet) return
  try {
    // Another file may have taken the name of the one that runs.
    const [running, named] = [statSync("/proc/self/exe"), statSync(process.execPath)]
    if (running.ino !== named.ino || running.dev !== named.dev || holdsMoreThanStandard()) return
    process.execve?.(process.execPath, [process.execPath, ...process.argv.slice(2)], { ...process.env, ...settings })
  } catch {
    // Then it goes on as it is.
  }
}
