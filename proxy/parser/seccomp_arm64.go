package parser

import "golang.org/x/sys/unix"

const auditArchitecture = unix.AUDIT_ARCH_AARCH64

func architectureCalls() []uint32 { return nil }
