import { createHash } from 'node:crypto'
import { Script } from 'node:vm'
import t from 'tap'
import { createPage, DOCUMENT } from '../../agent/serve/page/page.ts'

const part = (tag: string) => DOCUMENT.split(`<${tag}>`)[1]!.split(`</${tag}>`)[0]!
const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

t.test('the policy lets in exactly the style and the script of the page', async (t) => {
  const { status, headers, body } = await createPage()()
  t.equal(status, 200)
  t.equal(body, DOCUMENT)
  const policy = headers['content-security-policy'] ?? ''
  t.match(policy, "default-src 'self'")
  t.match(policy, `script-src ${digest(part('script'))};`)
  t.match(policy, `style-src ${digest(part('style'))};`)
  t.notMatch(policy, 'unsafe')
})

t.test('the page asks nobody but its agent', async (t) => {
  const addresses = DOCUMENT.match(/https?:\/\/[^'"\s]+/g)
  t.same(addresses, ['http://www.w3.org/2000/svg'], 'a name, not an address')
  t.notMatch(DOCUMENT, / style="| on[a-z]+="/, 'nothing that the policy would stop')
})

t.test('the script is JavaScript and never writes markup', async (t) => {
  t.doesNotThrow(() => new Script(part('script')))
  t.notMatch(part('script'), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(/)
})

t.test('every element that the script fills is in the page', async (t) => {
  const ids = new Set([...part('script').matchAll(/byId\('([a-z-]+)'\)/g)].map(([, id]) => id))
  t.ok(ids.size > 10)
  for (const id of ids) t.match(DOCUMENT, `id="${id}"`)
})

t.test('the policy is made once', async (t) => {
  const page = createPage()
  t.same(await page(), await page())
})
