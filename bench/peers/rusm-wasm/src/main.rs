//! The workloads of bench/peers on sandboxed guests of RUSM: peer-rusm-wasm WORKLOAD MODE WORKERS [DIVISOR].
//! Modes: core  the guests are core modules on RUSM's own imports
//!        comp  they are components on its WIT interface
//! All guests are written here, as text.
use rusm_otp::{Context, Pid, ProcessHandle, Runtime};
use rusm_wasm::{PreparedComponent, PreparedModule, WasmRuntime};
use std::sync::Arc;
use std::time::{Duration, Instant};

const NOOP: &str = r#"(module (func (export "run")))"#;

// go message: [peer u64][count u64][report u64]; then count round trips
const PING: &str = r#"(module
  (import "rusm" "own_pid" (func $own (result i64)))
  (import "rusm" "send" (func $send (param i64 i32 i32)))
  (import "rusm" "receive" (func $recv (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (local $peer i64) (local $n i64) (local $rep i64)
    (drop (call $recv (i32.const 0) (i32.const 64)))
    (local.set $peer (i64.load (i32.const 0)))
    (local.set $n (i64.load (i32.const 8)))
    (local.set $rep (i64.load (i32.const 16)))
    (loop $l
      (i64.store (i32.const 128) (call $own))
      (call $send (local.get $peer) (i32.const 128) (i32.const 64))
      (drop (call $recv (i32.const 128) (i32.const 64)))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $l (i64.ne (local.get $n) (i64.const 0))))
    (call $send (local.get $rep) (i32.const 0) (i32.const 64))))"#;
const PONG: &str = r#"(module
  (import "rusm" "own_pid" (func $own (result i64)))
  (import "rusm" "send" (func $send (param i64 i32 i32)))
  (import "rusm" "receive" (func $recv (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (local $from i64)
    (loop $l
      (drop (call $recv (i32.const 128) (i32.const 64)))
      (local.set $from (i64.load (i32.const 128)))
      (i64.store (i32.const 128) (call $own))
      (call $send (local.get $from) (i32.const 128) (i32.const 64))
      (br $l))))"#;
// go: [peer][count]; floods
const FLOOD: &str = r#"(module
  (import "rusm" "send" (func $send (param i64 i32 i32)))
  (import "rusm" "receive" (func $recv (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (local $peer i64) (local $n i64)
    (drop (call $recv (i32.const 0) (i32.const 64)))
    (local.set $peer (i64.load (i32.const 0)))
    (local.set $n (i64.load (i32.const 8)))
    (loop $l
      (call $send (local.get $peer) (i32.const 128) (i32.const 64))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $l (i64.ne (local.get $n) (i64.const 0))))))"#;
// go: [_][count][report]; counts
const SINK: &str = r#"(module
  (import "rusm" "send" (func $send (param i64 i32 i32)))
  (import "rusm" "receive" (func $recv (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run") (local $n i64) (local $rep i64)
    (drop (call $recv (i32.const 0) (i32.const 64)))
    (local.set $n (i64.load (i32.const 8)))
    (local.set $rep (i64.load (i32.const 16)))
    (loop $l
      (drop (call $recv (i32.const 128) (i32.const 64)))
      (local.set $n (i64.sub (local.get $n) (i64.const 1)))
      (br_if $l (i64.ne (local.get $n) (i64.const 0))))
    (call $send (local.get $rep) (i32.const 0) (i32.const 64))))"#;
const IDLE: &str = r#"(module
  (import "rusm" "notify" (func $notify))
  (import "rusm" "receive" (func $recv (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "run")
    (i32.store (i32.const 0) (i32.const 1))
    (call $notify)
    (drop (call $recv (i32.const 0) (i32.const 64)))))"#;

const C_NOOP: &str = r#"(component
  (core module $m (func (export "run")))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))"#;

