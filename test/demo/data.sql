-- Invented people. Telephone numbers are from the range kept for fiction, social
-- security numbers from the one that is never issued.
CREATE TABLE customers (
  id    integer PRIMARY KEY,
  name  text NOT NULL,
  email text NOT NULL,
  phone text NOT NULL,
  ssn   text NOT NULL
);
CREATE TABLE orders (
  id          integer PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers,
  item        text NOT NULL,
  cents       integer NOT NULL,
  ordered     date NOT NULL
);
INSERT INTO customers VALUES
  (1, 'Ada Quill',    'ada.quill@example.com',   '555-0101', '900-45-1001'),
  (2, 'Bram Osei',    'bram@example.org',        '555-0142', '900-45-1002'),
  (3, 'Chiara Neri',  'chiara.neri@example.net', '555-0187', '900-45-1003'),
  (4, 'Dov Anders',   'dov@example.com',         '555-0163', '900-45-1004');
INSERT INTO orders
  SELECT g, 1 + g % 4, (ARRAY['lamp', 'kettle', 'chair', 'atlas', 'globe'])[1 + g % 5], 990 + 130 * g, date '2025-03-01' + g
  FROM generate_series(1, 60) g;

-- The role that weir logs in as. It may do much: what an agent may do is weir's
-- to say.
CREATE ROLE crm_app LOGIN PASSWORD '{{password}}';
ALTER TABLE customers OWNER TO crm_app;
ALTER TABLE orders OWNER TO crm_app;
