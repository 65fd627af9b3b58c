import { existsSync } from "node:fs"
import { codexBinary } from "../codex/install.ts"
import { answer, runs, says } from "../model/answer.ts"
import type { Scenario } from "../scenario.ts"

const stepsMax = 100
const stepMs = 200

/** Waits until it holds, or until the run's patience is over. */
const until = async (holds: () => boolean) => {
  for (let step = 0; step < stepsMax && !holds(); step++) await Bun.sleep(stepMs)
  if (!holds()) throw new Error("the terminal interface did not come as far as it should")
}

/** By what was said last, because the interface asks besides for a title, in a thread of which nothing is kept. */
const replyTo = (last: string) => {
  if (last.includes("Generate a concise")) return answer(says("A title"))
  if (last.includes("do one")) return answer(runs(`text((await tools.exec_command({cmd: "echo one"})).output)`))
  if (last.includes("do two")) {
    return answer(runs(`await Promise.all(["two", "three"].map((word) => tools.exec_command({cmd: "echo " + word})))`))
  }
  return answer(says("Done.", "final_answer"))
}

/**
 * The terminal interface, in tmux: two prompts typed by hand, and `/quit`. Not among the scenarios that are recorded:
 * it needs tmux, and the interface takes seconds to start.
 */
export const terminal: Scenario = {
  name: "terminal",
  summary: "two turns in the terminal interface, typed in tmux",
  // The interface offers to leave a model that is not the newest, before it takes a prompt.
  model: "code",
  needs: ["codeModels"],
  script: { "/root": (asked) => replyTo(JSON.stringify(asked.input.at(-1))) },
  drive: async ({ codex, model, sh, work }) => {
    const binary = await codexBinary(codex.version)
    const left = `${work}/left`
    const first = () => model.requests[0]?.thread_id
    const asked = () => model.requests.filter((request) => request.thread_id === first()).length
    const tmux = `tmux -L tracer-${process.pid} -f /dev/null`
    const type = async (text: string) => {
      await sh(`${tmux} send-keys -l '${text}'`)
      await Bun.sleep(2 * stepMs)
      await sh(`${tmux} send-keys Enter`)
    }
    await sh(`${tmux} new-session -d -x 120 -y 40 'TERM=xterm-256color ${binary}; touch ${left}'`)
    try {
      await Bun.sleep(5_000)
      await type("do one")
      await until(() => asked() >= 2)
      await Bun.sleep(1_000)
      await type("do two and three")
      await until(() => asked() >= 4)
      await Bun.sleep(1_000)
      await type("/quit")
      await until(() => existsSync(left))
    } finally {
      await sh(`${tmux} kill-server || true`)
    }
  }
}
