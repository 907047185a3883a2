// SPDX-License-Identifier: GPL-2.0
/*
 * An NTP server that answers from a PHC, never from the system clock: that one is being steered.
 *
 *   responder INTERFACE PHC ADDRESS ERROR_NS
 *
 * Receive stamps are the NIC's. The transmit stamp of a basic answer is read from the PHC right before
 * the send, as by any server program; an interleaved answer (RFC 9769) tells the NIC's stamp of the
 * answer before. The PHC runs in TAI. ERROR_NS is how much this server lies. Stratum 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAI_UTC 37
#define NTP_UNIX 2208988800ULL
#define FRAME_NS 75 /* of a request on the wire at 10 Gb/s: the NIC stamps its beginning, NTP means its end */
#define KEPT 64 /* answers whose transmit stamp is remembered */
#define FD_TO_CLOCKID(fd) ((clockid_t)((((unsigned int)~(fd)) << 3) | 3))

struct packet {
	uint8_t leap_version_mode, stratum, poll, precision;
	uint32_t root_delay, root_dispersion, reference_id;
	uint64_t reference, origin, receive, transmit; /* network order */
};

struct answer {
	uint64_t receive, transmit; /* as in the packet; transmit is the NIC's */
};

static int64_t lie;
static struct answer kept[KEPT];
static unsigned int answers;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t swap64(uint64_t v)
{
	return __builtin_bswap64(v);
}

/* a PHC's time as a 64-bit NTP stamp of UTC, in network order */
static uint64_t stamp_of(const struct timespec *ts)
{
	int64_t ns = (int64_t)(ts->tv_sec - TAI_UTC) * 1000000000LL + ts->tv_nsec + lie;
	uint64_t seconds = ns / 1000000000LL + NTP_UNIX;
	uint64_t fraction = ((uint64_t)(ns % 1000000000LL) << 32) / 1000000000ULL;

	return swap64(seconds << 32 | fraction);
}

/* the NIC's stamp among the control messages */
static int find_stamp(struct msghdr *msg, struct timespec *stamp)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct timespec *three = (struct timespec *)CMSG_DATA(c);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPING)
			continue;
		if (!three[2].tv_sec && !three[2].tv_nsec)
			continue;
		*stamp = three[2];
		return 1;
	}
	return 0;
}

static int receive(int fd, int flags, struct packet *p, struct sockaddr_in *from,
		   struct timespec *stamp, int *stamped)
{
	char control[512];
	struct iovec iov = { p, sizeof(*p) };
	struct msghdr msg = { .msg_name = from, .msg_namelen = sizeof(*from), .msg_iov = &iov,
			      .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int n = recvmsg(fd, &msg, flags);

	*stamped = n >= 0 && find_stamp(&msg, stamp);
	return n;
}

static void enable_stamps(int fd, const char *interface)
{
	struct hwtstamp_config config = { .tx_type = HWTSTAMP_TX_ON,
					  .rx_filter = HWTSTAMP_FILTER_ALL };
	struct ifreq ifr = { .ifr_data = (char *)&config };
	int flags = SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |
		    SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_OPT_TSONLY;

	strncpy(ifr.ifr_name, interface, IFNAMSIZ - 1);
	if (ioctl(fd, SIOCSHWTSTAMP, &ifr))
		die("SIOCSHWTSTAMP");
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof(flags)))
		die("SO_TIMESTAMPING");
}

/* the stamp of the answer just sent; the NIC gives it at once */
static void keep_transmit(int fd, struct answer *entry)
{
	struct pollfd wait = { .fd = fd };
	struct packet unused;
	struct sockaddr_in nobody;
	struct timespec stamp;
	int stamped;

	poll(&wait, 1, 2);
	while (receive(fd, MSG_ERRQUEUE | MSG_DONTWAIT, &unused, &nobody, &stamp, &stamped) >= 0)
		if (stamped)
			entry->transmit = stamp_of(&stamp);
}

static void answer(int fd, clockid_t phc, const struct packet *request, struct sockaddr_in *to,
		   const struct timespec *received)
{
	struct answer *entry = &kept[answers++ % KEPT], *before = NULL;
	struct packet reply = { .leap_version_mode = 0x24, .stratum = 1, .poll = request->poll,
				.precision = (uint8_t)-26, .root_dispersion = htonl(1),
				.reference_id = htonl(0x50484300) }; /* PHC */
	struct timespec now;
	int i;

	for (i = 0; i < KEPT; i++)
		if (kept[i].transmit && kept[i].receive == request->origin)
			before = &kept[i];
	reply.receive = stamp_of(received);
	reply.reference = reply.receive;
	reply.origin = request->transmit;
	if (before && request->receive != request->transmit) {
		reply.origin = request->receive;
		reply.transmit = before->transmit;
	}
	clock_gettime(phc, &now);
	if (!reply.transmit)
		reply.transmit = stamp_of(&now);
	*entry = (struct answer){ .receive = reply.receive };
	if (sendto(fd, &reply, sizeof(reply), 0, (struct sockaddr *)to, sizeof(*to)) < 0)
		perror("sendto");
	keep_transmit(fd, entry);
}

int main(int argc, char **argv)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(123) }, from;
	struct timespec received;
	struct packet request;
	int phc, fd, stamped, n;

	if (argc != 5 || inet_pton(AF_INET, argv[3], &here.sin_addr) != 1) {
		fprintf(stderr, "usage: responder INTERFACE PHC ADDRESS ERROR_NS\n");
		return 2;
	}
	lie = atoll(argv[4]);
	phc = open(argv[2], O_RDWR);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (phc < 0)
		die(argv[2]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)))
		die("bind");
	enable_stamps(fd, argv[1]);
	for (;;) {
		n = receive(fd, 0, &request, &from, &received, &stamped);
		if (n < (int)sizeof(request) || !stamped || (request.leap_version_mode & 7) != 3)
			continue;
		received.tv_nsec += FRAME_NS;
		answer(fd, FD_TO_CLOCKID(phc), &request, &from, &received);
	}
}
