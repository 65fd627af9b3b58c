import { join } from "node:path"
import { imageInput, localImageInput, textInput } from "../codex/app-server.ts"
import { answer, calls, says } from "../model/answer.ts"
import { pixel } from "../pixel.ts"
import type { Scenario } from "../scenario.ts"

export const images: Scenario = {
  name: "images",
  summary: "a prompt with two images, one of them a file, and an image that the model looks at itself",
  model: "plain",
  script: {
    "/root": [
      (asked) => {
        const cwd = /<cwd>(.*?)<\/cwd>/.exec(JSON.stringify(asked.input))?.[1] ?? "."
        return answer(calls("view_image", { path: join(cwd, "pixel.png") }))
      },
      answer(calls("view_image", { path: "/nowhere/missing.png" })),
      answer(says("It is red."))
    ]
  },
  drive: async ({ appServer, work }) => {
    const file = join(work, "pixel.png")
    await Bun.write(file, Buffer.from(pixel, "base64"))
    const app = await appServer()
    const thread = await app.startThread()
    await thread.prompt([
      textInput("what is this?"),
      imageInput(`data:image/png;base64,${pixel}`),
      localImageInput(file)
    ])
    await app.quit()
  }
}
