import { answer, calls, says } from "../model/answer.ts"

/** The answers of a turn in which little happens: a command, and the word that it is done. */
export const works = (what: string) => [
  answer(calls("exec_command", { cmd: `echo ${what}` })),
  answer(says(`${what} is done`))
]
