/** The keys of a PPS source, and of the pulses that a PHC puts out. */
import * as v from 'valibot'
import { absolute, duration, flag, integer } from './schema-parts.ts'
import type { PpsSourceConfig } from './types.ts'

/** PTP_MAX_CHANNELS of the kernel's own checks is 32 bits; no device comes near. */
const channel = () =>
  v.optional(integer(0, 63, "Channel of the PHC's external time stamps or periodic outputs."), 0)

const pin = () =>
  v.optional(
    v.pipe(
      v.union([
        v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
        v.pipe(v.string(), v.minLength(1, 'expected the name or number of a pin')),
      ]),
      v.description(
        "Pin: its number, or the driver's name (SDP0, SMA1). Absent: the first, where there are pins.",
      ),
    ),
  )

export const ppsSchema = v.pipe(
  v.strictObject({
    device: v.optional(absolute('/dev/ppsN: pulses that the kernel stamps, for the system clock.')),
    clock: v.optional(
      v.pipe(
        v.string(),
        v.regex(
          /^phc:[^\s|>]+$/,
          'expected phc: with an interface, a device (/dev/ptp0) or a PCI address',
        ),
        v.description('A PHC that stamps the pulses at an input of its own (ts2phc).'),
      ),
    ),
    channel: channel(),
    pin: pin(),
    edge: v.optional(
      v.pipe(
        v.picklist(['rising', 'falling', 'both']),
        v.description(
          'The edge that marks the second. both: the device stamps both; the width tells which it is.',
        ),
      ),
      'rising',
    ),
    width: v.optional(
      duration(1e-6, 0.95, 'High time of the pulses; needed where both edges are stamped.'),
      '100ms',
    ),
    delay: v.optional(
      duration(-1, 1, 'How late the pulse arrives: antenna, cable, receiver. Negative: early.'),
      0,
    ),
    accuracy: v.optional(
      duration(
        1e-9,
        1,
        'How far the pulse may be from the true second: 100ns, or 10us of a device, by default.',
      ),
    ),
    second: v.optional(
      v.pipe(
        v.picklist(['known', 'system']),
        v.description(
          'Which second a pulse marks. known: once something tells the system clock right within 0.2 s (NTP, ptp4l, the kernel). system: as the system clock has it.',
        ),
      ),
      'known',
    ),
    noselect: v.optional(flag('Measure, but never select.'), false),
    prefer: v.optional(flag('Select before others that are as true.'), false),
  }),
  v.description('Pulses, one a second, of a GNSS receiver or an atomic clock.'),
  v.metadata({ oneOf: [{ required: ['device'] }, { required: ['clock'] }] }),
  v.transform((source): PpsSourceConfig => ({ ...source, type: 'pps' })),
)

const outputSchema = v.strictObject({
  channel: channel(),
  pin: pin(),
  period: v.optional(duration(1e-8, 3600, 'From one rising edge to the next.'), '1s'),
  phase: v.optional(
    duration(0, 3600, 'From a whole second of the PHC to the first rising edge.'),
    0,
  ),
  width: v.optional(duration(1e-9, 3600, 'High time. Absent: as the device likes.')),
})

/** Of a clock. */
export const clockOutputEntries = {
  outputs: v.optional(
    v.pipe(
      v.array(outputSchema),
      v.description(
        'Pulses that this PHC puts out: from its first lock on, or at once where something else steers it.',
      ),
    ),
  ),
  kernelPps: v.optional(
    flag("The PHC's seconds as PPS events of the kernel, /dev/ppsN (needs CAP_SYS_TIME)."),
  ),
}
