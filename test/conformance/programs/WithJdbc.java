// pgjdbc: a protocol implementation of its own, extended protocol, binary from the
// fifth execution on.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.copy.CopyIn;
import org.postgresql.copy.CopyManager;
import org.postgresql.largeobject.LargeObject;
import org.postgresql.largeobject.LargeObjectManager;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class WithJdbc {
  interface Section {
    void run(Connection c) throws Exception;
  }

  static final Map<String, Section> sections = new LinkedHashMap<>();

  static String url(String more) {
    return "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + more;
  }

  static Connection connect(String... settings) throws SQLException {
    Properties p = new Properties();
    p.setProperty("user", System.getenv("PGUSER"));
    p.setProperty("password", System.getenv("PGPASSWORD"));
    p.setProperty("sslmode", System.getenv("PGSSLMODE"));
    if (System.getenv("PGSSLROOTCERT") != null) {
      p.setProperty("sslrootcert", System.getenv("PGSSLROOTCERT"));
    }
    for (int i = 0; i < settings.length; i += 2) {
      p.setProperty(settings[i], settings[i + 1]);
    }
    return DriverManager.getConnection(url(""), p);
  }

  static String said(Throwable t) {
    if (t instanceof BatchUpdateException) {
      BatchUpdateException b = (BatchUpdateException) t;
      return "batch " + Arrays.toString(b.getUpdateCounts()) + " " + b.getSQLState();
    }
    if (t instanceof PSQLException && ((PSQLException) t).getServerErrorMessage() != null) {
      ServerErrorMessage m = ((PSQLException) t).getServerErrorMessage();
      return m.getSeverity() + " " + m.getSQLState() + " " + m.getMessage() + " | " + m.getDetail() + " | " + m.getHint() + " | " + m.getPosition() + " | " + m.getConstraint();
    }
    return t.getClass().getSimpleName() + (t instanceof SQLException ? " " + ((SQLException) t).getSQLState() : "") + " " + t.getMessage();
  }

  static String rows(ResultSet r) throws SQLException {
    ResultSetMetaData m = r.getMetaData();
    StringBuilder b = new StringBuilder();
    for (int i = 1; i <= m.getColumnCount(); i++) {
      b.append(m.getColumnName(i)).append(':').append(m.getColumnTypeName(i)).append(' ');
    }
    while (r.next()) {
      b.append('[');
      for (int i = 1; i <= m.getColumnCount(); i++) {
        Object v = r.getObject(i);
        b.append(v instanceof byte[] ? Arrays.toString((byte[]) v) : String.valueOf(v)).append(i < m.getColumnCount() ? ", " : "");
      }
      b.append(']');
    }
    return b.toString();
  }

  static void connects(String... settings) {
    attempt(() -> {
      try (Connection c = connect(settings)) {
        return c.isValid(1);
      }
    });
  }

  static void print(Object o) {
    System.out.println(o);
  }

  interface Attempt {
    Object run() throws Exception;
  }

  static void attempt(Attempt a) {
    try {
      print(a.run());
    } catch (Exception e) {
      print(said(e));
    }
  }

  static {
    sections.put("values_in_text_and_binary", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT 1::int2 a, 2::int4 b, 3::int8 c, 1.5::float8 d, 'NaN'::float4 e, 12345678901234567890.123::numeric f,"
          + " 'text'::text g, 'ü€😀'::varchar(5) h, '\\x00ff'::bytea i, true j, NULL::int k, '2024-02-29'::date l,"
          + " '1 day 2 hours'::interval n, '{1,2,NULL}'::int[] o, '{\"a\": 1}'::jsonb p, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid q")) {
        for (int i = 0; i < 8; i++) {
          print(rows(s.executeQuery()));
        }
      }
    });
    sections.put("parameters", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT ?::int + 1, ?::text, ?::bytea, ?::numeric, ?::int[], ?::timestamp, ?::bool")) {
        for (int i = 0; i < 7; i++) {
          s.setInt(1, i);
          s.setString(2, "it's \\ ü");
          s.setBytes(3, new byte[] {0, (byte) 255});
          s.setBigDecimal(4, new BigDecimal("1.50"));
          s.setArray(5, c.createArrayOf("int4", new Object[] {1, null, 3}));
          s.setTimestamp(6, java.sql.Timestamp.valueOf("2024-02-29 12:34:56.789"));
          s.setNull(7, Types.BOOLEAN);
          print(rows(s.executeQuery()));
        }
      }
    });
    sections.put("fetch_size", c -> {
      c.setAutoCommit(false);
      try (PreparedStatement s = c.prepareStatement("SELECT i, md5(i::text) FROM generate_series(1, ?) i")) {
        s.setFetchSize(37);
        s.setInt(1, 1000);
        ResultSet r = s.executeQuery();
        long sum = 0;
        while (r.next()) {
          sum += r.getInt(1);
          if (r.getInt(1) == 500) {
            try (Statement other = c.createStatement()) {
              print(rows(other.executeQuery("SELECT 'between'")));
            }
          }
        }
        print(sum);
        s.setMaxRows(5);
        print(rows(s.executeQuery()));
      }
      try (Statement s = c.createStatement()) {
        s.setFetchSize(2);
        ResultSet r = s.executeQuery("SELECT 1/(4 - i) FROM generate_series(1, 10) i");
        attempt(() -> rows(r));
        attempt(() -> rows(s.executeQuery("SELECT 1")));
      }
      c.rollback();
    });
    sections.put("batches", c -> {
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TEMP TABLE t (a int PRIMARY KEY, b text)");
      }
      try (PreparedStatement s = c.prepareStatement("INSERT INTO t VALUES (?, ?)")) {
        for (int i = 0; i < 500; i++) {
          s.setInt(1, i);
          s.setString(2, "x".repeat(i % 50));
          s.addBatch();
        }
        print(Arrays.stream(s.executeBatch()).sum());
        for (int i : new int[] {1000, 1001, 5, 1002}) {
          s.setInt(1, i);
          s.setString(2, null);
          s.addBatch();
        }
        attempt(() -> Arrays.toString(s.executeBatch()));
      }
      try (Statement s = c.createStatement()) {
        print(rows(s.executeQuery("SELECT count(*), sum(length(b)) FROM t")));
        s.addBatch("UPDATE t SET a = a + 10000");
        s.addBatch("DELETE FROM t WHERE a < 10010");
        s.addBatch("SELECT 1");
        attempt(() -> Arrays.toString(s.executeBatch()));
      }
    });
    sections.put("generated_keys", c -> {
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TEMP TABLE t (id int GENERATED ALWAYS AS IDENTITY, a text)");
        s.executeUpdate("INSERT INTO t (a) VALUES ('x'), ('y')", Statement.RETURN_GENERATED_KEYS);
        print(rows(s.getGeneratedKeys()));
        s.execute("INSERT INTO t (a) VALUES ('z'); SELECT count(*) FROM t; UPDATE t SET a = 'w'");
        do {
          ResultSet r = s.getResultSet();
          print(r != null ? rows(r) : "count " + s.getUpdateCount());
        } while (s.getMoreResults() || s.getUpdateCount() != -1);
      }
    });
    sections.put("copy", c -> {
      CopyManager m = c.unwrap(PGConnection.class).getCopyAPI();
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TEMP TABLE t (a int, b text)");
      }
      StringBuilder lines = new StringBuilder();
      for (int i = 0; i < 20000; i++) {
        lines.append(i).append("\tline ").append(i).append('\n');
      }
      print(m.copyIn("COPY t FROM STDIN", new StringReader(lines.toString())));
      StringWriter w = new StringWriter();
      print(m.copyOut("COPY (SELECT * FROM t WHERE a % 5000 = 0 ORDER BY a) TO STDOUT CSV", w));
      print(w);
      ByteArrayOutputStream o = new ByteArrayOutputStream();
      print(m.copyOut("COPY (SELECT * FROM t WHERE a < 3 ORDER BY a) TO STDOUT BINARY", o));
      print(Arrays.toString(o.toByteArray()));
      print(m.copyIn("COPY t FROM STDIN BINARY", new ByteArrayInputStream(o.toByteArray())));
      attempt(() -> m.copyIn("COPY t FROM STDIN", new StringReader("x\ty\n")));
      attempt(() -> m.copyOut("COPY (SELECT 1/(3 - i) FROM generate_series(1, 10) i) TO STDOUT", new StringWriter()));
      CopyIn in = m.copyIn("COPY t FROM STDIN");
      in.writeToCopy("1\ta\n".getBytes(), 0, 4);
      in.cancelCopy();
      try (Statement s = c.createStatement()) {
        print(rows(s.executeQuery("SELECT count(*) FROM t")));
      }
    });
    sections.put("cancel", c -> {
      try (Statement s = c.createStatement()) {
        Thread t = new Thread(() -> {
          try {
            Thread.sleep(300);
            s.cancel();
          } catch (Exception e) {
            print(e);
          }
        });
        t.start();
        attempt(() -> rows(s.executeQuery("SELECT pg_sleep(30)")));
        t.join();
        s.setQueryTimeout(1);
        attempt(() -> rows(s.executeQuery("SELECT pg_sleep(30)")));
        s.setQueryTimeout(0);
        print(rows(s.executeQuery("SELECT 'after'")));
      }
    });
    sections.put("backend_pid", c -> {
      try (Statement s = c.createStatement()) {
        ResultSet r = s.executeQuery("SELECT pg_backend_pid()");
        r.next();
        print(r.getInt(1) == c.unwrap(PGConnection.class).getBackendPID());
      }
    });
    sections.put("listen_and_notify", c -> {
      try (Statement s = c.createStatement(); Connection other = connect(); Statement o = other.createStatement()) {
        s.execute("LISTEN channel");
        s.execute("NOTIFY channel, 'own'");
        o.execute("NOTIFY channel, 'from the other'");
        List<PGNotification> got = new ArrayList<>();
        PGConnection p = c.unwrap(PGConnection.class);
        for (int i = 0; i < 50 && got.size() < 2; i++) {
          PGNotification[] n = p.getNotifications(200);
          got.addAll(n == null ? List.of() : Arrays.asList(n));
        }
        for (PGNotification n : got) {
          print(n.getName() + " " + n.getParameter() + " " + (n.getPID() == p.getBackendPID() ? "own" : n.getPID() == other.unwrap(PGConnection.class).getBackendPID() ? "other" : "unknown"));
        }
      }
    });
    sections.put("large_objects", c -> {
      c.setAutoCommit(false);
      LargeObjectManager m = c.unwrap(PGConnection.class).getLargeObjectAPI();
      long oid = m.createLO(LargeObjectManager.READWRITE);
      LargeObject o = m.open(oid, LargeObjectManager.READWRITE);
      o.write("0123456789".repeat(10000).getBytes());
      o.seek(5);
      print(new String(o.read(12)) + " " + o.tell() + " " + o.size());
      o.truncate(7);
      print(o.size64());
      o.close();
      m.delete(oid);
      try {
        m.open(oid, LargeObjectManager.READ);
      } catch (SQLException e) {
        print(said(e).replace(Long.toString(oid), "OID"));
      }
      c.rollback();
    });
    sections.put("transactions_and_savepoints", c -> {
      c.setAutoCommit(false);
      c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TEMP TABLE t (a int PRIMARY KEY)");
        java.sql.Savepoint p = c.setSavepoint();
        s.execute("INSERT INTO t VALUES (1)");
        attempt(() -> s.executeUpdate("INSERT INTO t VALUES (1)"));
        attempt(() -> rows(s.executeQuery("SELECT 1")));
        c.rollback(p);
        print(rows(s.executeQuery("SELECT count(*) FROM t")));
        attempt(() -> s.executeUpdate("SELEC"));
        attempt(() -> {
          c.commit();
          return "committed";
        });
      }
    });
    sections.put("autosave", ignored -> {
      try (Connection c = connect("autosave", "always"); Statement s = c.createStatement()) {
        c.setAutoCommit(false);
        s.execute("CREATE TEMP TABLE t (a int)");
        attempt(() -> rows(s.executeQuery("SELECT 1/0")));
        print(rows(s.executeQuery("SELECT count(*) FROM t")));
        c.commit();
      }
    });
    sections.put("simple_protocol", ignored -> {
      for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
        try (Connection c = connect("preferQueryMode", mode); PreparedStatement s = c.prepareStatement("SELECT ?::int, ?")) {
          for (int i = 0; i < 7; i++) {
            s.setInt(1, i);
            s.setString(2, "x");
            print(mode + " " + rows(s.executeQuery()));
          }
          try (Statement d = c.createStatement()) {
            d.execute("DEALLOCATE ALL");
          }
          attempt(() -> rows(s.executeQuery()));
        }
      }
    });
    sections.put("metadata", c -> {
      try (Statement s = c.createStatement()) {
        s.execute("CREATE TEMP TABLE meta (id int PRIMARY KEY, a text NOT NULL, b numeric(8, 2) DEFAULT 1)");
      }
      ResultSet r = c.getMetaData().getColumns(null, null, "meta", null);
      while (r.next()) {
        print(r.getString("COLUMN_NAME") + " " + r.getString("TYPE_NAME") + " " + r.getInt("COLUMN_SIZE") + " " + r.getString("IS_NULLABLE") + " " + r.getString("COLUMN_DEF"));
      }
      r = c.getMetaData().getPrimaryKeys(null, null, "meta");
      while (r.next()) {
        print(r.getString("COLUMN_NAME"));
      }
      try (PreparedStatement s = c.prepareStatement("SELECT * FROM meta WHERE id = ? AND a LIKE ?")) {
        print(s.getParameterMetaData().getParameterTypeName(1) + " " + s.getParameterMetaData().getParameterTypeName(2) + " " + s.getMetaData().getColumnCount());
      }
      print(c.getMetaData().getDatabaseMajorVersion() > 9);
    });
    sections.put("errors_and_warnings", c -> {
      try (Statement s = c.createStatement()) {
        for (String text : new String[] {"SELECT 1/0", "SELECT * FROM nothing_here", "SELEC 1", "", ";", "-- nothing", "SELECT 1; SELECT 1/0; SELECT 2"}) {
          attempt(() -> s.execute(text));
        }
        s.execute("DO $$ BEGIN RAISE WARNING 'w' USING HINT = 'h'; END $$");
        print(s.getWarnings());
        try (PreparedStatement p = c.prepareStatement("SELECT ?::int")) {
          p.setString(1, "x");
          attempt(() -> rows(p.executeQuery()));
        }
      }
    });
    sections.put("big_values", c -> {
      try (PreparedStatement s = c.prepareStatement("SELECT length(repeat('a', 20000000)), repeat('b', 10000000), octet_length(?)")) {
        s.setBytes(1, new byte[10_000_000]);
        ResultSet r = s.executeQuery();
        r.next();
        print(r.getInt(1) + " " + r.getString(2).length() + " " + r.getInt(3));
      }
    });
    sections.put("wrong_logins", c -> {
      connects("user", "nobody_here");
      connects("password", "wrong");
    });
    sections.put("unknown_settings_of_the_start", c -> connects("options", "-c nothing_here=1"));
    sections.put("settings_of_the_start", c -> {
      attempt(() -> {
        try (Connection o = connect("options", "-c work_mem=12MB", "currentSchema", "pg_catalog"); Statement s = o.createStatement()) {
          return rows(s.executeQuery("SELECT current_setting('work_mem'), current_setting('search_path'), current_setting('application_name')"));
        }
      });
    });
  }

  public static void main(String[] args) {
    for (Map.Entry<String, Section> s : sections.entrySet()) {
      print("== " + s.getKey());
      try (Connection c = connect()) {
        s.getValue().run(c);
        print("-- ok");
      } catch (Throwable t) {
        print("-- failed: " + said(t));
      }
    }
    System.exit(0);
  }
}
