/* SPDX-License-Identifier: GPL-2.0 */
/* connect(): who calls, whether it is captured, and what the caller gets. */
#ifndef WEIR_CONNECT_H
#define WEIR_CONNECT_H

#include "maps.h"

/* How deep cgroups may nest below the root for inheritance to see all. */
#define MAX_DEPTH 32

/* A namespace is asked for again after this long, in ns. */
#define ASK_AGAIN 20000000ULL
/* For so long after a failure its connects are refused at once, in ns. */
#define FAILED_FOR 1000000000ULL

enum outcome { LEAVE, REFUSE, FORBID, REWRITE };

/* Set by the loader: 1 when the kernel has bpf_set_retval (5.18). Without it
 * every refusal is the EPERM that returning 0 means. */
const volatile __u8 has_set_retval = 0;

static __always_inline int refuse(int error)
{
	if (has_set_retval)
		bpf_set_retval(-error);
	return 0;
}

/* The action of the nearest classified ancestor of the current task. */
static __always_inline enum action action_of_current(const struct settings *s)
{
	__u64 id = bpf_get_current_cgroup_id();
	enum action *found = bpf_map_lookup_elem(&cgroups, &id);
	enum action action = s->unlisted;
	int level;

	if (found)
		return *found;
	for (level = 0; level < MAX_DEPTH; level++) {
		id = bpf_get_current_ancestor_cgroup_id(level);
		if (!id)
			break;
		found = bpf_map_lookup_elem(&cgroups, &id);
		if (found)
			action = *found;
	}
	return action;
}

/*
 * The cgroup in which a socket was made. The kernel has known it since then, so
 * nothing is noted for it, and a socket of MPTCP has its parent's.
 */
static __always_inline struct cgroup *maker_of(struct bpf_sock *sk)
{
	struct tcp_sock *tcp = bpf_skc_to_tcp_sock(sk);

	return tcp ? tcp->inet_conn.icsk_inet.sk.sk_cgrp_data.cgroup : 0;
}

/* The action of the nearest classified ancestor of a cgroup. */
static __always_inline enum action action_of(const struct settings *s, struct cgroup *cgroup)
{
	int level;

	for (level = 0; level < MAX_DEPTH; level++) {
		struct cgroup_subsys_state *parent;
		enum action *found;
		__u64 id;

		id = cgroup->kn->id;
		found = bpf_map_lookup_elem(&cgroups, &id);
		if (found)
			return *found;
		parent = cgroup->self.parent;
		if (!parent)
			break;
		cgroup = parent->cgroup;
	}
	return s->unlisted;
}

/*
 * A socket that was made elsewhere and passed in gets the stricter of the two
 * sides, so that nobody borrows a bystander's freedom.
 */
static __always_inline enum action stricter(enum action action, enum action other)
{
	if (action == ACTION_DENY || other == ACTION_DENY)
		return ACTION_DENY;
	if (action == ACTION_REDIRECT || other == ACTION_REDIRECT)
		return ACTION_REDIRECT;
	return ACTION_PASS;
}

static __always_inline void describe_caller(struct flow *f)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_struct *leader = task->group_leader;
	__u64 id = bpf_get_current_pid_tgid();
	struct mm_struct *mm;
	struct file *exe;

	f->tgid = id >> 32;
	f->tid = (__u32)id;
	f->at = bpf_ktime_get_boot_ns();
	bpf_get_current_comm(f->comm, sizeof(f->comm));
	f->uid = task->cred->euid.val;
	f->started = leader ? leader->start_boottime : task->start_boottime;
	f->exe_inode = 0;
	f->exe_device = 0;
	mm = task->mm;
	if (!mm)
		return;
	exe = mm->exe_file;
	if (!exe)
		return;
	f->exe_inode = exe->f_inode->i_ino;
	f->exe_device = exe->f_inode->i_sb->s_dev;
}

/*
 * Asks the daemon for a listener, not more often than ASK_AGAIN. Returns 0
 * when the daemon lately said that it cannot make one there.
 */
