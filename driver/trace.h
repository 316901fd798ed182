/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM smallbms

#if !defined(_SMALLBMS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SMALLBMS_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"

TRACE_EVENT(smallbms_inputs,

	TP_PROTO(const char *board, u32 levels, u32 edges, u32 unreadable),
	TP_ARGS(board, levels, edges, unreadable),
	TP_STRUCT__entry(
		__string(board, board)
		__field(u32, levels)
		__field(u32, edges)
		__field(u32, unreadable)
	),
	TP_fast_assign(
		smallbms_assign_str(board, board);
		__entry->levels = levels;
		__entry->edges = edges;
		__entry->unreadable = unreadable;
	),
	TP_printk("%s levels=%#x edges=%#x unreadable=%#x", __get_str(board),
		  __entry->levels, __entry->edges, __entry->unreadable)
);

/* Decided as of now_ns; the next cycle is due after next_ns */
TRACE_EVENT(smallbms_decision,

	TP_PROTO(const char *board, u32 active, u32 wanted, u64 now_ns,
		 u64 next_ns),
	TP_ARGS(board, active, wanted, now_ns, next_ns),
	TP_STRUCT__entry(
		__string(board, board)
		__field(u32, active)
		__field(u32, wanted)
		__field(u64, now_ns)
		__field(u64, next_ns)
	),
	TP_fast_assign(
		smallbms_assign_str(board, board);
		__entry->active = active;
		__entry->wanted = wanted;
		__entry->now_ns = now_ns;
		__entry->next_ns = next_ns;
	),
	TP_printk("%s active=%#x wanted=%#x now_ns=%llu next_ns=%llu",
		  __get_str(board), __entry->active, __entry->wanted,
		  __entry->now_ns, __entry->next_ns)
);

/* The terminals changed between since_ns and done_ns, on CLOCK_BOOTTIME */
TRACE_EVENT(smallbms_outputs,

	TP_PROTO(const char *board, u32 outputs, u64 since_ns, u64 done_ns),
	TP_ARGS(board, outputs, since_ns, done_ns),
	TP_STRUCT__entry(
		__string(board, board)
		__field(u32, outputs)
		__field(u64, since_ns)
		__field(u64, done_ns)
	),
	TP_fast_assign(
		smallbms_assign_str(board, board);
		__entry->outputs = outputs;
		__entry->since_ns = since_ns;
		__entry->done_ns = done_ns;
	),
	TP_printk("%s outputs=%#x since_ns=%llu done_ns=%llu", __get_str(board),
		  __entry->outputs, __entry->since_ns, __entry->done_ns)
);

TRACE_EVENT(smallbms_io_error,

	TP_PROTO(const char *board, bool write, int error),
	TP_ARGS(board, write, error),
	TP_STRUCT__entry(
		__string(board, board)
		__field(bool, write)
		__field(int, error)
	),
	TP_fast_assign(
		smallbms_assign_str(board, board);
		__entry->write = write;
		__entry->error = error;
	),
	TP_printk("%s %s error=%d", __get_str(board),
		  __entry->write ? "write" : "read", __entry->error)
);

#endif /* _SMALLBMS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
