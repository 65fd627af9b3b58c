import type { Scenario } from "../scenario.ts"
import { works } from "./works.ts"

export const forks: Scenario = {
  name: "forks",
  summary: "a fork, a fork of the fork, work in all three, the middle one archived",
  model: "plain",
  needs: ["fork"],
  script: { "/root": ["one", "two", "three", "four", "five"].flatMap(works) },
  drive: async ({ appServer }) => {
    const app = await appServer()
    const root = await app.startThread()
    await root.prompt("do one")
    await root.prompt("do two")
    const fork = await root.fork()
    await fork.prompt("do three")
    const second = await fork.fork()
    await second.prompt("do four")
    await fork.archive()
    await root.prompt("do five")
    await app.quit()
  }
}
