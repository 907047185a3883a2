/** Answers of real servers: the ask, and the bytes that came back. Origin: in the file itself. */
import { readFileSync } from 'node:fs'
import type { Ask } from '../../agent/dns/message.ts'

interface Captured {
  readonly name: string
  readonly ask: Ask
  readonly answer: Uint8Array
}

export const CAPTURED_ID = 0x1234

const file = new URL('../fixtures/dns-answers/knot-unbound.json', import.meta.url)
const { answers }: { answers: { name: string; ask: Ask; answer: string }[] } = JSON.parse(
  readFileSync(file, 'utf8'),
)

export const CAPTURED: readonly Captured[] = answers.map(({ name, ask, answer }) => ({
  name,
  ask,
  answer: Uint8Array.from(Buffer.from(answer, 'hex')),
}))