// The component twins wrap a core module of the same shape; the list results
// land through cabi_realloc, here a bump that is reset before each receive.
fn comp(body: &str) -> String {
    format!(
        r#"(component
  (import "rusm:runtime/actor@0.1.0" (instance $actor
    (export "own-pid" (func (result u64)))
    (export "send" (func (param "to" u64) (param "message" (list u8))))
    (export "receive" (func (result (list u8))))))
  (core module $libc
    (memory (export "memory") 1)
    (global $p (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $p (i32.const 1024)))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (local $r i32)
      (local.set $r (global.get $p))
      (global.set $p (i32.add (global.get $p) (local.get 3)))
      (local.get $r)))
  (core instance $lc (instantiate $libc))
  (core func $own (canon lower (func $actor "own-pid")))
  (core func $send (canon lower (func $actor "send") (memory (core memory $lc "memory"))))
  (core func $recv (canon lower (func $actor "receive") (memory (core memory $lc "memory")) (realloc (core func $lc "realloc"))))
  (core module $m
    (import "l" "memory" (memory 1))
    (import "l" "reset" (func $reset))
    (import "a" "own" (func $own (result i64)))
    (import "a" "send" (func $send (param i64 i32 i32)))
    (import "a" "recv" (func $rawrecv (param i32)))
    ;; -> address of the bytes
    (func $recv (result i32)
      (call $reset) (call $rawrecv (i32.const 16)) (i32.load (i32.const 16)))
    (func (export "run") (local $peer i64) (local $n i64) (local $rep i64) (local $a i32)
      {body}))
  (core instance $i (instantiate $m
    (with "l" (instance $lc))
    (with "a" (instance (export "own" (func $own)) (export "send" (func $send)) (export "recv" (func $recv))))))
  (func (export "run") (canon lift (core func $i "run"))))"#
    )
}
const GO: &str = r#"
      (local.set $a (call $recv))
      (local.set $peer (i64.load (local.get $a)))
      (local.set $n (i64.load offset=8 (local.get $a)))
      (local.set $rep (i64.load offset=16 (local.get $a)))"#;

fn c_ping() -> String {
    comp(&format!(
        "{GO}{}",
        r#"
      (loop $l
        (i64.store (i32.const 128) (call $own))
        (call $send (local.get $peer) (i32.const 128) (i32.const 64))
        (drop (call $recv))
        (local.set $n (i64.sub (local.get $n) (i64.const 1)))
        (br_if $l (i64.ne (local.get $n) (i64.const 0))))
      (call $send (local.get $rep) (i32.const 128) (i32.const 64))"#
    ))
}
fn c_pong() -> String {
    comp(
        r#"
      (loop $l
        (local.set $a (call $recv))
        (local.set $peer (i64.load (local.get $a)))
        (i64.store (local.get $a) (call $own))
        (call $send (local.get $peer) (local.get $a) (i32.const 64))
        (br $l))"#,
    )
}
fn c_flood() -> String {
    comp(&format!(
        "{GO}{}",
        r#"
      (loop $l
        (call $send (local.get $peer) (i32.const 128) (i32.const 64))
        (local.set $n (i64.sub (local.get $n) (i64.const 1)))
        (br_if $l (i64.ne (local.get $n) (i64.const 0))))"#
    ))
}
fn c_sink() -> String {
    comp(&format!(
        "{GO}{}",
        r#"
      (loop $l
        (drop (call $recv))
        (local.set $n (i64.sub (local.get $n) (i64.const 1)))
        (br_if $l (i64.ne (local.get $n) (i64.const 0))))
      (call $send (local.get $rep) (i32.const 128) (i32.const 64))"#
    ))
}

fn rss_bytes() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

enum Prep {
    Core(PreparedModule),
    Comp(PreparedComponent),
}
fn prep(wr: &WasmRuntime, kind: &str, core: &str, comp: &str) -> Prep {
    if kind == "comp" {
        Prep::Comp(
            wr.prepare_component_bytes(comp.as_bytes())
                .expect("component"),
        )
    } else {
        let m = wr.compile(core).expect("module");
        Prep::Core(wr.prepare(&m, "run").expect("prepare"))
    }
}
fn spawn(wr: &WasmRuntime, p: &Prep) -> ProcessHandle {
    match p {
        Prep::Core(m) => wr.spawn(m),
        Prep::Comp(c) => wr.spawn_component(c),
    }
}
async fn msg(ctx: &mut Context) -> Vec<u8> {
    loop {
        if let Some(m) = ctx.recv().await.message() {
            return m;
        }
    }
}
fn go(a: Pid, n: u64, rep: Pid) -> Vec<u8> {
    let mut v = vec![0u8; 64];
    v[..8].copy_from_slice(&a.raw().to_le_bytes());
    v[8..16].copy_from_slice(&n.to_le_bytes());
    v[16..24].copy_from_slice(&rep.raw().to_le_bytes());
    v
}

