import type { Scenario } from "../scenario.ts"
import { simple } from "./simple.ts"

/** A session of which Codex keeps nothing. Not among the scenarios that are recorded: without hooks nothing tells of it. */
export const ephemeral: Scenario = {
  ...simple,
  name: "ephemeral",
  summary: "two parallel commands, one answer, and no transcript",
  drive: async ({ start }) => {
    await start("--ephemeral", "list the files").ended()
  }
}
