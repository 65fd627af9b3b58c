import { join } from "node:path"
import { after, answer, calls, type ItemTemplate, patches, reporting, says, thinks } from "../model/answer.ts"
import { type Asked, textOf } from "../model/script.ts"
import type { Scenario } from "../scenario.ts"

/** A small project with a test that fails for a reason one can see. */
export const project: Readonly<Record<string, string>> = {
  "package.json": `{ "name": "slug", "type": "module", "scripts": { "test": "node --test --test-reporter=dot test/" } }\n`,
  "src/slug.js": `/** A title as it looks in a URL. */
export const slug = (title) =>
  title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
`,
  "test/slug.test.js": `import assert from "node:assert/strict"
import test from "node:test"
import { slug } from "../src/slug.js"

test("words are joined by dashes", () => assert.equal(slug("Hello World"), "hello-world"))
test("punctuation leaves nothing behind", () => assert.equal(slug("What now?"), "what-now"))
`,
  "bench/slug.js": `import { slug } from "../src/slug.js"

const until = Date.now() + 60_000
let calls = 0
while (Date.now() < until) calls += slug("The quick brown fox, again and again!").length > 0 ? 1 : 0
console.log(calls, "calls in a minute")
`
}

const runTests = calls("exec_command", { cmd: "npm test --silent" })

/** A model that takes its time, with a context as large as a real one's. */
const thoughtful = (delayMs: number, input: number, ...items: ReadonlyArray<ItemTemplate>) =>
  reporting(
    { input, cached: Math.max(0, input - 900), output: 60 * items.length, reasoning: 24 },
    after(delayMs, answer(...items))
  )

const agentOf = (asked: Asked): string | undefined =>
  asked.input.map((item) => /"agent_id":\s*"([^"]+)"/.exec(textOf(item.output))?.[1]).findLast((id) => id !== undefined)

export const firstSteps: Scenario = {
  name: "first-steps",
  summary:
    "a developer has a failing test fixed: parallel reads, a failing run, a patch, a reviewing agent, an interrupt",
  model: "plain",
  needs: ["agentsNamespace"],
  hooks: false,
  script: {
    "/root": [
      thoughtful(
        1400,
        8_120,
        thinks("I should read the code and its tests before running anything."),
        calls("exec_command", { cmd: "cat src/slug.js" }),
        calls("exec_command", { cmd: "cat test/slug.test.js" })
      ),
      thoughtful(700, 8_610, runTests),
      thoughtful(
        1100,
        9_050,
        says(
          '`slug("What now?")` gives `what-now-`: the question mark becomes a dash at the end, and nothing trims it. The first test passes because its title ends in a letter.',
          "final_answer"
        )
      ),
      thoughtful(
        900,
        9_240,
        patches(
          "*** Update File: src/slug.js",
          "@@",
          '     .replace(/[^a-z0-9]+/g, "-")',
          '+    .replace(/^-|-$/g, "")'
        )
      ),
      thoughtful(500, 9_420, runTests),
      thoughtful(
        600,
        9_700,
        calls("multi_agent_v1.spawn_agent", {
          message: "Review the uncommitted change to src/slug.js. Look for titles that it still gets wrong."
        })
      ),
      (asked) =>
        thoughtful(300, 9_810, calls("multi_agent_v1.wait_agent", { targets: [agentOf(asked)], timeout_ms: 30_000 })),
      thoughtful(
        800,
        9_980,
        says(
          "Fixed: dashes at either end are trimmed now, and both tests pass. A reviewer found no title that it gets wrong.",
          "final_answer"
        )
      ),
      thoughtful(700, 10_150, calls("exec_command", { cmd: "node bench/slug.js" })),
      thoughtful(
        600,
        10_420,
        calls("exec_command", {
          cmd: "git add -A && git commit -q -m 'slug: no dash at either end' && git log --oneline -1"
        })
      ),
      thoughtful(700, 10_560, says("Committed, without the benchmark.", "final_answer"))
    ],
    "Review the uncommitted change": [
      thoughtful(800, 5_310, calls("exec_command", { cmd: "git diff" })),
      thoughtful(
        900,
        5_720,
        says("The change is right. Letters with accents are dropped, as they were before.", "final_answer")
      )
    ]
  },
  drive: async ({ appServer, model, sh, work }) => {
    for (const [path, text] of Object.entries(project)) await Bun.write(join(work, path), text)
    const identity = "git config user.name dev && git config user.email dev@example.com"
    await sh(
      `git init -q -b main && ${identity} && git add -A && git commit -q -m "slug: titles as they look in a URL"`
    )
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt("npm test fails since yesterday. Can you find out why?")
    await thread.prompt("Please fix it, and have the change reviewed.")
    const benchmark = await thread.begin("Does it still run as fast as before?")
    await model.asked((request) => request.agent === "/root" && request.response_id === "resp_11")
    await Bun.sleep(3_000)
    await benchmark.interrupt()
    await benchmark.ended()
    await thread.prompt("Never mind the benchmark. Just commit it.")
    await app.quit()
  }
}
