/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All maps. Every one is pinned, so that a new daemon finds what the old one
 * left. None forgets by itself (no LRU): what is full refuses. The sizes are
 * the defaults; the daemon may set others when it creates the maps.
 */
#ifndef WEIR_MAPS_H
#define WEIR_MAPS_H

#include "flow.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} daemon_settings SEC(".maps");

/* cgroup id → enum action; the nearest classified ancestor counts. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, enum action);
} cgroups SEC(".maps");

/*
 * Captured destination ports, host order: a bit each, since every connect()
 * of everybody asks. Port p is bit p % 64 of word p / 64.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} ports SEC(".maps");

/* Longest prefix → what is done. No match: captured. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network_key);
	__type(value, enum network);
} networks SEC(".maps");

/*
 * The listeners that live. A closed socket leaves a SOCKHASH by itself, so a
 * killed daemon cannot look alive.
 */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 8192);
	__type(key, struct listener_key);
	__type(value, __u64);
} listeners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct namespace_state);
} namespaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct wanted);
} wants SEC(".maps");

/*
 * Connects on their way, by socket cookie: the reservation that makes a full
 * flows map refuse at connect(), where an errno can be given. An entry lives
 * until its flow was consumed or its socket gave up.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct reservation);
} pending SEC(".maps");

/*
 * How many reservations each cgroup has, so that one workload that fills the
 * map does not shut the others out. The daemon removes what stands at 0.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
} accounts SEC(".maps");

/* Records on their way from the client's SYN to the accepted socket. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct client);
} clients SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow);
} accepted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNT_MAX);
	__type(key, enum counter);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(enum counter which)
{
	__u64 *n = bpf_map_lookup_elem(&counters, &which);

	if (n)
		(*n)++;
}

static __always_inline struct settings *current_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&daemon_settings, &zero);
}

static __always_inline int is_captured_port(__u16 port)
{
	__u32 word = port / 64;
	__u64 *bits = bpf_map_lookup_elem(&ports, &word);

	return !bits || (*bits >> (port % 64) & 1);
}

static __always_inline int listener_lives(__u64 netns, __u32 family)
{
	struct listener_key key = { .netns = netns, .family = family };
	struct bpf_sock *sk = bpf_map_lookup_elem(&listeners, &key);

	if (!sk)
		return 0;
	bpf_sk_release(sk);
	return 1;
}

/* Takes back a reservation; whoever comes second finds it gone. */
static __always_inline void release(__u64 socket, __u64 cgroup)
{
	__u32 *taken;

	if (bpf_map_delete_elem(&pending, &socket))
		return;
	taken = bpf_map_lookup_elem(&accounts, &cgroup);
	if (taken && *taken)
		__sync_fetch_and_add(taken, -1);
}

/* Reserves room for a record; 0 means that there is none. */
static __always_inline int reserve(const struct flow *f, __u32 share)
{
	struct reservation r = { .at = f->at, .cgroup = f->cgroup };
	__u64 cgroup = f->cgroup, socket = f->socket;
	__u32 *taken, zero = 0;

	taken = bpf_map_lookup_elem(&accounts, &cgroup);
	if (!taken) {
		bpf_map_update_elem(&accounts, &cgroup, &zero, BPF_NOEXIST);
		taken = bpf_map_lookup_elem(&accounts, &cgroup);
		if (!taken)
			return 0;
	}
	if (*taken >= share)
		return 0;
	if (bpf_map_update_elem(&pending, &socket, &r, BPF_NOEXIST))
		return 0;
	__sync_fetch_and_add(taken, 1);
	return 1;
}

/* Ends the client's claim on the pending and flows maps. */
static __always_inline void forget(struct client *c)
{
	if (c->state & CLIENT_PUBLISHED) {
		struct flow *f = bpf_map_lookup_elem(&flows, &c->key);

		/* The port may already belong to a later connection. */
		if (f && f->socket == c->flow.socket)
			bpf_map_delete_elem(&flows, &c->key);
	}
	if (c->state & CLIENT_RESERVED)
		release(c->flow.socket, c->flow.cgroup);
	c->state &= CLIENT_PEER;
}

#endif
