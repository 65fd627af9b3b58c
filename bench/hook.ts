/**
 * What does Codex wait for? A hook call beside an empty compiled Bun program and a shell that only drains its input.
 *
 * Warm: a collector runs already. Cold: the hook has to start one; each cold call has a state folder of its own, and its
 * collector is ended before the next.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Bench } from "./bench.ts"
import { emptyProgram, lifetimeMs, median, medianLives } from "./measure.ts"

const runs = 41
const coldRuns = 11

const payload = (folder: string) =>
  JSON.stringify({
    session_id: "01a1fb04-d4b6-7932-bfe6-acf87a2ddb77",
    turn_id: "01a1fb04-d4e2-7302-8d5f-dab6615a380b",
    transcript_path: join(folder, "sessions", "rollout-2026-11-20T22-12-40-01a1fb04-d4b6-7932-bfe6-acf87a2ddb77.jsonl"),
    cwd: folder,
    hook_event_name: "PreToolUse",
    model: "gpt-5.5",
    permission_mode: "default",
    tool_name: "exec_command",
    tool_use_id: "call_1",
    tool_input: { cmd: "ls -la" }
  })

/** A home of its own: no setting, no session and no collector of the user is touched. */
const homeIn = (folder: string) => ({
  HOME: folder,
  CODEX_HOME: join(folder, "codex"),
  TRACER_HOME: join(folder, "tracer"),
  TRACER_CONFIG: join(folder, "config.toml"),
  XDG_STATE_HOME: join(folder, "state"),
  XDG_CONFIG_HOME: join(folder, "config"),
  XDG_RUNTIME_DIR: folder
})

export const hook: Bench = {
  name: "hook",
  question: "tracer hook beside an empty compiled Bun program and sh -c 'cat >/dev/null'",
  run: async ({ tracer }) => {
    const folders: Array<string> = []
    const newHome = () => {
      const folder = mkdtempSync(join(tmpdir(), "tracer-bench-"))
      folders.push(folder)
      return folder
    }
    const call = (folder: string) => lifetimeMs([...tracer, "hook"], payload(folder), homeIn(folder))
    const end = (folder: string) => lifetimeMs([...tracer, "collect", "--stop"], "", homeIn(folder))
    try {
      const empty = await emptyProgram()
      const warm = newHome()
      await call(warm)
      await Bun.sleep(1_000)
      const [floor = 0, shell = 0, hooked = 0] = await medianLives(runs, [
        () => lifetimeMs([empty], payload(warm)),
        () => lifetimeMs(["sh", "-c", "cat >/dev/null"], payload(warm)),
        () => call(warm)
      ])
      const cold: Array<number> = []
      for (let run = 0; run < coldRuns; run++) {
        const folder = newHome()
        cold.push(await call(folder))
        await Bun.sleep(300)
        await end(folder)
      }
      const baseline = { name: "empty program", value: floor }
      return [
        { name: "collector runs", value: hooked, unit: "ms", baseline, promise: { of: "ratio", at: "most", limit: 2 } },
        { name: "collector runs", value: hooked, unit: "ms", promise: { of: "value", at: "most", limit: 10 } },
        {
          name: "collector has to start",
          value: median(cold),
          unit: "ms",
          promise: { of: "value", at: "most", limit: 25 }
        },
        { name: "floor: sh -c 'cat >/dev/null'", value: shell, unit: "ms" }
      ]
    } finally {
      for (const folder of folders) {
        await end(folder)
        rmSync(folder, { recursive: true, force: true })
      }
    }
  }
}
