package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// agentArgument makes this program the small agent: it gets a plain DSN and knows
// nothing of weir.
const agentArgument = "agent"

// agent reads customers with a parameter, as drivers do by default (extended
// protocol, binary results), and with a second argument deletes an order.
func agent(args []string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 90*time.Second)
	defer cancel()
	cfg, err := pgx.ParseConfig(args[0])
	if err != nil {
		fmt.Println("agent:", err)
		return 1
	}
	cfg.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { fmt.Printf("%s: %s\n", n.Severity, n.Message) }
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		fmt.Println("agent:", err)
		return 1
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := work(ctx, conn, args[1:]); err != nil {
		var refusal *pgconn.PgError
		if errors.As(err, &refusal) {
			fmt.Printf("%s %s: %s\n", refusal.Severity, refusal.Code, refusal.Message)
			if refusal.Hint != "" {
				fmt.Println("HINT:", refusal.Hint)
			}
		} else {
			fmt.Println("agent:", err)
		}
		return 1
	}
	return 0
}

func work(ctx context.Context, conn *pgx.Conn, args []string) error {
	if len(args) == 0 {
		rows, err := conn.Query(ctx, "SELECT name, phone, ssn FROM customers WHERE id >= $1 ORDER BY id", 3)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, phone, ssn string
			if err := rows.Scan(&name, &phone, &ssn); err != nil {
				return err
			}
			fmt.Printf("%-11s | %-8s | %s\n", name, phone, ssn)
		}
		return rows.Err()
	}
	fmt.Fprintln(os.Stdout, "sends: DELETE FROM orders WHERE id = $1   with $1 =", args[0])
	tag, err := conn.Exec(ctx, "DELETE FROM orders WHERE id = $1", args[0])
	if err != nil {
		return err
	}
	fmt.Println("got:  ", tag)
	return nil
}
