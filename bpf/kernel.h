/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs read of the kernel's own structures. Only the fields that
 * are used are declared; CO-RE relocates them to where the running kernel has
 * them, so that no full vmlinux.h is needed to build.
 */
#ifndef WEIR_KERNEL_H
#define WEIR_KERNEL_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define IPPROTO_MPTCP 262

#define SOL_IP 0
#define SOL_IPV6 41
#define SO_ORIGINAL_DST 80

#define EPERM 1
#define ECONNREFUSED 111

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	__u32 val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	unsigned long i_ino;
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
};

struct mm_struct {
	struct file *exe_file;
};

struct task_struct {
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	const struct cred *cred;
	struct mm_struct *mm;
};

struct kernfs_node {
	__u64 id; /* of a cgroup2 folder: the cgroup's id (5.5) */
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup; /* in which the socket was made (5.15) */
};

struct sock {
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock {
	struct sock sk;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
};

#pragma clang attribute pop

#endif
