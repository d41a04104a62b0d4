package parser

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The longest text that a worker takes. What the daemon sends is bounded by its
// own limits; this only keeps a damaged pipe from being believed.
const longestText = 256 << 20

// RunWorker is the loop of a worker: it reads texts from in and writes what they
// are to out, until in ends. One text at a time, on one goroutine: the parser
// redirects the process's standard error while it runs.
func RunWorker(in io.Reader, out io.Writer) error {
	reader := bufio.NewReaderSize(in, 32<<10)
	var request, response []byte
	for {
		var err error
		request, err = readFrame(reader, request, longestText)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a text: %w", err)
		}
		response = respond(response[:0], string(request))
		if _, err := out.Write(response); err != nil {
			return fmt.Errorf("write facts: %w", err)
		}
		if cap(request) > keptBuffer {
			request = nil
		}
		if cap(response) > keptBuffer {
			response = nil
		}
	}
}
