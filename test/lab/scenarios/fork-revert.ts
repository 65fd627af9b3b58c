import type { Scenario } from "../scenario.ts"
import { works } from "./works.ts"

export const forkRevert: Scenario = {
  name: "fork-revert",
  summary: "a fork takes back a turn of its own, then one that it has from its parent; a new process goes on",
  model: "plain",
  needs: ["revert"],
  script: { "/root": ["one", "two", "three", "four", "five", "six", "seven", "eight"].flatMap(works) },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const root = await app.startThread()
    await root.prompt("do one")
    const second = await root.prompt("do two")
    await root.prompt("do three")
    const fork = await root.fork()
    const fourth = await fork.prompt("do four")
    await fork.revertTo(fourth)
    await fork.prompt("do five")
    await fork.revertTo(second)
    await fork.prompt("do six")
    await root.prompt("do seven")
    await app.quit()
    const later = await appServer()
    await (await later.resumeThread(fork.id)).prompt("do eight")
    await later.quit()
  }
}
