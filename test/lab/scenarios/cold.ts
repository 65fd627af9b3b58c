import { answer, calls, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

/** Transcripts of sessions that nobody has touched for months. */
const agesAll = "find ../home/sessions -name '*.jsonl' -exec touch -d '90 days ago' {} +"
/** Codex only acknowledges that it was asked: what it makes of each is waited for. */
const waitsForTwo =
  "for n in $(seq 200); do [ $(find ../home/sessions -name '*.zst' | wc -l) = 2 ] && exit; sleep 0.1; done; exit 1"

export const cold: Scenario = {
  name: "cold",
  summary: "Codex compresses the transcripts of two old sessions, and one of them goes on",
  model: "plain",
  needs: ["rolloutCompression"],
  script: {
    "/root": [
      answer(calls("exec_command", { cmd: "seq 1 900" })),
      answer(says("one is done")),
      answer(calls("exec_command", { cmd: "seq 1 800" })),
      answer(says("another is done")),
      answer(says("two is done"))
    ]
  },
  drive: async ({ appServer, exec, resume, sh }) => {
    await exec("do one")
    await exec("do another")
    await sh(agesAll)
    const app = await appServer()
    await app.peer.request("rollout/compress", {})
    await sh(waitsForTwo)
    await app.quit()
    await resume("do two")
  }
}
