package redirect

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/bpf"
)

// SetCgroup says what the connections of a cgroup and of all below it get. The
// nearest classified ancestor counts. It holds until DeleteCgroup, also without
// a daemon.
func (c *Capture) SetCgroup(id uint64, a Action) error {
	if a > Deny {
		return fmt.Errorf("cgroup %d: unknown %s", id, a)
	}
	if err := c.objects.Cgroups.Update(id, uint32(a), ebpf.UpdateAny); err != nil {
		return fmt.Errorf("set cgroup %d to %s: %w", id, a, err)
	}
	return nil
}

// DeleteCgroup lets a cgroup inherit again. It is no error when it was not set.
func (c *Capture) DeleteCgroup(id uint64) error {
	if err := c.objects.Cgroups.Delete(id); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("forget cgroup %d: %w", id, err)
	}
	return nil
}

// Cgroups gives every cgroup that is set, by id.
func (c *Capture) Cgroups() (map[uint64]Action, error) {
	all := map[uint64]Action{}
	var id uint64
	var a uint32
	entries := c.objects.Cgroups.Iterate()
	for entries.Next(&id, &a) {
		all[id] = Action(a)
	}
	if err := entries.Err(); err != nil {
		return nil, fmt.Errorf("list the cgroups: %w", err)
	}
	return all, nil
}

// SetUnlisted changes what cgroups get that have no classified ancestor.
func (c *Capture) SetUnlisted(a Action) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a > Deny {
		return fmt.Errorf("unlisted cgroups: unknown %s", a)
	}
	cfg := c.cfg
	cfg.Unlisted = a
	if err := c.tell(cfg); err != nil {
		return err
	}
	c.cfg.Unlisted = a
	return nil
}

// SetPorts replaces the captured destination ports. New ports are captured
// before old ones are let go.
func (c *Capture) SetPorts(ports []uint16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ports) == 0 {
		return errors.New("no port is given: nothing would be captured")
	}
	if err := checkPorts(ports, c.cfg.ListenerPort); err != nil {
		return err
	}
	var want portSet
	for _, p := range ports {
		want.add(p)
	}
	for word, bits := range want {
		var old uint64
		if err := c.objects.Ports.Lookup(uint32(word), &old); err != nil {
			return fmt.Errorf("read the captured ports: %w", err)
		}
		if err := c.objects.Ports.Update(uint32(word), old|bits, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("capture ports from %d on: %w", 64*word, err)
		}
	}
	for word, bits := range want {
		if err := c.objects.Ports.Update(uint32(word), bits, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("let ports from %d on go: %w", 64*word, err)
		}
	}
	c.cfg.Ports = slices.Clone(ports)
	return nil
}

// portSet has a bit for each port, as the programs' map has it.
type portSet [1 << 16 / 64]uint64

func (s *portSet) add(p uint16) { s[p/64] |= 1 << (p % 64) }

// SetNetworks replaces which networks are captured; what matches none is.
func (c *Capture) SetNetworks(networks []Network) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := checkNetworks(networks); err != nil {
		return err
	}
	want := map[networkKey]bpf.CaptureNetwork{}
	for _, n := range networks {
		want[keyOf(n.Prefix)] = bpf.CaptureNetworkNETWORK_LEFT
		if n.Capture {
			want[keyOf(n.Prefix)] = bpf.CaptureNetworkNETWORK_CAPTURED
		}
	}
	// What is captured comes first, so that an exception within a larger exclusion
	// is in place before the exclusion is.
	for _, left := range []bool{false, true} {
		for k, v := range want {
			if (v == bpf.CaptureNetworkNETWORK_LEFT) != left {
				continue
			}
			if err := c.objects.Networks.Update(k, uint32(v), ebpf.UpdateAny); err != nil {
				return fmt.Errorf("set the captured networks: %w", err)
			}
		}
	}
	var k networkKey
	var v uint32
	var gone []networkKey
	entries := c.objects.Networks.Iterate()
	for entries.Next(&k, &v) {
		if _, keep := want[k]; !keep {
			gone = append(gone, k)
		}
	}
	if err := entries.Err(); err != nil {
		return fmt.Errorf("list the captured networks: %w", err)
	}
	for _, k := range gone {
		if err := c.objects.Networks.Delete(k); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("set the captured networks: %w", err)
		}
	}
	c.cfg.Networks = slices.Clone(networks)
	return nil
}

// networkKey is struct network_key with the address as bytes.
type networkKey struct {
	Bits    uint32
	Address [16]byte
}

func keyOf(p netip.Prefix) networkKey {
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	return networkKey{Bits: uint32(bits), Address: p.Addr().As16()}
}

// tell writes the daemon's word to the programs.
func (c *Capture) tell(cfg Config) error {
	s := bpf.CaptureSettings{
		Daemon:   c.own.ID,
		Port:     cfg.ListenerPort,
		Unlisted: bpf.CaptureAction(cfg.Unlisted),
		Share:    cfg.MaxPendingPerCgroup,
	}
	if err := c.objects.DaemonSettings.Update(uint32(0), &s, ebpf.UpdateAny); err != nil {
		return fmt.Errorf("tell the programs their settings: %w", err)
	}
	return nil
}

// addrPort reads an address as the programs keep it.
func addrPort(words [4]uint32, port uint16) netip.AddrPort {
	var raw [16]byte
	for i, w := range words {
		binary.NativeEndian.PutUint32(raw[4*i:], w)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(raw).Unmap(), port)
}

// text reads a NUL-terminated name as the kernel keeps it.
func text(raw [16]int8) string {
	b := make([]byte, 0, len(raw))
	for _, c := range raw {
		if c == 0 {
			break
		}
		b = append(b, byte(c))
	}
	return unix.ByteSliceToString(b)
}
