package mask

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
)

// cmac is AES-256-CMAC (NIST SP 800-38B), the keyed function behind Hash and
// Noise: a value of an ordinary length costs two or three blocks of AES, which
// is a third of what HMAC-SHA-256 takes.
type cmac struct {
	block  cipher.Block
	k1, k2 [aes.BlockSize]byte // for a last block that is whole, and for one that is padded
	state  [aes.BlockSize]byte
	last   [aes.BlockSize]byte // what came and may be the end
	n      int                 // bytes of it
}

// newCMAC derives the function of a mask's key: 32 bytes for AES, whatever the
// key's length.
func newCMAC(key []byte) *cmac {
	derive := hmac.New(sha256.New, key)
	derive.Write([]byte("weir mask 1"))
	block, err := aes.NewCipher(derive.Sum(nil))
	if err != nil {
		panic(err) // 32 bytes are a key of AES
	}
	return cmacOf(block)
}

func cmacOf(block cipher.Block) *cmac {
	c := &cmac{block: block}
	block.Encrypt(c.k1[:], c.k1[:])
	double(&c.k1)
	c.k2 = c.k1
	double(&c.k2)
	return c
}

// double multiplies by x in GF(2^128).
func double(b *[aes.BlockSize]byte) {
	carry := b[0] >> 7
	for i := range aes.BlockSize - 1 {
		b[i] = b[i]<<1 | b[i+1]>>7
	}
	b[aes.BlockSize-1] = b[aes.BlockSize-1]<<1 ^ carry*0x87
}

func (c *cmac) reset() { c.state, c.n = [aes.BlockSize]byte{}, 0 }

func (c *cmac) write(p []byte) {
	for len(p) > 0 {
		if c.n == aes.BlockSize { // more comes, so it was not the end
			xor(&c.state, &c.last)
			c.block.Encrypt(c.state[:], c.state[:])
			c.n = 0
		}
		n := copy(c.last[c.n:], p)
		c.n += n
		p = p[n:]
	}
}

// sum gives the 16 bytes for what was written since reset, which has to come
// before the next write.
func (c *cmac) sum() []byte {
	if c.n == aes.BlockSize {
		xor(&c.last, &c.k1)
	} else {
		c.last[c.n] = 0x80
		for i := c.n + 1; i < aes.BlockSize; i++ {
			c.last[i] = 0
		}
		xor(&c.last, &c.k2)
	}
	xor(&c.state, &c.last)
	c.block.Encrypt(c.state[:], c.state[:])
	return c.state[:]
}

func xor(dst, src *[aes.BlockSize]byte) {
	for i := range dst {
		dst[i] ^= src[i]
	}
}
