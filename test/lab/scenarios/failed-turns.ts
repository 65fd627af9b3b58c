import { after, answer, calls, cut, failed, incomplete, refused, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const stumbles = refused(500, "the server stumbled", "server_error")
/** The lab's config allows two retries of a request and two of a stream, and each of these begins with the former. */
const streamTriesMax = 3
const triesMax = 9

export const failedTurns: Scenario = {
  name: "failed-turns",
  summary: "retries used up, the context exceeded, an output cut short by its limit, an interrupt between two tries",
  model: "plain",
  script: (codex) => ({
    "/root": [
      answer(calls("exec_command", { cmd: "echo one" })),
      ...Array.from({ length: triesMax }, () => stumbles),
      failed("context_length_exceeded", "Your input exceeds the context window of this model."),
      ...Array.from({ length: codex.can("incompleteEnds") ? 1 : streamTriesMax }, () =>
        incomplete("max_output_tokens", says("this is as far as I"))
      ),
      cut(),
      after(20_000, answer(says("never said"))),
      answer(says("still here"))
    ]
  }),
  drive: async ({ appServer, model }) => {
    const app = await appServer()
    const thread = await app.startThread()
    for (const prompt of ["do one", "do a lot", "say a lot"]) await thread.prompt(prompt)
    const waiting = await thread.begin("do it slowly")
    const wasCut = () => model.requests.some((request) => request.outcome === "cut")
    await model.asked((request) => request.outcome === "open" && wasCut())
    await Bun.sleep(200)
    await waiting.interrupt()
    await waiting.ended()
    await thread.prompt("are you there?")
    await app.quit()
  }
}
