// SPDX-License-Identifier: GPL-2.0
/*
 * labnic: network interfaces wired back to back in pairs, each with a PTP hardware clock, for measuring
 * time software against a known truth.
 *
 * Everything is derived from one reading of CLOCK_MONOTONIC_RAW:
 *
 *   true time   T(r)   = T0 + integral of (1 + t(r)) dr    t: minus the guest's own frequency error
 *   PHC k       P_k(r) = P0 + integral of (1 + t(r) + e_k(r) + a_k) dr
 *
 * e_k is the oscillator error (constant plus random walk, one step a second), a_k what software
 * dialled. So CLOCK_REALTIME, which runs at the rate of r, is wrong by -t, and the truth of every
 * clock is known without measurement noise: debugfs labnic/truth.
 *
 * A read-out does not depend on how fast the machine is: system time and PHC are taken from one
 * snapshot, and the two system stamps are put `readout` ns (plus exponential jitter) before and after.
 *
 * PHC 0, the grandmaster's, has no error of its own: it is true time in TAI.
 *
 * Parameters and switches: debugfs labnic/nicN/ and labnic/.
 */
#include <linux/debugfs.h>
#include <linux/ethtool.h>
#include <linux/etherdevice.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/net_tstamp.h>
#include <linux/netdevice.h>
#include <linux/platform_device.h>
#include <linux/ptp_clock_kernel.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/timekeeping.h>
#include <net/busy_poll.h>

#define SHIFT 48 /* rates are multiples of 2^-48 */
#define PPB_TO_RATE(ppb) ((s64)(ppb) * 281474977LL / 1000)
#define UTC_OFFSET 37

static int system_ppb = 20000;
module_param(system_ppb, int, 0444);
MODULE_PARM_DESC(system_ppb, "how fast CLOCK_REALTIME runs when nobody adjusts it");
static int system_wander_ppt = 1000;
module_param(system_wander_ppt, int, 0444);
MODULE_PARM_DESC(system_wander_ppt, "random walk of the system clock's frequency, 1e-12 per second");
#define NICS 4 /* the second pair is there once labnic/pairs says 2 */
static int phc_ppb[NICS] = { 0, 12000, -9000, 7000 };
module_param_array(phc_ppb, int, NULL, 0444);
MODULE_PARM_DESC(phc_ppb, "frequency error of each PHC");
static int phc_wander_ppt[NICS] = { 0, 1000, 1000, 0 };
module_param_array(phc_wander_ppt, int, NULL, 0444);
MODULE_PARM_DESC(phc_wander_ppt, "random walk of each PHC's frequency, 1e-12 per second");
static unsigned int seed = 1;
module_param(seed, uint, 0444);
MODULE_PARM_DESC(seed, "of the random walks and of all noise");

/* A clock: value and rate since a raw instant. */
struct line {
	u64 raw; /* ns */
	s64 value; /* ns */
	u64 fraction; /* 2^-48 ns */
	s64 rate; /* 2^-48, on top of 1 */
};

struct labnic {
	struct net_device *netdev;
	struct napi_struct napi; /* never polled: its number tells who received a packet */
	struct labnic *peer;
	struct ptp_clock *ptp;
	struct ptp_clock_info info;
	struct line line;
	s64 error; /* e_k */
	s64 dialled; /* a_k */
	struct hwtstamp_config config;
	struct hrtimer pps;
	bool extts, pps_on;
	int index;
	/* debugfs */
	u32 stamp_noise; /* standard deviation, ns */
	u32 granularity; /* ns */
	u32 delay; /* this NIC to its peer, ns: two values make an asymmetry */
	u32 delay_jitter; /* mean of an exponential, ns */
	u32 readout, readout_jitter; /* each side of a reading, ns */
	u32 pps_latency; /* mean of an exponential: what an interrupt takes, ns */
	bool stamps_lost, busy, no_cross, pulses_lost;
	u64 perout_start, perout_period; /* as set up, ns */
	bool removed;
};

