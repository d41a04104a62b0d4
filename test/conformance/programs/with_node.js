// node-postgres: a protocol implementation of its own, text results.
'use strict'

const { Client, Pool, types } = require('pg')
const Cursor = require('pg-cursor')
const copy = require('pg-copy-streams')
const { pipeline } = require('node:stream/promises')
const { Readable, Writable } = require('node:stream')

const sections = []
const section = (name, f) => sections.push({ name, f })

const said = (e) =>
  [e.constructor.name, e.code, e.severity, e.message, e.detail, e.hint, e.position, e.schema, e.table, e.column, e.constraint]
    .filter((x) => x !== undefined)
    .join(' | ')

const attempt = async (f) => {
  try {
    console.log(JSON.stringify(await f()))
  } catch (e) {
    console.log(said(e))
  }
}

section('values_of_many_types', async (c) => {
  const r = await c.query(`SELECT 1::int2 a, 2::int4 b, 3::int8 c, 1.5::float8 d, 'NaN'::float4 e, 12345678901234567890.123::numeric f,
    'text'::text g, 'ü€😀'::varchar(5) h, '\\x00ff'::bytea i, true j, NULL::int k, '2024-02-29 12:34:56.789+02'::timestamptz l,
    '1 day 2 hours'::interval m, '{1,2,NULL}'::int[] n, '{"a": [1, null]}'::jsonb o, '(1,2)'::point p`)
  console.log(r.fields.map((f) => [f.name, f.dataTypeID, f.dataTypeSize, f.dataTypeModifier, f.format].join(' ')))
  console.log(r.rows[0])
})

section('parameters', async (c) => {
  console.log((await c.query('SELECT $1::int + 1 AS n, $2::bytea AS b, $3::text[] AS a, $4::jsonb AS j, $5::text AS t',
    [41, Buffer.from([0, 255]), ['x', null, "it's"], { k: 1 }, null])).rows)
})

section('binary_results', async (c) => {
  const r = await c.query({ text: 'SELECT $1::int4 AS n, $2::text AS t, $3::bytea AS b', values: [7, 'x', Buffer.from('y')], binary: true })
  console.log(r.rows, r.fields.map((f) => f.format))
})

section('named_statements', async (c) => {
  for (let i = 0; i < 5; i++) {
    console.log((await c.query({ name: 'twice', text: 'SELECT $1::int * 2 AS n', values: [i] })).rows)
  }
  console.log((await c.query('SELECT name, statement FROM pg_prepared_statements')).rows)
  await attempt(async () => (await c.query({ name: 'wrong', text: 'SELEC $1', values: [1] })).rows)
  await attempt(async () => (await c.query({ name: 'wrong', text: 'SELECT $1::int AS again', values: [1] })).rows)
  await c.query('DEALLOCATE twice')
  await attempt(async () => (await c.query({ name: 'twice', text: 'SELECT $1::int * 2 AS n', values: [9] })).rows)
})

section('many_queries_without_waiting', async (c) => {
  const all = []
  for (let i = 0; i < 100; i++) {
    all.push(i % 10 === 7 ? c.query('SELECT 1/0').catch((e) => e.code) : c.query('SELECT $1::int AS n', [i]).then((r) => r.rows[0].n))
  }
  console.log(await Promise.all(all))
})

section('several_statements', async (c) => {
  const rs = await c.query("CREATE TEMP TABLE t (a int); INSERT INTO t SELECT generate_series(1, 5); SELECT sum(a) FROM t; SELECT 'last' AS w")
  console.log(rs.map((r) => [r.command, r.rowCount, r.rows]))
  await attempt(async () => (await c.query('SELECT 1; SELECT 1/0; SELECT 2')).length)
})

section('row_limits', async (c) => {
  const seen = []
  await new Promise((resolve, reject) => {
    const { Query } = require('pg')
    const q = c.query(new Query({ text: 'SELECT i FROM generate_series(1, 25) i', rows: 10 }))
    q.on('row', (r) => seen.push(r.i))
    q.on('error', reject)
    q.on('end', resolve)
  })
  console.log(seen.length)
})

section('cursors', async (c) => {
  const cursor = c.query(new Cursor('SELECT i, md5(i::text) AS m FROM generate_series(1, $1::int) i', [250]))
  console.log((await cursor.read(100)).length, (await cursor.read(3)), (await cursor.read(1000)).length, (await cursor.read(10)).length)
  await cursor.close()
  const early = c.query(new Cursor('SELECT i FROM generate_series(1, 100000) i'))
  console.log((await early.read(2)))
  await early.close()
  console.log((await c.query("SELECT 'after' AS a")).rows)
  const broken = c.query(new Cursor('SELECT 1/(5 - i) AS x FROM generate_series(1, 10) i'))
  await attempt(async () => await broken.read(2))
  await attempt(async () => await broken.read(20))
  await attempt(async () => await broken.close())
  await attempt(async () => (await c.query("SELECT 'after' AS a")).rows)
})

