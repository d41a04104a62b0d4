package console

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weirgate/weir/policy/approval"
	"github.com/weirgate/weir/proxy/journal"
)

// ErrNotRunning says that no daemon listens on the socket.
var ErrNotRunning = errors.New("weir is not running")

// maxLine is the longest line of a stream of records.
const maxLine = 16 << 20

// Client asks a daemon. It may be used by several goroutines.
type Client struct {
	socket string
	http   *http.Client
}

// NewClient prepares a client; nothing is dialled before the first request.
func NewClient(socket string) *Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &Client{
		socket: socket,
		http: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, "unix", socket)
			},
			ResponseHeaderTimeout: requestTimeout + 5*time.Second,
			DisableCompression:    true,
		}},
	}
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Health asks whether the daemon answers.
func (c *Client) Health(ctx context.Context) (*Health, error) {
	return get[Health](ctx, c, "/v1/healthz", nil)
}

// Status asks for the daemon's state.
func (c *Client) Status(ctx context.Context) (*Status, error) {
	return get[Status](ctx, c, "/v1/status", nil)
}

// Sessions asks for sessions, the newest first.
func (c *Client) Sessions(ctx context.Context, f SessionFilter) ([]Session, error) {
	list, err := get[[]Session](ctx, c, "/v1/sessions", f.encode())
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Session asks for one session; errors.Is(err, ErrNotFound) when there is none.
func (c *Client) Session(ctx context.Context, id string) (*Session, error) {
	return get[Session](ctx, c, "/v1/sessions/"+url.PathEscape(id), nil)
}

// Approvals asks for the requests in a state, all for "". Large ones are cut, see
// approval.Request.Cut.
func (c *Client) Approvals(ctx context.Context, state approval.State) ([]*approval.Request, error) {
	q := make(url.Values)
	put(q, "state", string(state))
	list, err := get[[]*approval.Request](ctx, c, "/v1/approvals", q)
	if err != nil {
		return nil, err
	}
	return *list, nil
}

// Approval asks for one request.
func (c *Client) Approval(ctx context.Context, id string) (*approval.Request, error) {
	return get[approval.Request](ctx, c, "/v1/approvals/"+url.PathEscape(id), nil)
}

// Decide approves or denies a request, as the user that this process runs as.
func (c *Client) Decide(ctx context.Context, id string, approve bool, reason string) (*approval.Request, error) {
	verb := "deny"
	if approve {
		verb = "approve"
	}
	return post[approval.Request](ctx, c, "/v1/approvals/"+url.PathEscape(id)+"/"+verb, DecideRequest{Reason: reason})
}

// Reload has the daemon read its policies again.
func (c *Client) Reload(ctx context.Context) (*ReloadResult, error) {
	return post[ReloadResult](ctx, c, "/v1/policy/reload", nil)
}

// Explain asks how a statement is decided.
func (c *Client) Explain(ctx context.Context, r *ExplainRequest) (*Explanation, error) {
	return post[Explanation](ctx, c, "/v1/explain", r)
}

// Destroy ends the database connections that are older than the capture.
func (c *Client) Destroy(ctx context.Context) (*DestroyResult, error) {
	return post[DestroyResult](ctx, c, "/v1/connections/destroy", nil)
}

// Records reads the journal through the daemon, as RecordSource.Records does. A
// follow ends with ErrNotRunning when the daemon stops.
func (c *Client) Records(ctx context.Context, f journal.Filter, follow bool) iter.Seq2[*journal.Record, error] {
	return func(yield func(*journal.Record, error) bool) {
		q := encodeFilter(f)
		if follow {
			q.Set("follow", "1")
		}
		response, err := c.send(ctx, http.MethodGet, "/v1/records", q, nil)
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = response.Body.Close() }()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(make([]byte, 0, 64<<10), maxLine)
		for lines.Scan() {
			record, err := decodeLine(lines.Bytes())
			if !yield(record, err) || err != nil {
				return
			}
		}
		switch err := lines.Err(); {
		case ctx.Err() != nil:
		case err != nil && follow, err == nil && follow:
			yield(nil, fmt.Errorf("%w any more: it ended while its records were followed", ErrNotRunning))
		case err != nil:
			yield(nil, fmt.Errorf("reading records from weir: %w", err))
		}
	}
}

// decodeLine reads a line of a stream, which is a record or an error.
func decodeLine(line []byte) (*journal.Record, error) {
	var both struct {
		journal.Record
		Error string `json:"error"`
		Hint  string `json:"hint"`
	}
	if err := json.Unmarshal(line, &both); err != nil {
		return nil, fmt.Errorf("reading a record from weir: %w", err)
	}
	if both.Kind == "" && both.Error != "" {
		return nil, &Error{Status: http.StatusInternalServerError, Message: both.Error, Hint: both.Hint}
	}
	both.Line = bytes.Clone(line)
	return &both.Record, nil
}

func get[T any](ctx context.Context, c *Client, path string, q url.Values) (*T, error) {
	return exchange[T](ctx, c, http.MethodGet, path, q, nil)
}

func post[T any](ctx context.Context, c *Client, path string, body any) (*T, error) {
	return exchange[T](ctx, c, http.MethodPost, path, nil, body)
}

func exchange[T any](ctx context.Context, c *Client, method, path string, q url.Values, body any) (*T, error) {
	response, err := c.send(ctx, method, path, q, body)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	var result T
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		return nil, fmt.Errorf("reading weir's answer: %w", err)
	}
	return &result, nil
}

// send gives the response to a request when its status is 200, and the *Error in
// it otherwise.
func (c *Client) send(ctx context.Context, method, path string, q url.Values, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding the request: %w", err)
		}
		content = bytes.NewReader(data)
	}
	address := "http://weir" + path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	failure := &Error{Status: response.StatusCode}
	if err != nil || json.Unmarshal(text, failure) != nil || failure.Message == "" {
		failure.Message = fmt.Sprintf("weir answered %s", response.Status)
	}
	return nil, failure
}

// explain turns the error of a connection that failed into what to do about it.
func (c *Client) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("asking weir: %w", context.Cause(ctx))
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTDIR):
		return fmt.Errorf("%w (nobody listens on %s): start it with `sudo weir run` or `systemctl start weir`", ErrNotRunning, c.socket)
	case errors.Is(err, fs.ErrPermission):
		return &Error{Status: http.StatusForbidden, Message: "you may not use weir's admin socket " + c.socket, Hint: socketHint(c.socket)}
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return fmt.Errorf("%w any more: it ended before it answered; look at its log", ErrNotRunning)
	}
	return fmt.Errorf("asking weir on %s: %w", c.socket, err)
}

// socketHint names the group that may use the socket, where its folder lets us
// see that.
func socketHint(socket string) string {
	for _, path := range []string{socket, filepath.Dir(socket)} {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		status, ok := info.Sys().(*syscall.Stat_t)
		if !ok || status.Gid == 0 {
			continue
		}
		if g, err := user.LookupGroupId(strconv.FormatUint(uint64(status.Gid), 10)); err == nil {
			return fmt.Sprintf("use sudo, or join the group %q and log in again", g.Name)
		}
	}
	return "use sudo, or name a group in spec.admin.group of weir's configuration and join it"
}