static __always_inline int ask_for_listener(__u64 netns)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct namespace_state fresh = { .asked = now };
	struct namespace_state *known = bpf_map_lookup_elem(&namespaces, &netns);
	__u64 id = bpf_get_current_pid_tgid();
	int failed = 0;

	if (known) {
		failed = known->failed && now - known->failed < FAILED_FOR;
		if (now - known->asked < ASK_AGAIN)
			return !failed;
		known->asked = now;
	} else {
		bpf_map_update_elem(&namespaces, &netns, &fresh, BPF_ANY);
	}
	struct wanted w = {
		.netns = netns,
		.cgroup = bpf_get_current_cgroup_id(),
		.tgid = id >> 32,
		.tid = (__u32)id,
	};
	bpf_ringbuf_output(&wants, &w, sizeof(w), BPF_RB_FORCE_WAKEUP);
	return !failed;
}

static __always_inline int is_mapped(const __u32 a[4])
{
	return a[0] == 0 && a[1] == 0 && a[2] == bpf_htonl(0xffff);
}

/* 192.0.2.1 is redirected whoever calls and whatever the networks say: the
 * live check's address (canaryAddress in the daemon). */
static __always_inline int is_live_check(const __u32 a[4])
{
	return is_mapped(a) && a[3] == bpf_htonl(0xc0000201);
}

/* connect() to the unspecified address means loopback. */
static __always_inline void unspecified_is_loopback(__u32 a[4])
{
	if (is_mapped(a)) {
		if (a[3] == 0)
			a[3] = bpf_htonl(0x7f000001);
	} else if (!(a[0] | a[1] | a[2] | a[3])) {
		a[3] = bpf_htonl(1);
	}
}

static __always_inline int capture(struct bpf_sock_addr *ctx, struct bpf_sock *sk,
				   struct flow *f, __u32 listener_family)
{
	struct network_key net = { .prefix = 128 };
	struct settings *s;
	struct cgroup *maker;
	struct client *c;
	enum action action;
	enum network *found;
	int held = 0;

	/* What an earlier connect() of this socket claimed is over. */
	c = bpf_sk_storage_get(&clients, sk, 0, 0);
	if (c) {
		forget(c);
		c->state = 0;
	}

	if (!is_captured_port(f->port))
		return LEAVE;
	s = current_settings();
	if (!s)
		return REFUSE;
	f->cgroup = bpf_get_current_cgroup_id();
	if (f->cgroup == s->daemon)
		return LEAVE;
	action = action_of_current(s);
	maker = maker_of(sk);
	if (maker) {
		f->creator = maker->kn->id;
		if (f->creator != f->cgroup)
			action = stricter(action, action_of(s, maker));
	}
	if (is_live_check(f->address)) {
		action = ACTION_REDIRECT;
	} else if (action == ACTION_PASS) {
		count(COUNT_PASSED);
		return LEAVE;
	} else {
		__builtin_memcpy(net.address, f->address, sizeof(net.address));
		found = bpf_map_lookup_elem(&networks, &net);
		if (found && *found == NETWORK_LEFT)
			return LEAVE;
	}
	if (action == ACTION_DENY) {
		count(COUNT_DENIED);
		return FORBID;
	}

	describe_caller(f);
	f->netns = bpf_get_netns_cookie(ctx);
	if (!listener_lives(f->netns, listener_family)) {
		if (!listener_lives(0, 0)) {
			count(COUNT_NO_DAEMON);
			return REFUSE;
		}
		if (!ask_for_listener(f->netns)) {
			count(COUNT_NO_LISTENER);
			return REFUSE;
		}
		held = CLIENT_HELD;
		count(COUNT_HELD);
	}

	f->socket = bpf_get_socket_cookie(ctx);
	if (!reserve(f, s->share)) {
		count(COUNT_FULL);
		return REFUSE;
	}
	c = bpf_sk_storage_get(&clients, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!c) {
		release(f->socket, f->cgroup);
		count(COUNT_FULL);
		return REFUSE;
	}
	c->flow = *f;
	c->listener_family = listener_family;
	c->state = CLIENT_RESERVED | CLIENT_PEER | held;
	count(COUNT_REDIRECTED);
	return REWRITE;
}

#endif
