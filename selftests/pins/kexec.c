// SPDX-License-Identifier: GPL-2.0
/*
 * kexec next|crash ADDRESS: loads another "kernel" to that physical address, and
 * starts it, or has it started by a panic.
 *
 * The other kernel reports on the console, and powers the machine off; of the pins it
 * knows nothing. Runs in the emulated machine, and needs no C library.
 */
#define REBOOT_MAGIC1	0xfee1deadL
#define REBOOT_MAGIC2	672274793L
#define REBOOT_KEXEC	0x45584543L
#define KEXEC_ON_CRASH	1L
#define KEXEC_AARCH64	(183L << 16)
#define PAGE		65536L	/* of whatever size */

enum {
	SYS_exit = 93,
	SYS_kexec_load = 104,
	SYS_reboot = 142
};

struct segment {
	const void *from;
	long size;
	long to;
	long to_size;
};

/* Runs without MMU: QEMU's UART, then SYSTEM_OFF of PSCI */
__attribute__((used)) static void other_kernel(void)
{
	asm volatile("other:\n\t"
		     "adr	x2, 2f\n\t"
		     "mov	x1, #0x09000000\n"
		     "0:	ldrb	w3, [x2], #1\n\t"
		     "cbz	w3, 1f\n\t"
		     "strb	w3, [x1]\n\t"
		     "b	0b\n"
		     "1:	movz	w0, #8\n\t"
		     "movk	w0, #0x8400, lsl #16\n\t"
		     "hvc	#0\n\t"
		     "b	.\n"
		     "2:	.asciz \"the other kernel runs\\n\"\n\t"
		     ".balign	4\n"
		     "other_end:\n");
}

static long call(long number, long a, long b, long c, long d)
{
	register long x8 asm("x8") = number;
	register long x0 asm("x0") = a;
	register long x1 asm("x1") = b;
	register long x2 asm("x2") = c;
	register long x3 asm("x3") = d;

	asm volatile("svc #0" : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
		     : "memory");
	return x0;
}

static long parse(const char *hex)
{
	long value = 0;

	for (; *hex; hex++)
		value = 16 * value + (*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
	return value;
}

__attribute__((used)) static void begin(const long *stack)
{
	struct segment segment = { .to_size = PAGE };
	const char *when, *end;
	long flags = KEXEC_AARCH64;

	if (stack[0] != 3)
		call(SYS_exit, 2, 0, 0, 0);
	asm("adr %0, other" : "=r"(segment.from));
	asm("adr %0, other_end" : "=r"(end));
	segment.size = end - (const char *)segment.from;
	when = (const char *)stack[2];
	segment.to = parse((const char *)stack[3]);
	if (*when == 'c')
		flags |= KEXEC_ON_CRASH;
	if (call(SYS_kexec_load, segment.to, 1, (long)&segment, flags))
		call(SYS_exit, 1, 0, 0, 0);
	if (*when == 'n')
		call(SYS_reboot, REBOOT_MAGIC1, REBOOT_MAGIC2, REBOOT_KEXEC, 0);
	call(SYS_exit, 0, 0, 0, 0);
}

/* The kernel leaves argc and argv on the stack. */
asm(".globl _start\n_start:\n\tmov x0, sp\n\tb begin\n");
