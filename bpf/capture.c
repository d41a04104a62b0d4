//go:build ignore

/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Catches the connections of workloads to databases.
 *
 *   connect4/6       decides, remembers destination and caller, rewrites to the listener
 *   sockops          publishes the record under the client's address before the SYN leaves
 *   egress           holds the SYN of a namespace's first connection until it has a listener
 *   sockops_accept   moves the record to the accepted socket (the daemon's cgroup only)
 *   getsockopt       tells the daemon what the accepted socket's record says (there too)
 *   getpeername4/6   show the client the peer it asked for
 *   bind, post_bind  keep everybody but the daemon from the listener's port
 *   sock_create      asks for a new namespace's listener before it is needed
 *   sock_release     ends what a socket that gave up had claimed
 */
#include "connect.h"

char LICENSE[] SEC("license") = "GPL";

#define LOOPBACK4 bpf_htonl(0x7f000001)

/* The private option: the whole struct flow of an accepted connection. */
#define SOL_WEIR 0x77656972
#define WEIR_FLOW 1

static __always_inline int is_tcp(__u32 type, __u32 protocol)
{
	return type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

static __always_inline __u16 listener_port(void)
{
	struct settings *s = current_settings();

	return s ? s->port : 0;
}

SEC("cgroup/connect4")
int weir_connect4(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct flow f = {};

	if (!sk || !is_tcp(ctx->type, ctx->protocol))
		return 1;
	f.family = AF_INET;
	f.port = bpf_ntohs((__u16)ctx->user_port);
	f.address[2] = bpf_htonl(0xffff);
	f.address[3] = ctx->user_ip4;
	unspecified_is_loopback(f.address);
	switch (capture(ctx, sk, &f, AF_INET)) {
	case LEAVE:
		return 1;
	case FORBID:
		return refuse(EPERM);
	case REFUSE:
		return refuse(ECONNREFUSED);
	}
	ctx->user_ip4 = LOOPBACK4;
	ctx->user_port = bpf_htons(listener_port());
	return 1;
}

SEC("cgroup/connect6")
int weir_connect6(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct flow f = {};
	int mapped;

	if (!sk || !is_tcp(ctx->type, ctx->protocol))
		return 1;
	f.family = AF_INET6;
	f.port = bpf_ntohs((__u16)ctx->user_port);
	f.address[0] = ctx->user_ip6[0];
	f.address[1] = ctx->user_ip6[1];
	f.address[2] = ctx->user_ip6[2];
	f.address[3] = ctx->user_ip6[3];
	unspecified_is_loopback(f.address);
	mapped = is_mapped(f.address);
	switch (capture(ctx, sk, &f, mapped ? AF_INET : AF_INET6)) {
	case LEAVE:
		return 1;
	case FORBID:
		return refuse(EPERM);
	case REFUSE:
		return refuse(ECONNREFUSED);
	}
	ctx->user_ip6[0] = 0;
	ctx->user_ip6[1] = 0;
	if (mapped) {
		ctx->user_ip6[2] = bpf_htonl(0xffff);
		ctx->user_ip6[3] = LOOPBACK4;
	} else {
		ctx->user_ip6[2] = 0;
		ctx->user_ip6[3] = bpf_htonl(1);
	}
	ctx->user_port = bpf_htons(listener_port());
	return 1;
}

/* The client of a captured connection, if the socket is one. */
static __always_inline struct client *captured_peer(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	struct client *c;

	if (!sk)
		return 0;
	c = bpf_sk_storage_get(&clients, sk, 0, 0);
	if (!c || !(c->state & CLIENT_PEER))
		return 0;
	return c;
}

SEC("cgroup/getpeername4")
int weir_getpeername4(struct bpf_sock_addr *ctx)
{
	struct client *c = captured_peer(ctx);

	if (!c)
		return 1;
	ctx->user_ip4 = c->flow.address[3];
	ctx->user_port = bpf_htons(c->flow.port);
	return 1;
}

SEC("cgroup/getpeername6")
int weir_getpeername6(struct bpf_sock_addr *ctx)
{
	struct client *c = captured_peer(ctx);

	if (!c)
		return 1;
	ctx->user_ip6[0] = c->flow.address[0];
	ctx->user_ip6[1] = c->flow.address[1];
	ctx->user_ip6[2] = c->flow.address[2];
	ctx->user_ip6[3] = c->flow.address[3];
	ctx->user_port = bpf_htons(c->flow.port);
	return 1;
}

/*
 * Whoever listens on the listener's port would be handed the connections of
 * its namespace. So the port is the daemon's, also while there is no daemon.
 */
static __always_inline int may_have_port(__u16 port)
{
	struct settings *s = current_settings();

	if (!s)
		return 0;
	if (!port || port != s->port || bpf_get_current_cgroup_id() == s->daemon)
		return 1;
	count(COUNT_BIND);
	return 0;
}

SEC("cgroup/bind4")
int weir_bind4(struct bpf_sock_addr *ctx)
{
	if (!is_tcp(ctx->type, ctx->protocol))
		return 1;
	return may_have_port(bpf_ntohs((__u16)ctx->user_port));
}

SEC("cgroup/bind6")
int weir_bind6(struct bpf_sock_addr *ctx)
{
	if (!is_tcp(ctx->type, ctx->protocol))
		return 1;
	return may_have_port(bpf_ntohs((__u16)ctx->user_port));
}

/* bind() to port 0 in a namespace whose port range is nothing but ours. */
SEC("cgroup/post_bind4")
int weir_post_bind4(struct bpf_sock *sk)
{
	if (!is_tcp(sk->type, sk->protocol))
		return 1;
	return may_have_port(sk->src_port);
}

SEC("cgroup/post_bind6")
int weir_post_bind6(struct bpf_sock *sk)
{
	if (!is_tcp(sk->type, sk->protocol))
		return 1;
	return may_have_port(sk->src_port);
}

/*
 * In a new namespace the daemon gets a head start on the connect(). Where it
 * has listeners nothing else is looked at: this runs for every socket.
 */
SEC("cgroup/sock_create")
int weir_sock_create(struct bpf_sock *sk)
{
	struct namespace_state *known;
	struct settings *s;
	__u64 netns;

	if (!is_tcp(sk->type, sk->protocol) && !(sk->type == SOCK_STREAM && !sk->protocol))
		return 1;
	netns = bpf_get_netns_cookie(sk);
	known = bpf_map_lookup_elem(&namespaces, &netns);
	if (known && known->served)
		return 1;
	s = current_settings();
	if (!s || bpf_get_current_cgroup_id() == s->daemon)
		return 1;
	if (action_of_current(s) == ACTION_REDIRECT)
		ask_for_listener(netns);
	return 1;
}

SEC("cgroup/sock_release")
int weir_sock_release(struct bpf_sock *sk)
{
	struct client *c = bpf_sk_storage_get(&clients, sk, 0, 0);

	if (c)
		forget(c);
	return 1;
}

/*
 * Reads both forms of an address, each field once: a choice between two fields
 * becomes, in this compiler, a computed context pointer, which the verifier
 * refuses.
 */
#define READ_ADDRESSES(ops, side, four, six)		\
	do {						\
		four = (ops)->side##_ip4;		\
		barrier_var(four);			\
		six[0] = (ops)->side##_ip6[0];		\
		barrier_var(six[0]);			\
		six[1] = (ops)->side##_ip6[1];		\
		barrier_var(six[1]);			\
		six[2] = (ops)->side##_ip6[2];		\
		barrier_var(six[2]);			\
		six[3] = (ops)->side##_ip6[3];		\
		barrier_var(six[3]);			\
	} while (0)

static __always_inline void publish(struct bpf_sock_ops *ops, struct client *c)
{
	struct flow_key key = { .netns = c->flow.netns };
	__u32 four, six[4];

	READ_ADDRESSES(ops, local, four, six);
	if (ops->family == AF_INET6) {
		key.address[0] = six[0];
		key.address[1] = six[1];
		key.address[2] = six[2];
		key.address[3] = six[3];
	} else {
		key.address[2] = bpf_htonl(0xffff);
		key.address[3] = four;
	}
	key.port = ops->local_port;
	c->key = key;
	if (bpf_map_update_elem(&flows, &key, &c->flow, BPF_ANY)) {
		c->state |= CLIENT_LOST;
		count(COUNT_FULL);
		return;
	}
	c->state |= CLIENT_PUBLISHED;
}

/*
 * The SYN of a namespace's first connection is sent again this soon: in
 * jiffies, so between 25 ms (HZ=1000) and 250 ms (HZ=100).
 */
#define HELD_RETRY 25

SEC("sockops")
int weir_sockops(struct bpf_sock_ops *ops)
{
	__u32 op = ops->op;
	struct bpf_sock *sk;
	struct client *c;

	if (op != BPF_SOCK_OPS_TCP_CONNECT_CB && op != BPF_SOCK_OPS_TIMEOUT_INIT &&
	    op != BPF_SOCK_OPS_STATE_CB)
		return 1;
	sk = ops->sk;
	if (!sk)
		return 1;
	c = bpf_sk_storage_get(&clients, sk, 0, 0);
	if (!c)
		return 1;
	if (op == BPF_SOCK_OPS_TIMEOUT_INIT) {
		if (c->state & CLIENT_HELD)
			ops->reply = HELD_RETRY;
		return 1;
	}
	if (op == BPF_SOCK_OPS_STATE_CB) {
		if (ops->args[1] == BPF_TCP_CLOSE)
			forget(c);
		return 1;
	}
	if (c->state & CLIENT_RESERVED) {
		publish(ops, c);
		bpf_sock_ops_cb_flags_set(ops, ops->bpf_sock_ops_cb_flags |
						       BPF_SOCK_OPS_STATE_CB_FLAG);
	}
	return 1;
}

/* Runs on every packet of every cgroup: the way out must be short. */
SEC("cgroup_skb/egress")
int weir_egress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct client *c;

	if (!sk || sk->state != BPF_TCP_SYN_SENT)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 1;
	c = bpf_sk_storage_get(&clients, sk, 0, 0);
	if (!c)
		return 1;
	if (c->state & CLIENT_LOST)
		return 0;
	if (c->state & CLIENT_HELD) {
		if (!listener_lives(c->flow.netns, c->listener_family))
			return 0;
		c->state &= ~CLIENT_HELD;
	}
	return 1;
}

SEC("sockops")
int weir_sockops_accept(struct bpf_sock_ops *ops)
{
	struct flow_key key = {};
	struct flow *f, *mine;
	struct bpf_sock *sk;
	__u32 four, six[4];
	__u64 cookie, cgroup;

	if (ops->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
		return 1;
	sk = ops->sk;
	if (!sk || ops->local_port != listener_port())
		return 1;
	key.netns = bpf_get_netns_cookie(ops);
	READ_ADDRESSES(ops, remote, four, six);
	if (ops->family == AF_INET6) {
		key.address[0] = six[0];
		key.address[1] = six[1];
		key.address[2] = six[2];
		key.address[3] = six[3];
	} else {
		key.address[2] = bpf_htonl(0xffff);
		key.address[3] = four;
	}
	key.port = bpf_ntohl(ops->remote_port);
	f = bpf_map_lookup_elem(&flows, &key);
	if (!f) {
		count(COUNT_STRAY);
		return 1;
	}
	mine = bpf_sk_storage_get(&accepted, sk, f, BPF_SK_STORAGE_GET_F_CREATE);
	if (!mine)
		count(COUNT_FULL);
	cookie = f->socket;
	cgroup = f->cgroup;
	bpf_map_delete_elem(&flows, &key);
	release(cookie, cgroup);
	return 1;
}

struct address4 {
	__u16 family;
	__u16 port;
	__u32 address;
	__u8 zero[8];
};

struct address6 {
	__u16 family;
	__u16 port;
	__u32 flow;
	__u32 address[4];
	__u32 scope;
};

SEC("cgroup/getsockopt")
int weir_getsockopt(struct bpf_sockopt *ctx)
{
	__s32 level = ctx->level, name = ctx->optname;
	void *value = ctx->optval, *end = ctx->optval_end;
	struct bpf_sock *sk = ctx->sk;
	struct flow *f;

	if (!(level == SOL_WEIR && name == WEIR_FLOW) &&
	    !((level == SOL_IP || level == SOL_IPV6) && name == SO_ORIGINAL_DST))
		return 1;
	if (!sk)
		return 1;
	f = bpf_sk_storage_get(&accepted, sk, 0, 0);
	if (!f)
		return 1;
	if (level == SOL_WEIR) {
		if (value + sizeof(*f) > end)
			return 1;
		*(struct flow *)value = *f;
		ctx->optlen = sizeof(*f);
	} else if (level == SOL_IP) {
		struct address4 *a = value;

		if ((void *)(a + 1) > end || !is_mapped(f->address))
			return 1;
		__builtin_memset(a, 0, sizeof(*a));
		a->family = AF_INET;
		a->port = bpf_htons(f->port);
		a->address = f->address[3];
		ctx->optlen = sizeof(*a);
	} else {
		struct address6 *a = value;

		if ((void *)(a + 1) > end)
			return 1;
		__builtin_memset(a, 0, sizeof(*a));
		a->family = AF_INET6;
		a->port = bpf_htons(f->port);
		__builtin_memcpy(a->address, f->address, sizeof(a->address));
		ctx->optlen = sizeof(*a);
	}
	ctx->retval = 0;
	return 1;
}
