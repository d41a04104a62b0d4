package policy

import (
	"net/netip"
	"slices"
)

// Claims says whether the document may be about an address, whatever the
// PostgreSQL database: its own, one in its networks, or one of a name whose
// addresses are not known at the moment.
func (d *Database) Claims(dst netip.AddrPort, resolver HostResolver) bool {
	if !slices.Contains(d.Ports, dst.Port()) {
		return false
	}
	address := dst.Addr().Unmap().WithZone("")
	for _, h := range d.Hosts {
		if h.Name == "" {
			if h.Prefix.Contains(address) {
				return true
			}
			continue
		}
		known := lookup(resolver, h.Name)
		if len(known) == 0 || slices.ContainsFunc(known, func(a netip.Addr) bool { return a.Unmap() == address }) {
			return true
		}
	}
	return false
}
