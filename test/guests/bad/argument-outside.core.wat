;; Logs a text that lies beyond its memory.
(module
  (import "airssys:core/host-services@1.0.0" "log" (func $log (param i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "airssys:core/component-lifecycle@1.0.0#initialize")
    (param i32 i32 i32 i32 i32 i64 i64 i32 i64) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-message") (param i32) (result i32)
    (call $log (i32.const 2) (i32.const 65000) (i32.const 100000) (i32.const 0) (i32.const 0) (i32.const 0))
    (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#handle-callback") (param i32) (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#metadata") (result i32) (i32.const 1024))
  (func (export "airssys:core/component-lifecycle@1.0.0#health") (result i32) (i32.const 0))
  (func (export "airssys:core/component-lifecycle@1.0.0#shutdown") (result i32) (i32.const 1024)))