section('copy', async (c) => {
  await c.query('CREATE TEMP TABLE t (id int, body text)')
  await pipeline(Readable.from((function* () { for (let i = 0; i < 20000; i++) yield `${i}\tline ${i}\n` })()), c.query(copy.from('COPY t FROM STDIN')))
  console.log((await c.query('SELECT count(*), sum(id) FROM t')).rows)
  let out = ''
  const sink = () => new Writable({ write(chunk, _, done) { out += chunk; done() } })
  await pipeline(c.query(copy.to('COPY (SELECT * FROM t WHERE id < 3 ORDER BY id) TO STDOUT (FORMAT csv, HEADER)')), sink())
  console.log(out)
  await attempt(async () => await pipeline(Readable.from(['x\ty\n']), c.query(copy.from('COPY t FROM STDIN'))))
  await attempt(async () => await pipeline(c.query(copy.to('COPY (SELECT 1/(3 - i) FROM generate_series(1, 10) i) TO STDOUT')), sink()))
  await attempt(async () => await pipeline(Readable.from((function* () { yield '1\ta\n'; throw new Error('given up') })()), c.query(copy.from('COPY t FROM STDIN'))))
  console.log((await c.query('SELECT count(*) FROM t')).rows)
})

section('cancel', async (c) => {
  const other = new Client()
  await other.connect()
  const running = c.query('SELECT pg_sleep(30)').catch(said)
  await new Promise((resolve) => setTimeout(resolve, 300))
  console.log((await other.query('SELECT pg_cancel_backend($1) AS done', [c.processID])).rows)
  console.log(await running)
  const again = new Client()
  const sleeping = c.query('SELECT pg_sleep(30)')
  const ended = sleeping.catch(said)
  await new Promise((resolve) => setTimeout(resolve, 300))
  const con = again.connection
  await new Promise((resolve, reject) => {
    con.on('connect', () => con.cancel(c.processID, c.secretKey))
    con.on('end', resolve)
    con.on('error', reject)
    con.connect(c.port, c.host)
  })
  console.log(await ended)
  console.log((await c.query("SELECT 'after' AS a")).rows)
  await other.end()
})

section('backend_pid', async (c) => {
  console.log((await c.query('SELECT pg_backend_pid() AS pid')).rows[0].pid === c.processID)
})

section('listen_and_notify', async (c) => {
  const got = []
  const two = new Promise((resolve) => c.on('notification', (n) => { got.push(n); if (got.length === 2) resolve() }))
  await c.query('LISTEN channel')
  await c.query("NOTIFY channel, 'own'")
  const other = new Client()
  await other.connect()
  await other.query("SELECT pg_notify('channel', 'from the other')")
  await two
  for (const n of got) console.log(n.channel, n.payload, n.processId === c.processID ? 'own' : n.processId === other.processID ? 'other' : 'unknown')
  await other.end()
})

section('notices', async (c) => {
  c.on('notice', (n) => console.log(n.severity, n.message, n.detail, n.hint, n.code))
  await c.query("DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two' USING HINT = 'h', DETAIL = 'd'; END $$")
})

section('errors', async (c) => {
  for (const text of ['SELECT 1/0', 'SELECT * FROM nothing_here', 'SELEC 1', "SELECT 'unfinished", '', ';', '-- nothing', 'SELECT $1']) {
    await attempt(async () => (await c.query(text)).rows)
    await attempt(async () => (await c.query({ text, values: [], queryMode: 'extended' })).rows)
  }
  await attempt(async () => (await c.query('SELECT $1::int', ['x'])).rows)
  await attempt(async () => (await c.query('SELECT $1::int + $2::int', [1])).rows)
})

section('transactions', async (c) => {
  await c.query('BEGIN')
  await c.query('CREATE TEMP TABLE t (a int PRIMARY KEY) ON COMMIT DROP')
  await attempt(async () => (await c.query('INSERT INTO t VALUES ($1), ($1)', [1])).rowCount)
  await attempt(async () => (await c.query('SELECT 1')).rows)
  await attempt(async () => (await c.query('COMMIT')).command)
})

section('pool', async () => {
  const pool = new Pool({ max: 4 })
  console.log((await Promise.all(Array.from({ length: 40 }, (_, i) => pool.query('SELECT $1::int AS n', [i])))).map((r) => r.rows[0].n))
  await pool.end()
})

section('terminated', async (c) => {
  const other = new Client()
  const ended = new Promise((resolve) => other.on('error', (e) => resolve(said(e))))
  await other.connect()
  await c.query('SELECT pg_terminate_backend($1)', [other.processID])
  console.log(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 3000, 'still there').unref())]))
  await other.end().catch(() => {})
})

section('big_values', async (c) => {
  const r = await c.query("SELECT repeat('a', 20000000) AS a, octet_length($1::bytea) AS n", [Buffer.alloc(5_000_000)])
  console.log(r.rows[0].a.length, r.rows[0].n)
  console.log((await c.query('SELECT i, md5(i::text) FROM generate_series(1, 50000) i')).rows.length)
})

const connects = async (...configs) => {
  for (const config of configs) {
    const other = new Client(config)
    await attempt(async () => {
      await other.connect()
      return (await other.query("SELECT current_setting('work_mem')")).rows
    })
    await other.end().catch(() => {})
  }
}

section('wrong_logins', () => connects({ user: 'nobody_here' }, { database: 'nothing_here' }, { password: 'wrong' }))
section('settings_of_the_start', () => connects({ options: '-c work_mem=12MB' }, { options: '-c work_mem=lots' }))
section('unknown_settings_of_the_start', () => connects({ options: '-c nothing_here=1' }))

async function main() {
  for (const { name, f } of sections) {
    console.log(`== ${name}`)
    const c = new Client()
    c.on('error', () => {})
    try {
      await c.connect()
      await Promise.race([f(c), new Promise((_, reject) => setTimeout(reject, 60000, new Error('it takes too long')).unref())])
      console.log('-- ok')
    } catch (e) {
      console.log(`-- failed: ${said(e)}`)
    }
    await c.end().catch(() => {})
  }
}

main().then(() => process.exit(0))