static struct labnic *nics[NICS];
static struct line truth;
static s64 true_rate;
static s64 wander_true;
static DEFINE_SPINLOCK(lock);
static struct hrtimer wander_timer;
static struct dentry *debug_root;
static struct platform_device *platform;
static u64 noise_state, wander_state, more_wander_state;
static const char *const folders[NICS] = { "nic0", "nic1", "nic2", "nic3" };

/* splitmix64: small, seeded, the same on every boot */
static u64 random64(u64 *state)
{
	u64 z = (*state += 0x9E3779B97F4A7C15ULL);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
	return z ^ (z >> 31);
}

/* sum of twelve uniforms: mean 0, deviation 1, times 2^16 */
static s64 gauss16(u64 *state)
{
	s64 sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += random64(state) & 0xFFFF;
	return sum - 6 * 65536;
}

static s64 noise(u32 deviation)
{
	return (gauss16(&noise_state) * (s64)deviation) >> 16;
}

/* exponential of that mean: -ln(u) by bits and a table-free linear part */
static s64 exponential(u32 mean)
{
	u64 u = random64(&noise_state) | 1;
	int leading = __builtin_clzll(u);
	u64 mantissa = (u << leading) << 1 >> 32; /* 32 bits below the leading one */
	/* -ln(u / 2^64) = (leading + 1 - log2(1.mantissa)) * ln 2; log2(1+x) ~ x + 0.0861 * 4x(1-x) */
	u64 curve = mantissa + ((((mantissa * ((1ULL << 32) - mantissa)) >> 32) * 1479) >> 12);
	u64 log2q = ((u64)(leading + 1) << 32) - min_t(u64, curve, (1ULL << 32) - 1);

	return (s64)(((((log2q >> 8) * 11629080ULL) >> 24) * mean) >> 24); /* ln 2 = 11629080 / 2^24 */
}

static s64 line_at(const struct line *l, u64 raw)
{
	s64 d = raw - l->raw;
	__int128 q = (__int128)d * l->rate + l->fraction;

	return l->value + d + (s64)(q >> SHIFT);
}

static void line_move(struct line *l, u64 raw)
{
	s64 d = raw - l->raw;
	__int128 q = (__int128)d * l->rate + l->fraction;

	l->value += d + (s64)(q >> SHIFT);
	l->fraction = (u64)q & ((1ULL << SHIFT) - 1);
	l->raw = raw;
}

static void set_rate(struct labnic *nic, u64 raw)
{
	line_move(&nic->line, raw);
	nic->line.rate = true_rate + nic->error + nic->dialled;
}

static s64 stamp_at(struct labnic *nic, u64 raw)
{
	s64 value = line_at(&nic->line, raw) + noise(nic->stamp_noise);
	s32 rest;

	if (nic->granularity > 1) {
		div_s64_rem(value, nic->granularity, &rest);
		value -= rest;
	}
	return value;
}

/* a step of a random walk; the deviation is in 1e-12 */
static s64 wander(u64 *state, int ppt)
{
	return (gauss16(state) * ppt * 281 / 1000) * 1000 >> 16;
}

/* one step of every random walk a second */
static enum hrtimer_restart wander_step(struct hrtimer *timer)
{
	unsigned long flags;
	u64 raw;
	int i;

	spin_lock_irqsave(&lock, flags);
	raw = ktime_get_raw_ns();
	line_move(&truth, raw);
	wander_true += wander(&wander_state, system_wander_ppt);
	true_rate = -PPB_TO_RATE(system_ppb) + wander_true;
	truth.rate = true_rate;
	for (i = 0; i < NICS && nics[i]; i++) {
		nics[i]->error += wander(i < 2 ? &wander_state : &more_wander_state, phc_wander_ppt[i]);
		set_rate(nics[i], raw);
	}
	spin_unlock_irqrestore(&lock, flags);
	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_SEC));
	return HRTIMER_RESTART;
}

/* ---- PTP clock ---- */

#define nic_of(ptp_info) container_of(ptp_info, struct labnic, info)

