/*
 * Records what linuxptp's servos get and give, by LD_PRELOAD in the lab's virtual machine: every call goes
 * on to the C library as it is, and a line is written to the file named by RECORDER.
 *
 *   read T1 TP T2        one reading of PTP_SYS_OFFSET_EXTENDED, ns
 *   stamp TYPE NS        an event message with a stamp of hardware: PTP message type, ns
 *   dial CLOCK TICK FREQ clock_adjtime with ADJ_FREQUENCY; TICK 0: not written; FREQ in scaled ppm
 *   step CLOCK NS        clock_adjtime with ADJ_SETOFFSET
 *   say TEXT             a line of its log with an offset
 */
#define _GNU_SOURCE
#include <time.h>
#include <dlfcn.h>
#include <linux/errqueue.h>
#include <linux/ptp_clock.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timex.h>

static FILE *out(void)
{
	static FILE *file;
	if (!file) {
		const char *path = getenv("RECORDER");
		file = path ? fopen(path, "w") : NULL;
		if (!file)
			abort();
		setvbuf(file, NULL, _IOLBF, 0);
	}
	return file;
}

static long long ns(struct ptp_clock_time t)
{
	return t.sec * 1000000000LL + t.nsec;
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*next)(int, unsigned long, ...);
	struct ptp_sys_offset_extended *readings;
	va_list list;
	void *argument;
	int result;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (!next)
		next = dlsym(RTLD_NEXT, "ioctl");
	result = next(fd, request, argument);
	if (result || request != PTP_SYS_OFFSET_EXTENDED)
		return result;
	readings = argument;
	for (unsigned int k = 0; k < readings->n_samples; k++)
		fprintf(out(), "read %lld %lld %lld\n", ns(readings->ts[k][0]), ns(readings->ts[k][1]),
			ns(readings->ts[k][2]));
	return result;
}

int __vsnprintf_chk(char *text, size_t size, int flag, size_t room, const char *format, va_list list)
{
	int length = vsnprintf(text, size, format, list);

	(void)flag;
	(void)room;
	if (strstr(text, "offset ") && strstr(text, " freq "))
		fprintf(out(), "say %s\n", text);
	return length;
}

int clock_adjtime(clockid_t clock, struct timex *tx)
{
	static int (*next)(clockid_t, struct timex *);
	struct timex asked = *tx;
	int result;

	if (!next)
		next = dlsym(RTLD_NEXT, "clock_adjtime");
	result = next(clock, tx);
	if (asked.modes & ADJ_SETOFFSET)
		fprintf(out(), "step %d %lld\n", clock,
			asked.time.tv_sec * 1000000000LL + asked.time.tv_usec * (asked.modes & ADJ_NANO ? 1 : 1000));
	else if (asked.modes & ADJ_FREQUENCY)
		fprintf(out(), "dial %d %ld %ld\n", clock, asked.modes & ADJ_TICK ? asked.tick : 0, asked.freq);
	return result;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	static ssize_t (*next)(int, struct msghdr *, int);
	const unsigned char *header;
	ssize_t length;
	int type;

	if (!next)
		next = dlsym(RTLD_NEXT, "recvmsg");
	length = next(fd, message, flags);
	if (length < 34 || flags & MSG_ERRQUEUE)
		return length;
	/* a frame of layer 2 begins with its multicast address, a datagram with its type */
	header = message->msg_iov[0].iov_base;
	type = (header[0] == 1 ? header[14] : header[0]) & 15;
	for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each; each = CMSG_NXTHDR(message, each)) {
		struct scm_timestamping *stamps = (void *)CMSG_DATA(each);
		if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SO_TIMESTAMPING)
			continue;
		if (stamps->ts[2].tv_sec)
			fprintf(out(), "stamp %d %lld\n", type,
				stamps->ts[2].tv_sec * 1000000000LL + stamps->ts[2].tv_nsec);
	}
	return length;
}
