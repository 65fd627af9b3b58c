import type { Scenario } from "../scenario.ts"
import { works } from "./works.ts"

export const revert: Scenario = {
  name: "revert",
  summary: "the last two of three turns are taken back, then two others follow",
  model: "plain",
  needs: ["fork"],
  script: { "/root": ["one", "two", "three", "four", "five"].flatMap(works) },
  drive: async ({ appServer, codex }) => {
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("do one")
    const second = await thread.prompt("do two")
    await thread.prompt("do three")
    await (codex.can("revert") ? thread.revertTo(second) : thread.rollback(2))
    await thread.prompt("do four")
    await thread.prompt("do five")
    await app.quit()
  }
}
