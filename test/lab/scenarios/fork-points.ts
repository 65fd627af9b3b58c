import type { Scenario } from "../scenario.ts"
import { works } from "./works.ts"

export const forkPoints: Scenario = {
  name: "fork-points",
  summary: "forks from the middle, after a compaction and after a revert; one goes on in a new process",
  model: "plain",
  needs: ["revert"],
  script: { "/root": ["one", "two", "three", "four", "five", "six", "seven"].flatMap(works) },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const root = await app.startThread()
    await root.prompt("do one")
    const second = await root.prompt("do two")
    const middle = await root.fork({ beforeTurnId: second.id })
    await middle.prompt("do three")
    await root.compact()
    const compacted = await root.fork()
    await compacted.prompt("do four")
    const fifth = await root.prompt("do five")
    await root.revertTo(fifth)
    const reverted = await root.fork()
    await reverted.prompt("do six")
    await app.quit()
    const later = await appServer()
    await (await later.resumeThread(middle.id)).prompt("do seven")
    await later.quit()
  }
}