static int lab_adjfine(struct ptp_clock_info *info, long scaled_ppm)
{
	struct labnic *nic = nic_of(info);
	unsigned long flags;

	if (nic->busy)
		return -EBUSY;
	spin_lock_irqsave(&lock, flags);
	/* scaled ppm is 1e-6 * 2^-16; 2^48 * 1e-6 * 2^-16 = 4294.967296 */
	nic->dialled = (s64)scaled_ppm * 4294 + div_s64((s64)scaled_ppm * 967296, 1000000);
	set_rate(nic, ktime_get_raw_ns());
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int lab_adjtime(struct ptp_clock_info *info, s64 delta)
{
	struct labnic *nic = nic_of(info);
	unsigned long flags;

	if (nic->busy)
		return -EBUSY;
	spin_lock_irqsave(&lock, flags);
	nic->line.value += delta;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int lab_settime(struct ptp_clock_info *info, const struct timespec64 *ts)
{
	struct labnic *nic = nic_of(info);
	unsigned long flags;

	if (nic->busy)
		return -EBUSY;
	spin_lock_irqsave(&lock, flags);
	line_move(&nic->line, ktime_get_raw_ns());
	nic->line.value = timespec64_to_ns(ts);
	nic->line.fraction = 0;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int lab_gettimex(struct ptp_clock_info *info, struct timespec64 *ts,
			struct ptp_system_timestamp *sts)
{
	struct labnic *nic = nic_of(info);
	struct system_time_snapshot snap;
	unsigned long flags;

	if (nic->busy)
		return -EBUSY;
	spin_lock_irqsave(&lock, flags);
	ktime_get_snapshot(&snap);
	*ts = ns_to_timespec64(stamp_at(nic, ktime_to_ns(snap.raw)));
	if (sts) {
		s64 real = ktime_to_ns(snap.real);

		sts->pre_ts = ns_to_timespec64(
			real - nic->readout - exponential(nic->readout_jitter));
		sts->post_ts = ns_to_timespec64(
			real + nic->readout + exponential(nic->readout_jitter));
	}
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int lab_crosststamp(struct ptp_clock_info *info, struct system_device_crosststamp *cts)
{
	struct labnic *nic = nic_of(info);
	struct system_time_snapshot snap;
	unsigned long flags;

	if (nic->no_cross)
		return -EOPNOTSUPP;
	spin_lock_irqsave(&lock, flags);
	ktime_get_snapshot(&snap);
	cts->device = ns_to_ktime(stamp_at(nic, ktime_to_ns(snap.raw)));
	cts->sys_realtime = snap.real;
	cts->sys_monoraw = snap.raw;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

/* the pulse of true time, wired to the external time stamp input and to PPS of both NICs */
static enum hrtimer_restart pulse(struct hrtimer *timer)
{
	struct labnic *nic = container_of(timer, struct labnic, pps);
	struct ptp_clock_event event = { .type = PTP_CLOCK_EXTTS };
	struct system_time_snapshot snap;
	unsigned long flags;
	bool due;
	s64 late;
	s32 into;

	spin_lock_irqsave(&lock, flags);
	ktime_get_snapshot(&snap);
	div_s64_rem(line_at(&truth, ktime_to_ns(snap.raw)), NSEC_PER_SEC, &into);
	event.timestamp = stamp_at(nic, ktime_to_ns(snap.raw) - into);
	late = exponential(nic->pps_latency) - into;
	spin_unlock_irqrestore(&lock, flags);
	/* when it was switched on, the second before is long over */
	due = into < NSEC_PER_MSEC && !nic->pulses_lost;
	if (due && nic->ptp && nic->extts)
		ptp_clock_event(nic->ptp, &event);
	if (due && nic->ptp && nic->pps_on) {
		/* stamped with the system clock by the interrupt, however late this timer is */
		event.type = PTP_CLOCK_PPSUSR;
		event.pps_times.ts_real = ns_to_timespec64(ktime_to_ns(snap.real) + late);
		ptp_clock_event(nic->ptp, &event);
	}
	if (!nic->extts && !nic->pps_on)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(NSEC_PER_SEC - into + 100000));
	return HRTIMER_RESTART;
}

static int lab_enable(struct ptp_clock_info *info, struct ptp_clock_request *request, int on)
{
	struct labnic *nic = nic_of(info);

	switch (request->type) {
	case PTP_CLK_REQ_EXTTS:
		nic->extts = on;
		break;
	case PTP_CLK_REQ_PPS:
		nic->pps_on = on;
		break;
	case PTP_CLK_REQ_PEROUT:
		nic->perout_start = request->perout.start.sec * NSEC_PER_SEC +
				    request->perout.start.nsec;
		nic->perout_period = request->perout.period.sec * NSEC_PER_SEC +
				     request->perout.period.nsec;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
	if (on)
		hrtimer_start(&nic->pps, ns_to_ktime(NSEC_PER_MSEC), HRTIMER_MODE_REL);
	return 0;
}

static const struct ptp_clock_info ptp_template = {
	.owner = THIS_MODULE,
	.max_adj = 100000000,
	.n_ext_ts = 1,
	.n_per_out = 1,
	.pps = 1,
	.adjfine = lab_adjfine,
	.adjtime = lab_adjtime,
	.gettimex64 = lab_gettimex,
	.settime64 = lab_settime,
	.getcrosststamp = lab_crosststamp,
	.enable = lab_enable,
};

static int phc_register(struct labnic *nic)
{
	struct ptp_clock *ptp;

	nic->info = ptp_template;
	if (nic->no_cross)
		nic->info.getcrosststamp = NULL;
	snprintf(nic->info.name, sizeof(nic->info.name), "labnic%d", nic->index);
	ptp = ptp_clock_register(&nic->info, &platform->dev);
	if (IS_ERR(ptp))
		return PTR_ERR(ptp);
	nic->ptp = ptp;
	return 0;
}

static void phc_unregister(struct labnic *nic)
{
	struct ptp_clock *ptp = nic->ptp;

	nic->ptp = NULL;
	nic->extts = nic->pps_on = false;
	nic->perout_start = nic->perout_period = 0;
	hrtimer_cancel(&nic->pps);
	if (ptp)
		ptp_clock_unregister(ptp);
}

/* ---- network interface ---- */

static netdev_tx_t lab_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct labnic *nic = *(struct labnic **)netdev_priv(netdev);
	struct labnic *peer = nic->peer;
	struct skb_shared_hwtstamps departed = {}, arrived = {};
	struct sk_buff *copy;
	unsigned long flags;
	u64 raw;

	/* before the packet leaves, as everywhere: chronyd refuses a stamp of hardware that is earlier */
	skb_tx_timestamp(skb);
	spin_lock_irqsave(&lock, flags);
	raw = ktime_get_raw_ns();
	departed.hwtstamp = ns_to_ktime(stamp_at(nic, raw));
	raw += nic->delay + exponential(nic->delay_jitter);
	arrived.hwtstamp = ns_to_ktime(stamp_at(peer, raw));
	spin_unlock_irqrestore(&lock, flags);

	copy = skb_copy(skb, GFP_ATOMIC);
	if ((skb_shinfo(skb)->tx_flags & SKBTX_HW_TSTAMP) && nic->config.tx_type == HWTSTAMP_TX_ON &&
	    !nic->stamps_lost) {
		skb_shinfo(skb)->tx_flags |= SKBTX_IN_PROGRESS;
		skb_tstamp_tx(skb, &departed);
	}
	netdev->stats.tx_packets++;
	netdev->stats.tx_bytes += skb->len;
	dev_kfree_skb_any(skb);
	if (!copy)
		return NETDEV_TX_OK;
	if (!netif_running(peer->netdev) || !netif_carrier_ok(peer->netdev)) {
		dev_kfree_skb_any(copy);
		return NETDEV_TX_OK;
	}
	skb_shinfo(copy)->tx_flags = 0;
	copy->protocol = eth_type_trans(copy, peer->netdev);
	if (peer->config.rx_filter != HWTSTAMP_FILTER_NONE && !peer->stamps_lost)
		*skb_hwtstamps(copy) = arrived;
	copy->ip_summed = CHECKSUM_UNNECESSARY;
	skb_mark_napi_id(copy, &peer->napi);
	peer->netdev->stats.rx_packets++;
	peer->netdev->stats.rx_bytes += copy->len;
	netif_rx(copy);
	return NETDEV_TX_OK;
}

static int lab_poll(struct napi_struct *napi, int budget)
{
	return 0;
}

static int lab_open(struct net_device *netdev)
{
	netif_carrier_on(netdev);
	netif_start_queue(netdev);
	return 0;
}

static int lab_stop(struct net_device *netdev)
{
	netif_stop_queue(netdev);
	netif_carrier_off(netdev);
	return 0;
}

static int lab_ioctl(struct net_device *netdev, struct ifreq *ifr, int command)
{
	struct labnic *nic = *(struct labnic **)netdev_priv(netdev);
	struct hwtstamp_config config;

	if (command == SIOCSHWTSTAMP) {
		if (copy_from_user(&config, ifr->ifr_data, sizeof(config)))
			return -EFAULT;
		if (config.rx_filter != HWTSTAMP_FILTER_NONE)
			config.rx_filter = HWTSTAMP_FILTER_ALL;
		nic->config = config;
	} else if (command != SIOCGHWTSTAMP) {
		return -EOPNOTSUPP;
	}
	return copy_to_user(ifr->ifr_data, &nic->config, sizeof(config)) ? -EFAULT : 0;
}

static const struct net_device_ops lab_ops = {
	.ndo_open = lab_open,
	.ndo_stop = lab_stop,
	.ndo_start_xmit = lab_xmit,
	.ndo_eth_ioctl = lab_ioctl,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
};

static int lab_ts_info(struct net_device *netdev, struct ethtool_ts_info *info)
{
	struct labnic *nic = *(struct labnic **)netdev_priv(netdev);

	info->so_timestamping = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |
				SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_TX_SOFTWARE |
				SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
	info->phc_index = nic->ptp ? ptp_clock_index(nic->ptp) : -1;
	info->tx_types = BIT(HWTSTAMP_TX_OFF) | BIT(HWTSTAMP_TX_ON);
	info->rx_filters = BIT(HWTSTAMP_FILTER_NONE) | BIT(HWTSTAMP_FILTER_ALL);
	return 0;
}

static int lab_link(struct net_device *netdev, struct ethtool_link_ksettings *settings)
{
	settings->base.speed = SPEED_10000;
	settings->base.duplex = DUPLEX_FULL;
	return 0;
}

static void lab_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "labnic", sizeof(info->driver));
}

static const struct ethtool_ops lab_ethtool = {
	.get_ts_info = lab_ts_info,
	.get_link_ksettings = lab_link,
	.get_drvinfo = lab_drvinfo,
	.get_link = ethtool_op_get_link,
};

/* ---- debugfs ---- */

/* true time, and the errors of CLOCK_REALTIME and of each PHC, ns, all of one instant */
static int truth_show(struct seq_file *out, void *unused)
{
	struct system_time_snapshot snap;
	unsigned long flags;
	s64 t, p[NICS];
	int i, count = 0;

	spin_lock_irqsave(&lock, flags);
	ktime_get_snapshot(&snap);
	t = line_at(&truth, ktime_to_ns(snap.raw));
	for (; count < NICS && nics[count]; count++)
		p[count] = line_at(&nics[count]->line, ktime_to_ns(snap.raw));
	spin_unlock_irqrestore(&lock, flags);
	seq_printf(out, "%lld %lld", t, ktime_to_ns(snap.real) - t);
	for (i = 0; i < count; i++)
		seq_printf(out, " %lld", p[i] - t - UTC_OFFSET * NSEC_PER_SEC);
	seq_puts(out, "\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(truth);

static int removed_get(void *data, u64 *value)
{
	*value = ((struct labnic *)data)->removed;
	return 0;
}

static int removed_set(void *data, u64 value)
{
	struct labnic *nic = data;

	if (!!value == nic->removed)
		return 0;
	nic->removed = value;
	if (!value)
		return phc_register(nic);
	phc_unregister(nic);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(removed_fops, removed_get, removed_set, "%llu\n");

static int carrier_set(void *data, u64 value)
{
	struct labnic *nic = data;

	if (value) {
		netif_carrier_on(nic->netdev);
		netif_carrier_on(nic->peer->netdev);
	} else {
		netif_carrier_off(nic->netdev);
		netif_carrier_off(nic->peer->netdev);
	}
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(carrier_fops, NULL, carrier_set, "%llu\n");

static int error_set(void *data, u64 value)
{
	struct labnic *nic = data;
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	nic->error = PPB_TO_RATE((s64)value);
	set_rate(nic, ktime_get_raw_ns());
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(error_fops, NULL, error_set, "%lld\n");

/*
 * The world goes on by so many ns while this machine stands still: true time and every PHC move,
 * CLOCK_REALTIME and CLOCK_MONOTONIC do not. That is a virtual machine that was paused, and, with
 * small values, a system clock that is off at the start.
 */
static int world_step_set(void *data, u64 value)
{
	unsigned long flags;
	int i;

	spin_lock_irqsave(&lock, flags);
	truth.value += (s64)value;
	for (i = 0; i < NICS && nics[i]; i++)
		nics[i]->line.value += (s64)value;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE_SIGNED(world_step_fops, NULL, world_step_set, "%lld\n");

/* every oscillator begins its walk again as at the start: the next program meets the same one */
static int rewind_set(void *data, u64 value)
{
	unsigned long flags;
	u64 raw;
	int i;

	spin_lock_irqsave(&lock, flags);
	raw = ktime_get_raw_ns();
	wander_state = ~(seed * 0x2545F4914F6CDD1DULL);
	more_wander_state = wander_state + 1;
	wander_true = 0;
	line_move(&truth, raw);
	true_rate = truth.rate = -PPB_TO_RATE(system_ppb);
	for (i = 0; i < NICS && nics[i]; i++) {
		nics[i]->error = PPB_TO_RATE(phc_ppb[i]);
		set_rate(nics[i], raw);
	}
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(rewind_fops, NULL, rewind_set, "%llu\n");

static void debug_files(struct labnic *nic)
{
	struct dentry *folder = debugfs_create_dir(folders[nic->index], debug_root);

	debugfs_create_u32("stamp_noise", 0644, folder, &nic->stamp_noise);
	debugfs_create_u32("granularity", 0644, folder, &nic->granularity);
	debugfs_create_u32("delay", 0644, folder, &nic->delay);
	debugfs_create_u32("delay_jitter", 0644, folder, &nic->delay_jitter);
	debugfs_create_u32("readout", 0644, folder, &nic->readout);
	debugfs_create_u32("readout_jitter", 0644, folder, &nic->readout_jitter);
	debugfs_create_bool("stamps_lost", 0644, folder, &nic->stamps_lost);
	debugfs_create_bool("busy", 0644, folder, &nic->busy);
	debugfs_create_bool("pulses_lost", 0644, folder, &nic->pulses_lost);
	debugfs_create_u32("pps_latency", 0644, folder, &nic->pps_latency);
	debugfs_create_u64("perout_start", 0444, folder, &nic->perout_start);
	debugfs_create_u64("perout_period", 0444, folder, &nic->perout_period);
	/* takes effect when the PHC is removed and put back */
	debugfs_create_bool("no_cross", 0644, folder, &nic->no_cross);
	debugfs_create_file("removed", 0644, folder, nic, &removed_fops);
	debugfs_create_file("carrier", 0200, folder, nic, &carrier_fops);
	debugfs_create_file("error_ppb", 0200, folder, nic, &error_fops);
}

/* ---- module ---- */

static void nic_destroy(struct labnic *nic)
{
	if (!nic)
		return;
	phc_unregister(nic);
	if (nic->netdev) {
		unregister_netdev(nic->netdev);
		free_netdev(nic->netdev);
	}
	kfree(nic);
}

static struct labnic *nic_create(int index, u64 raw)
{
	struct labnic *nic = kzalloc(sizeof(*nic), GFP_KERNEL);
	struct net_device *netdev;
	u8 mac[ETH_ALEN] = { 0x02, 0x4C, 0x41, 0x42, 0, index + 1 };

	if (!nic)
		return NULL;
	nic->index = index;
	nic->stamp_noise = 8;
	nic->granularity = 1;
	nic->delay = 2000;
	nic->delay_jitter = 0;
	nic->readout = 600;
	nic->readout_jitter = 40;
	nic->pps_latency = 1500;
	nic->no_cross = true;
	nic->error = PPB_TO_RATE(phc_ppb[index]);
	nic->line.raw = raw;
	nic->line.value = line_at(&truth, raw) + UTC_OFFSET * NSEC_PER_SEC;
	nic->line.rate = true_rate + nic->error;
	hrtimer_init(&nic->pps, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	nic->pps.function = pulse;

	netdev = alloc_etherdev(sizeof(struct labnic *));
	if (!netdev)
		goto fail;
	snprintf(netdev->name, IFNAMSIZ, "lab%d", index);
	*(struct labnic **)netdev_priv(netdev) = nic;
	netdev->netdev_ops = &lab_ops;
	netdev->ethtool_ops = &lab_ethtool;
	eth_hw_addr_set(netdev, mac);
	SET_NETDEV_DEV(netdev, &platform->dev);
	netif_carrier_off(netdev);
	netif_napi_add(netdev, &nic->napi, lab_poll);
	if (register_netdev(netdev)) {
		free_netdev(netdev);
		goto fail;
	}
	nic->netdev = netdev;
	if (phc_register(nic))
		goto fail;
	return nic;
fail:
	nic_destroy(nic);
	return NULL;
}

/* two more NICs, wired to each other, behind those that are there */
static int pair_create(int first, u64 raw)
{
	struct labnic *a = nic_create(first, raw);
	struct labnic *b = a ? nic_create(first + 1, raw) : NULL;
	unsigned long flags;

	if (!b) {
		nic_destroy(a);
		return -ENOMEM;
	}
	a->peer = b;
	b->peer = a;
	debug_files(a);
	debug_files(b);
	spin_lock_irqsave(&lock, flags);
	nics[first + 1] = b;
	nics[first] = a;
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int pairs_set(void *data, u64 value)
{
	return value == 2 && !nics[2] ? pair_create(2, ktime_get_raw_ns()) : 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(pairs_fops, NULL, pairs_set, "%llu\n");

static int __init labnic_init(void)
{
	struct system_time_snapshot snap;

	noise_state = seed * 0x2545F4914F6CDD1DULL;
	wander_state = ~noise_state;
	more_wander_state = wander_state + 1;
	platform = platform_device_register_simple("labnic", -1, NULL, 0);
	if (IS_ERR(platform))
		return PTR_ERR(platform);
	true_rate = -PPB_TO_RATE(system_ppb);
	ktime_get_snapshot(&snap);
	truth.raw = ktime_to_ns(snap.raw);
	truth.value = ktime_to_ns(snap.real);
	truth.rate = true_rate;
	debug_root = debugfs_create_dir("labnic", NULL);
	if (pair_create(0, truth.raw)) {
		debugfs_remove_recursive(debug_root);
		platform_device_unregister(platform);
		return -ENOMEM;
	}
	debugfs_create_file("pairs", 0200, debug_root, NULL, &pairs_fops);
	debugfs_create_file("truth", 0444, debug_root, NULL, &truth_fops);
	debugfs_create_file("rewind", 0200, debug_root, NULL, &rewind_fops);
	debugfs_create_file("world_step", 0200, debug_root, NULL, &world_step_fops);
	hrtimer_init(&wander_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	wander_timer.function = wander_step;
	hrtimer_start(&wander_timer, ns_to_ktime(NSEC_PER_SEC), HRTIMER_MODE_REL);
	return 0;
}

static void __exit labnic_exit(void)
{
	int i;

	hrtimer_cancel(&wander_timer);
	debugfs_remove_recursive(debug_root);
	for (i = 0; i < NICS; i++)
		nic_destroy(nics[i]);
	platform_device_unregister(platform);
}

module_init(labnic_init);
module_exit(labnic_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Two wired NICs with PTP clocks and a known truth");