async fn report_pid(rt: &Runtime) -> (Pid, tokio::sync::oneshot::Receiver<()>) {
    let (tx, rx) = tokio::sync::oneshot::channel();
    let p = rt.spawn(move |mut c| async move {
        msg(&mut c).await;
        let _ = tx.send(());
    });
    (p.pid(), rx)
}

async fn drive(w: String, kind: String, div: u64) -> String {
    let rt = Runtime::new();
    let wr = Arc::new(WasmRuntime::with_limits(rt.clone(), 1024, 16 << 20).expect("runtime"));
    match w.as_str() {
        "guest-churn" => {
            let n = 200_000 / div;
            let p = prep(&wr, &kind, NOOP, C_NOOP);
            let (tx, rx) = tokio::sync::oneshot::channel();
            let (wr2, rt2) = (wr.clone(), rt.clone());
            let t0 = Instant::now();
            tokio::spawn(async move {
                for i in 0..n {
                    // at most ~512 live: look at the table now and then
                    if i % 64 == 0 {
                        while rt2.process_count() > 448 {
                            tokio::task::yield_now().await;
                        }
                    }
                    spawn(&wr2, &p);
                }
                while rt2.process_count() > 0 {
                    tokio::task::yield_now().await;
                }
                let _ = tx.send(());
            });
            rx.await.unwrap();
            let dt = t0.elapsed().as_secs_f64();
            assert_eq!(rt.finished(), n);
            format!("{:.0} instances/s", n as f64 / dt)
        }
        "guest-pingpong" => {
            let n = 500_000 / div;
            let a = spawn(&wr, &prep(&wr, &kind, PING, &c_ping()));
            let b = spawn(&wr, &prep(&wr, &kind, PONG, &c_pong()));
            let (rep, rx) = report_pid(&rt).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let t0 = Instant::now();
            rt.send(a.pid(), go(b.pid(), n, rep));
            rx.await.unwrap();
            format!("{:.0} rt/s", n as f64 / t0.elapsed().as_secs_f64())
        }
        "guest-hops" => {
            let n = 2_000_000 / div;
            let a = spawn(&wr, &prep(&wr, &kind, FLOOD, &c_flood()));
            let b = spawn(&wr, &prep(&wr, &kind, SINK, &c_sink()));
            let (rep, rx) = report_pid(&rt).await;
            rt.send(b.pid(), go(b.pid(), n, rep));
            tokio::time::sleep(Duration::from_millis(50)).await;
            let t0 = Instant::now();
            rt.send(a.pid(), go(b.pid(), n, rep));
            rx.await.unwrap();
            format!("{:.0} msg/s", n as f64 / t0.elapsed().as_secs_f64())
        }
        "guest-idle" => {
            let n = 1000;
            let p = prep(&wr, &kind, IDLE, &comp("(drop (call $recv))"));
            let r0 = rss_bytes();
            for i in 0..n {
                spawn(&wr, &p);
                if i % 64 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            // a guest that found no slot has crashed by now: finished() counts it
            let mut last = (u64::MAX, 0);
            loop {
                tokio::time::sleep(Duration::from_millis(300)).await;
                let now = (rt.finished(), rss_bytes());
                if now == last {
                    break;
                }
                last = now;
            }
            let live = rt.process_count();
            format!(
                "{:.0} bytes live={}",
                (rss_bytes() - r0) as f64 / live as f64,
                live
            )
        }
        _ => panic!("workload"),
    }
}

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let workers: usize = a[3].parse().unwrap();
    let div: u64 = a.get(4).map(|s| s.parse().unwrap()).unwrap_or(1);
    let trt = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap();
    let (w, k) = (a[1].clone(), a[2].clone());
    let line = trt.block_on(async move { tokio::spawn(drive(w, k, div)).await.unwrap() });
    println!("RESULT rusm-wasm {} {} {}", a[1], a[2], line);
    std::process::exit(0);
}
