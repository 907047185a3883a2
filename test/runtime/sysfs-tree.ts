/**
 * A sysfs of a node for tests: ens1f0 and ens1f1 (two functions of one card, one PHC, members of bond0),
 * ens1f0v0 (virtual function), ens2p0 and ens2p1 (two ports of one PCI function), eth9 (virtio, no
 * PHC), end0 (a board's own MAC), usb0 and usb1 (both below one PCI function), bond0, bond0.100, br0,
 * lo, a KVM clock without NIC, and a virtual clock on ptp0.
 */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const CARD = 'devices/pci0000:00/0000:00:1c.0'
const VIRTIO = 'devices/pci0000:00/0000:00:03.0/virtio2'
const PLATFORM = 'devices/platform/soc/fd580000.ethernet'
const USB = 'devices/pci0000:00/0000:00:14.0/usb1'

type Files = Readonly<Record<string, string>>

class Tree {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  files(folder: string, files: Files = {}): void {
    mkdirSync(join(this.#root, folder), { recursive: true })
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.#root, folder, name)), { recursive: true })
      writeFileSync(join(this.#root, folder, name), `${content}\n`)
    }
  }

  link(from: string, to: string): void {
    const path = join(this.#root, from)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(relative(dirname(path), join(this.#root, to)), path)
  }

  device(path: string, bus: string, driver: string, files: Files = {}): void {
    this.files(path, files)
    this.files(`bus/${bus}`)
    this.files(`bus/${bus}/drivers/${driver}`)
    this.link(`${path}/subsystem`, `bus/${bus}`)
    this.link(`${path}/driver`, `bus/${bus}/drivers/${driver}`)
  }

  net(name: string, device: string, files: Files = {}): void {
    this.files(`class/net/${name}`, { operstate: 'up', type: '1', dev_port: '0', ...files })
    if (device !== '') this.link(`class/net/${name}/device`, device)
  }

  phc(index: number, device: string, files: Files = {}): void {
    this.files(`class/ptp/ptp${index}`, { n_vclocks: '0', max_vclocks: '20', ...files })
    if (device !== '') this.link(`class/ptp/ptp${index}/device`, device)
  }
}

const IDS: Files = { vendor: '0x8086', device: '0x1593' }

function writeCards(tree: Tree): void {
  for (const fn of [0, 1]) {
    tree.device(`${CARD}/0000:01:00.${fn}`, 'pci', 'ice', IDS)
    tree.net(`ens1f${fn}`, `${CARD}/0000:01:00.${fn}`, {
      address: '02:00:00:00:00:bb',
      'bonding_slave/perm_hwaddr': `02:00:00:00:01:0${fn}`,
      speed: '25000',
      phys_port_name: `p${fn}`,
    })
    tree.link(`class/net/ens1f${fn}/master`, 'class/net/bond0')
  }
  tree.device(`${CARD}/0000:01:08.0`, 'pci', 'iavf', IDS)
  tree.link(`${CARD}/0000:01:08.0/physfn`, `${CARD}/0000:01:00.0`)
  tree.net('ens1f0v0', `${CARD}/0000:01:08.0`)
  tree.device(`${CARD}/0000:02:00.0`, 'pci', 'mlx4_core', { vendor: '0x15b3', device: '0x1007' })
  for (const port of ['0', '1']) {
    tree.net(`ens2p${port}`, `${CARD}/0000:02:00.0`, { dev_port: port, speed: '-1' })
  }
  tree.net('ens2rep', `${CARD}/0000:02:00.0`, { phys_port_name: 'pf0vf3' })
}

function writeBoard(tree: Tree): void {
  tree.device(VIRTIO, 'virtio', 'virtio_net', { vendor: '0x1af4', device: '0x0001' })
  tree.files('devices/pci0000:00/0000:00:03.0', { vendor: '0x1af4', device: '0x1041' })
  tree.net('eth9', VIRTIO, { speed: '-1' })
  tree.device(PLATFORM, 'platform', 'bcmgenet')
  tree.net('end0', PLATFORM, { speed: '1000' })
  for (const port of ['1-1', '1-2']) {
    const device = `${USB}/${port}/${port}:1.0`
    tree.device(device, 'usb', 'r8152')
    tree.net(`usb${Number(port.slice(2)) - 1}`, device, { address: `02:00:00:00:05:0${port[2]}` })
  }
}

function writeSoftware(tree: Tree): void {
  tree.files('class/net', { bonding_masters: 'bond0' })
  tree.net('bond0', '', {
    'bonding/mode': 'active-backup 1',
    'bonding/active_slave': 'ens1f1',
    speed: '25000',
  })
  for (const member of ['ens1f0', 'ens1f1']) {
    tree.link(`class/net/bond0/lower_${member}`, `class/net/${member}`)
  }
  tree.link('class/net/bond0/master', 'class/net/br0')
  tree.net('br0', '', { 'bridge/stp_state': '0' })
  tree.net('bond0.100', '', { uevent: 'DEVTYPE=vlan\nINTERFACE=bond0.100' })
  tree.link('class/net/bond0.100/lower_bond0', 'class/net/bond0')
  tree.net('lo', '', { type: '772', operstate: 'unknown' })
  tree.net('veth1', '')
}

function writeClocks(tree: Tree): void {
  tree.phc(0, `${CARD}/0000:01:00.0`, {
    clock_name: 'ice-0000:01:00.0-clk',
    max_adjustment: '999999999',
    n_external_timestamps: '3',
    n_periodic_outputs: '4',
    n_programmable_pins: '2',
    pps_available: '1',
    n_vclocks: '1',
    'pins/SDP20': '0 0',
    'pins/SDP22': '0 0',
  })
  tree.phc(1, 'class/ptp/ptp0', { clock_name: 'ptp0_virt', pps_available: '0' })
  tree.phc(2, `${CARD}/0000:02:00.0`, { clock_name: 'mlx4 ptp' })
  tree.files(`${CARD}/0000:02:00.0/ptp/ptp2`)
  tree.phc(10, '', { clock_name: 'KVM virtual PTP', max_adjustment: '0' })
  tree.files('class/ptp/ptpx')
}

/** Writes the tree below `root`, which is then what `/sys` is on a node. */
export function writeSysfs(root: string): void {
  const tree = new Tree(root)
  writeCards(tree)
  writeBoard(tree)
  writeSoftware(tree)
  writeClocks(tree)
}
