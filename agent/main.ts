#!/usr/bin/env node
/** Words of the command line to a command, its result to the exit code; the only reader of process.env. */
import { parseCommand } from './cli/options.ts'
import type { Screens } from './cli/status.ts'
import { Terminal } from './cli/terminal.ts'

const EX_USAGE = 64

/** Each command loads what it needs: `status` does not pay for the agent. */
async function main(argv: readonly string[], screens: Screens): Promise<number> {
  const { out, err } = screens
  const command = parseCommand(argv)
  switch (command.name) {
    case 'run': {
      const { run } = await import('./cli/run.ts')
      return run({ ...command.options, environment: process.env }, screens)
    }
    case 'status': {
      const { showStatus } = await import('./cli/status.ts')
      return showStatus(command.options, screens)
    }
    case 'sources': {
      const { showSources } = await import('./cli/status.ts')
      return showSources(command.options, screens)
    }
    case 'ptp': {
      const { showPtp } = await import('./cli/status.ts')
      return showPtp(command.options, screens)
    }
    case 'dns': {
      const { showDns } = await import('./cli/dns.ts')
      return showDns(command.options, screens)
    }
    case 'dns-explain': {
      const { explainDns } = await import('./cli/dns.ts')
      return explainDns(command.options, screens)
    }
    case 'nics': {
      const { showNics } = await import('./cli/nics.ts')
      return showNics(command.options, process.env['NODE_NAME'], screens)
    }
    case 'dns-targets': {
      const { showDnsTargets } = await import('./cli/dns-targets.ts')
      return showDnsTargets(command.options, screens)
    }
    case 'check-config': {
      const { checkConfig } = await import('./cli/check-config.ts')
      return checkConfig(
        command.args,
        (line) => out.line(line),
        (line) => err.line(line),
      )
    }
    case 'render-ptp4l': {
      const { renderPtp4l } = await import('./cli/render-ptp4l.ts')
      return renderPtp4l(command.options, {
        out: (line) => out.line(line),
        err: (line) => err.line(line),
      })
    }
    case 'demo': {
      const { runDemo } = await import('./cli/demo.ts')
      return runDemo(command.options, screens)
    }
    case 'version': {
      const { VERSION } = await import('./cli/version.ts')
      out.line(`timewarden ${VERSION}`)
      return 0
    }
    case 'help': {
      const { HELP } = await import('./cli/options.ts')
      out.line(HELP)
      return 0
    }
    case 'wrong':
      err.line(`${command.message}; see \`timewarden help\``)
      return EX_USAGE
  }
}

// https://no-color.org
const noColour = (process.env['NO_COLOR'] ?? '') !== ''
const screens = {
  out: new Terminal(process.stdout, noColour),
  err: new Terminal(process.stderr, noColour),
}

// the reader of a pipe that goes away (`| head`) ends us quietly
process.stdout.on('error', () => process.exit(0))

// anything thrown here is a bug: the process dies with its stack, the clock keeps its frequency
process.exitCode = await main(process.argv.slice(2), screens)
