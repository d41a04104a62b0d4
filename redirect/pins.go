package redirect

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"
)

const bpffsPlace = "/sys/fs/bpf"

// findBPFFS gives the first bpffs of this mount namespace, "" when there is none.
func findBPFFS() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("look for bpffs: %w", err)
	}
	defer func() { _ = f.Close() }()
	place := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - bpf ")
		fields := strings.Fields(left)
		if !ok || right == "" || len(fields) < 5 {
			continue
		}
		if fields[4] == bpffsPlace {
			return bpffsPlace, nil
		}
		if place == "" && fields[3] == "/" {
			place = fields[4]
		}
	}
	return place, nil
}

// ensureBPFFS gives a mounted bpffs, mounting it at place ("" means the usual
// one) where it is missing.
func ensureBPFFS(place string) (string, error) {
	if place == "" {
		found, err := findBPFFS()
		if err != nil || found != "" {
			return found, err
		}
		place = bpffsPlace
	}
	var st unix.Statfs_t
	if err := unix.Statfs(place, &st); err == nil && st.Type == unix.BPF_FS_MAGIC {
		return place, nil
	}
	if err := os.MkdirAll(place, 0o700); err != nil {
		return "", fmt.Errorf("mount bpffs: %w", err)
	}
	if err := unix.Mount("bpf", place, "bpf", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_RELATIME, "mode=0700"); err != nil {
		return "", fmt.Errorf("mount bpffs at %s (needs CAP_SYS_ADMIN): %w", place, err)
	}
	return place, nil
}

// errRunning says that another daemon holds the pins.
var errRunning = errors.New("another weir is running with the same name")

// pins is the folder that keeps programs and maps alive without a daemon.
type pins struct {
	dir  string
	lock *os.File // held for the daemon's life
}

// openPins makes the folder, for root only, and takes its lock.
func openPins(bpffs, name string) (*pins, error) {
	p := &pins{dir: filepath.Join(bpffs, name)}
	if err := os.Mkdir(p.dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the folder for pins: %w", err)
	}
	if err := os.Chmod(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("keep the pins to root: %w", err)
	}
	if err := p.acquire(); err != nil {
		return nil, err
	}
	return p, nil
}

// existingPins takes the lock of a folder that should be there.
func existingPins(bpffs, name string) (*pins, error) {
	p := &pins{dir: filepath.Join(bpffs, name)}
	if err := p.acquire(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *pins) acquire() error {
	f, err := os.OpenFile(p.dir, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return fmt.Errorf("open the folder of the pins: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errRunning
		}
		return errors.Join(fmt.Errorf("lock %s: %w", p.dir, err), f.Close())
	}
	p.lock = f
	return nil
}

func (p *pins) release() error {
	if p.lock == nil {
		return nil
	}
	return p.lock.Close()
}

func (p *pins) link(name string) string { return filepath.Join(p.dir, "link_"+name) }

// maps gives the folder for maps of this layout. The layout is part of the
// name, so that programs never meet a map that another version laid out.
func (p *pins) maps(spec *ebpf.CollectionSpec) string {
	return filepath.Join(p.dir, "maps_"+layoutOf(spec))
}

// otherMaps lists map folders of other layouts.
func (p *pins) otherMaps(current string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(p.dir, "maps_*"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == current }), nil
}

// layoutOf is a short digest over every map's shape and the types in it. Sizes
// are not part of it: they are configuration.
func layoutOf(spec *ebpf.CollectionSpec) string {
	var names []string
	for name := range spec.Maps {
		names = append(names, name)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, name := range names {
		m := spec.Maps[name]
		if strings.HasPrefix(name, ".") {
			continue
		}
		_, _ = fmt.Fprintf(h, "%s %v %d %d %d ", name, m.Type, m.KeySize, m.ValueSize, m.Flags)
		describe(h, m.Key)
		describe(h, m.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// describe writes what of a type its users have to agree on: names, offsets and
// sizes.
func describe(w io.Writer, t btf.Type) {
	switch t := btf.UnderlyingType(t).(type) {
	case nil:
		_, _ = io.WriteString(w, "none;")
	case *btf.Struct:
		_, _ = fmt.Fprintf(w, "struct %s %d{", t.Name, t.Size)
		for _, m := range t.Members {
			_, _ = fmt.Fprintf(w, "%s@%d:%d ", m.Name, m.Offset, m.BitfieldSize)
			describe(w, m.Type)
		}
		_, _ = io.WriteString(w, "}")
	case *btf.Array:
		_, _ = fmt.Fprintf(w, "array %d of ", t.Nelems)
		describe(w, t.Type)
	case *btf.Enum:
		_, _ = fmt.Fprintf(w, "enum %s %d %v;", t.Name, t.Size, t.Values)
	case *btf.Int:
		_, _ = fmt.Fprintf(w, "int %d %v;", t.Size, t.Encoding)
	default:
		_, _ = fmt.Fprintf(w, "%T;", t)
	}
}
