;; Answers with an error whose text is not UTF-8 (and not where its arguments are written).
(module
  (memory (export "memory") 1)
  (data (i32.const 2048) "\01\00\00\00" "\06\00\00\00" "\00\20\00\00" "\04\00\00\00")
  (data (i32.const 8192) "\ff\fe\fd\fc")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "airssys:core/component-lifecycle@1.0.0#initialize")
    (param i32 i32 i32 i32 i32 i64 i64 i32 i64) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-message") (param i32) (result i32) (i32.const 2048))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-callback") (param i32) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#metadata") (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#health") (result i32) (i32.const 0))
  (func (export "airssys:core/component-lifecycle@1.0.0#shutdown") (result i32) (i32.const 1024)))
