package guards

// ruleset is what one policy says, and what it is to protect.
type ruleset struct {
	name  string
	rules string
	kinds string // of things, as in view, that may not differ; "" is all
	fixed bool   // only what was there at the start counts
}

// rulesets are the packs and the guards that policies have most.
var rulesets = []ruleset{
	{name: "schema", rules: "  packs: [SchemaChanges]", kinds: "relation,inheritance,storage,index,column,default,constraint,trigger,rule,view,policy,security," +
		"function,type,operator,cast,schema,comment,extension,language,server,wrapper,mapping,publication,subscription,eventtrigger,statistics,textsearch," +
		"collation,role,tablespace,rows"},
	{name: "writes", rules: "  packs: [UnboundedWrites]", kinds: "rows", fixed: true},
	{name: "privileges", rules: "  packs: [PrivilegeAndSessionChanges]", kinds: "privilege*,role,member,setting,policy,security,file configuration,eventtrigger,tablespace,slot"},
	{name: "files", rules: "  packs: [ServerFilesAndPrograms]", kinds: "file*,extension,language,server,wrapper,mapping,subscription,tablespace"},
	{name: "export", rules: "  packs: [BulkExport]", kinds: "none"},
	{name: "secrets", rules: "  packs: [SecretCatalogs]", kinds: "none"},
	{name: "noddl", kinds: "relation,column,schema,function,constraint,rows", fixed: true, rules: `
  guards:
  - {name: no-ddl, match: {commands: [Drop, Truncate, Alter]}, action: Deny}`},
	{name: "vault", kinds: "rows public.vault,relation,column", fixed: true, rules: `
  guards:
  - {name: vault, match: {tables: [public.vault], access: Write}, action: Deny}`},
	{name: "reading", kinds: "none", rules: `
  guards:
  - {name: vault, match: {tables: [public.vault, public.vault_stored], access: Read}, action: Deny}`},
	{name: "column", kinds: "none", rules: `
  guards:
  - {name: secret, match: {columns: [public.accounts.secret], access: Read}, action: Deny}`},
	{name: "functions", kinds: "rows,largeobject", fixed: true, rules: `
  guards:
  - {name: functions, match: {functions: ["public.wipe*", "purge*", drop_vault, lo_unlink, lowrite, lo_put, lo_truncate, inbox_insert]}, action: Deny}`},
	{name: "settings", kinds: "none", rules: `
  guards:
  - {name: settings, match: {settings: [role, session_authorization, search_path, session_replication_role, work_mem]}, action: Deny}`},
	{name: "limit", kinds: "rows", fixed: true, rules: `
  guards:
  - {name: few, match: {commands: [Update, Delete, Insert, Merge, Copy]}, limit: {rows: 2}, action: Deny}`},
	{name: "approval", kinds: "rows", fixed: true, rules: `
  guards:
  - {name: deletes, match: {commands: [Delete, Truncate]}, action: RequireApproval, approval: nobody}
  approvals:
  - {name: nobody, approvers: {users: [nobody]}, wait: 0s, expires: 1m}`},
	{name: "length", kinds: "rows", rules: `
  guards:
  - {name: long, match: {longerThan: 1Ki}, action: Deny}`},
	{name: "rate", kinds: "rows", rules: `
  guards:
  - {name: often, match: {commands: [Insert]}, rate: {statements: 3, per: 10h}, action: Deny}`},
	{name: "objects", kinds: "role,policy,function,member", fixed: false, rules: `
  guards:
  - {name: objects, match: {objects: [Role, Policy, Function]}, action: Deny}`},
	{name: "daytime", kinds: "rows", fixed: true, rules: `
  guards:
  - {name: never, match: {access: Write, tables: ["*.*"]}, when: "session.database.startsWith('daytime')", action: Deny}`},
	{name: "nowhere", kinds: "rows public.wide,rows public.vault", fixed: true, rules: `
  guards:
  - {name: nowhere, match: {commands: [Update, Delete], where: Missing}, action: Deny}`},
	{name: "cascades", kinds: "rows public.orders", fixed: true, rules: `
  guards:
  - {name: orders, match: {tables: [public.orders], access: Write}, action: Deny}`},
	{name: "everything", kinds: "rows public.vault", fixed: true, rules: `
  guards:
  - {name: few, match: {any: true}, limit: {rows: 3}, action: Deny}`},
	{name: "selects", kinds: "none", rules: `
  guards:
  - {name: few, match: {commands: [Select]}, limit: {rows: 5, of: Result}, action: Deny}`},
}
