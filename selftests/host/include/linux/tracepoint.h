/* SPDX-License-Identifier: GPL-2.0 */
/* What driver/trace.h needs of the kernel's header, on the host: no trace. */
#ifndef _HOST_LINUX_TRACEPOINT_H
#define _HOST_LINUX_TRACEPOINT_H

/* driver/compat.h needs much more of the kernel, the trace nothing of that. */
#define _SMALLBMS_COMPAT_H

#define TP_PROTO(...)	__VA_ARGS__
#define TRACE_EVENT(name, proto, ...)	\
	static inline void trace_##name(proto) { }

#endif /* _HOST_LINUX_TRACEPOINT_H */
