"""SQLAlchemy, over psycopg2, with its pool, its reflection and its ORM."""

import sqlalchemy as sa
from sections import run, section
from sqlalchemy import orm

engine = sa.create_engine("postgresql+psycopg2://", pool_size=3)
Base = orm.declarative_base()


class Author(Base):
    __tablename__ = "author"
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(50), nullable=False, unique=True)
    attributes = sa.Column(sa.JSON)
    books = orm.relationship("Book", back_populates="author", cascade="all, delete-orphan", order_by="Book.id")


class Book(Base):
    __tablename__ = "book"
    id = sa.Column(sa.Integer, sa.Identity(), primary_key=True)
    author_id = sa.Column(sa.ForeignKey("author.id"), index=True)
    title = sa.Column(sa.Text)
    price = sa.Column(sa.Numeric(10, 2))
    tags = sa.Column(sa.ARRAY(sa.String))
    author = orm.relationship(Author, back_populates="books")


@section
def create_and_reflect(conn):
    Base.metadata.drop_all(conn)
    Base.metadata.create_all(conn)
    conn.commit() if hasattr(conn, "commit") else None
    inspector = sa.inspect(conn)
    for table in ("author", "book"):
        print([(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)])
        print(inspector.get_pk_constraint(table), inspector.get_foreign_keys(table), inspector.get_indexes(table))
        print(inspector.get_unique_constraints(table), inspector.get_check_constraints(table), inspector.get_table_comment(table))
    print(sa.Table("book", sa.MetaData(), autoload_with=conn).c.keys(), inspector.get_view_names())


@section
def units_of_work(conn):
    with orm.Session(engine) as s:
        s.add_all([Author(name=f"author {i}", attributes={"i": i}, books=[
            Book(title=f"book {i}.{j}", price=i + j / 10, tags=["a", str(j)]) for j in range(5)]) for i in range(20)])
        s.commit()
        for a in s.scalars(sa.select(Author).options(orm.selectinload(Author.books)).order_by(Author.id).limit(3)):
            print(a.name, a.attributes, [(b.title, b.price, b.tags) for b in a.books])
        s.execute(sa.update(Book).where(Book.price > 15).values(price=Book.price * 2))
        print(s.execute(sa.select(sa.func.count(), sa.func.sum(Book.price))).one())
        s.delete(s.get(Author, 1))
        s.commit()
        print(s.scalar(sa.select(sa.func.count()).select_from(Book)))


@section
def errors_and_savepoints(conn):
    with orm.Session(engine) as s:
        s.add(Author(id=1000, name="one"))
        s.flush()
        try:
            with s.begin_nested():
                s.add(Author(id=1001, name="one"))
                s.flush()
        except sa.exc.IntegrityError as e:
            print(type(e.orig).__name__, e.orig.diag.constraint_name)
        s.commit()
        print(s.scalar(sa.select(sa.func.count()).where(Author.name == "one")))


@section
def streams(conn):
    result = conn.execution_options(stream_results=True, max_row_buffer=100).execute(
        sa.select(sa.func.generate_series(1, 5000).label("i")))
    print(sum(row.i for row in result))


@section
def joins_and_windows(conn):
    rank = sa.func.rank().over(partition_by=Book.author_id, order_by=Book.price.desc())
    ranked = sa.select(Book.author_id, Book.title, rank.label("r")).subquery()
    query = (sa.select(Author.name, ranked.c.title).join(ranked, ranked.c.author_id == Author.id)
             .where(ranked.c.r == 1, Author.name.like(sa.bindparam("pattern"))).order_by(Author.id))
    print(conn.execute(query, {"pattern": "author 1%"}).all())
    recursive = sa.select(sa.literal(1).label("n")).cte("numbers", recursive=True)
    recursive = recursive.union_all(sa.select(recursive.c.n + 1).where(recursive.c.n < 10))
    print(conn.scalar(sa.select(sa.func.sum(recursive.c.n))))


@section
def upserts(conn):
    from sqlalchemy.dialects.postgresql import insert
    statement = insert(Author).values([{"name": "author 2", "attributes": {"new": True}}, {"name": "fresh", "attributes": None}])
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"attributes": statement.excluded.attributes})
    print(conn.execute(statement.returning(Author.name)).all())


@section
def drop(conn):
    Base.metadata.drop_all(engine)
    print(sa.inspect(engine).get_table_names())


run(engine.connect)
