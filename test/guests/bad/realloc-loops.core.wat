;; cabi_realloc, which runs while arguments are written, never ends.
(module
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (loop $again (br $again)) (i32.const 0))
  (func (export "airssys:core/component-lifecycle@1.0.0#initialize")
    (param i32 i32 i32 i32 i32 i64 i64 i32 i64) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-message") (param i32) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-callback") (param i32) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#metadata") (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#health") (result i32) (i32.const 0))
  (func (export "airssys:core/component-lifecycle@1.0.0#shutdown") (result i32) (i32.const 1024)))
