/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The plain structures that the programs share with each other and with the
 * daemon. Addresses are 16 bytes in network order, IPv4 in its v4-mapped form;
 * ports are in host order. The Go side is generated from these.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include "kernel.h"

/* What happens to a connection that is to a captured port and network. */
enum action {
	ACTION_REDIRECT = 0,
	ACTION_PASS = 1,
	ACTION_DENY = 2,
};

/* What is done with connections to a network. */
enum network {
	NETWORK_LEFT = 0,     /* left alone */
	NETWORK_CAPTURED = 1, /* as the caller's cgroup has it */
};

/* One slot of the counters map each. */
enum counter {
	COUNT_REDIRECTED,  /* connects rewritten to the listener */
	COUNT_PASSED,      /* connects of cgroups that are let pass */
	COUNT_DENIED,      /* connects refused because the cgroup is denied */
	COUNT_HELD,        /* first connects of a namespace, held until it has a listener */
	COUNT_NO_DAEMON,   /* connects refused because no daemon lives */
	COUNT_NO_LISTENER, /* connects refused because the namespace cannot have a listener */
	COUNT_FULL,        /* connects refused because a map was full */
	COUNT_STRAY,       /* connections at the listener that no record announced */
	COUNT_BIND,        /* binds to the listener's port that were refused */
	COUNT_MAX,
};

/* Who wanted to go where: written once by connect, read by the daemon. */
struct flow {
	__u64 cgroup;     /* of the caller of connect() */
	__u64 creator;    /* cgroup in which the socket was made, 0 when unknown */
	__u64 started;    /* start_boottime of the caller's process, in ns */
	__u64 netns;      /* cookie of the socket's network namespace */
	__u64 socket;     /* cookie of the client's socket */
	__u64 exe_inode;
	__u64 at;         /* CLOCK_BOOTTIME of the connect(), in ns */
	__u32 exe_device;
	__u32 tgid;
	__u32 tid;
	__u32 uid;        /* effective, in the initial user namespace */
	__u32 address[4]; /* true destination */
	__u16 port;
	__u16 family;     /* of the address that was asked for */
	__u32 pad;
	char comm[16];
};

/* A connect() on its way. */
struct reservation {
	__u64 at;     /* CLOCK_BOOTTIME in ns */
	__u64 cgroup; /* on whose account it goes */
};

/* Where the client's end of a connection to the listener is. */
struct flow_key {
	__u64 netns;
	__u32 address[4];
	__u16 port;
	__u16 pad;
	__u32 pad2;
};

/* The daemon's word to the programs. */
struct settings {
	__u64 daemon;   /* cgroup of the daemon, 0 before the first start */
	__u16 port;     /* of the listeners */
	__u16 pad;
	enum action unlisted; /* for cgroups with no classified ancestor */
	__u32 share;          /* of the pending map that one cgroup may have */
	__u32 pad2;
};

struct listener_key {
	__u64 netns;
	__u32 family; /* AF_INET or AF_INET6; 0 with netns 0 stands for the daemon's life */
	__u32 pad;
};

/* What is known of a network namespace. Times are CLOCK_BOOTTIME in ns. */
struct namespace_state {
	__u64 asked;  /* when the daemon was last asked for a listener */
	__u64 failed; /* when the daemon last failed to make one, 0 = never */
	__u64 served; /* 1 when it has listeners; a hint only, the listeners map is the truth */
};

/* Asks the daemon for a listener. */
struct wanted {
	__u64 netns;
	__u64 cgroup;
	__u32 tgid;
	__u32 tid;
};

struct network_key {
	__u32 prefix; /* bits, IPv4 prefixes + 96 */
	__u32 address[4];
};

#define CLIENT_RESERVED 1  /* counted in the pending map */
#define CLIENT_PUBLISHED 2 /* key is in the flows map */
#define CLIENT_HELD 4      /* its SYN waits for a listener */
#define CLIENT_PEER 8      /* getpeername() answers the true destination */
#define CLIENT_LOST 16     /* could not be published: its SYN must not leave */

/* The client's socket, as long as it lives. */
struct client {
	struct flow flow;
	struct flow_key key;
	__u32 state;
	__u32 listener_family;
};

#endif
