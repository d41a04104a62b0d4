package journal

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestLinesAreFoundAroundLongRunsOfNUL(t *testing.T) {
	record := func(n byte) []byte {
		return append([]byte(lineStart+`1,"n":`), '0'+n, '}', '\n')
	}
	for _, run := range []int{0, 1, 4 << 10, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20} {
		file := append(record(1), make([]byte, run)...)
		file = append(file, record(2)...)
		file = append(file, make([]byte, run)...)
		l := newLines(bytes.NewReader(file), 0, int64(len(file)), true)
		found := 0
		for {
			_, err := l.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			found++
		}
		if found != 2 {
			t.Errorf("with %d NUL bytes behind each of two records, %d were found", run, found)
		}
	}
}

func TestALineLongerThanTheBoundIsPassedOver(t *testing.T) {
	file := append([]byte(lineStart), bytes.Repeat([]byte{'x'}, 1<<20)...)
	l := newLines(bytes.NewReader(file), 0, int64(len(file)), true)
	l.maxLine = 256 << 10
	if _, err := l.next(); !errors.Is(err, io.EOF) {
		t.Fatalf("%v", err)
	}
	if l.damaged == 0 {
		t.Fatal("it was not counted as damage")
	}
}
