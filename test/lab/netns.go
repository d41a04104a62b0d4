package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Netns is a network namespace without a name, kept alive by a thread of this
// process: nothing of it outlives the process.
type Netns struct {
	// Host and Inside are the two ends of a cable between the caller's namespace
	// and this one.
	Host, Inside netip.Addr
	// File opens the namespace, for setns and the like.
	File   string
	thread *thread
}

// Netns makes a network namespace with lo up and a veth pair to the caller's own.
// Each has its own /30 of 198.18.0.0/15, the block for tests of RFC 2544.
func (l *Lab) Netns() (*Netns, error) {
	var inner int
	thread, err := newThread(func() error {
		inner = unix.Gettid()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
	if err != nil {
		return nil, err
	}
	n := &Netns{thread: thread, File: fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), inner)}
	l.Defer(func() error { thread.close(); return nil })

	var outer, within string
	for attempt := 0; ; attempt++ {
		block := rand.Uint32N(1 << 15) // so many networks of four fit
		base := uint32(198)<<24 | uint32(18)<<16 | block<<2
		n.Host, n.Inside = address(base+1), address(base+2)
		outer, within = fmt.Sprintf("wl%xa", block), fmt.Sprintf("wl%xb", block)
		err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: outer}, PeerName: within})
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EEXIST) || attempt == 20 { // another lab's
			return nil, fmt.Errorf("make a veth pair: %w", err)
		}
	}
	l.Defer(func() error {
		// The kernel removes the pair with the namespace too, only later.
		link, err := netlink.LinkByName(outer)
		if err != nil {
			return nil //nolint:nilerr // already gone
		}
		return netlink.LinkDel(link)
	})
	peer, err := netlink.LinkByName(within)
	if err != nil {
		return nil, err
	}
	ns, err := os.Open(n.File)
	if err != nil {
		return nil, err
	}
	defer func() { _ = ns.Close() }()
	if err := netlink.LinkSetNsFd(peer, int(ns.Fd())); err != nil {
		return nil, fmt.Errorf("move one end of the veth pair: %w", err)
	}
	if err := raise(outer, n.Host); err != nil {
		return nil, err
	}
	return n, thread.do(func() error { return raise(within, n.Inside) })
}

// Do runs f on a thread that is in the namespace. Sockets that f makes stay in it.
func (n *Netns) Do(f func() error) error { return n.thread.do(f) }

func address(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// raise gives the link an address and sets it up, in the caller's namespace.
func raise(name string, addr netip.Addr) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	a, err := netlink.ParseAddr(addr.String() + "/30")
	if err != nil {
		return err
	}
	if err := netlink.AddrAdd(link, a); err != nil {
		return fmt.Errorf("address %s: %w", name, err)
	}
	return netlink.LinkSetUp(link)
}
