//! The workloads of bench/peers on native processes of RUSM: peer-rusm WORKLOAD MODE WORKERS [DIVISOR].
//! Modes: flood   the mailbox has no bound, and the sender never waits
//!        cap     RUSM's bounded mailbox; what is shed is sent again after a yield
//!        credit  a window of the program's own, at most 1,024 on their way to a receiver
//!        plain   of the other workloads
use rusm_otp::{Context, Pid, Runtime};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::oneshot;

const MSG: usize = 64;
const WINDOW: u64 = 1024;
static READY: AtomicU64 = AtomicU64::new(0);

fn rss_bytes() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

fn mk(from: Pid) -> Vec<u8> {
    let mut v = vec![0u8; MSG];
    v[..8].copy_from_slice(&from.raw().to_le_bytes());
    v
}

fn from_of(v: &[u8]) -> Pid {
    Pid::from_raw(u64::from_le_bytes(v[..8].try_into().unwrap()))
}

async fn msg(ctx: &mut Context) -> Vec<u8> {
    loop {
        if let Some(m) = ctx.recv().await.message() {
            return m;
        }
    }
}

async fn sender(rt: Runtime, mut ctx: Context, mode: String, n: u64, window: u64) {
    let to = from_of(&msg(&mut ctx).await); // go message carries the target
    let me = ctx.pid();
    match mode.as_str() {
        "flood" => {
            for _ in 0..n {
                rt.send(to, mk(me));
            }
        }
        "cap" => {
            for _ in 0..n {
                while !rt.send(to, mk(me)) {
                    tokio::task::yield_now().await;
                }
            }
        }
        "credit" => {
            let mut credit = window;
            for _ in 0..n {
                if credit == 0 {
                    msg(&mut ctx).await;
                    credit += window / 2;
                }
                credit -= 1;
                rt.send(to, mk(me));
            }
            // stay alive until told; the receiver's last acks may still come
        }
        _ => panic!("mode"),
    }
}

async fn receiver(
    rt: Runtime,
    mut ctx: Context,
    mode: String,
    total: u64,
    window: u64,
    nsend: usize,
    done: oneshot::Sender<()>,
) {
    if mode == "credit" {
        let base = from_of(&msg(&mut ctx).await).raw(); // pid of the first sender
        let mut seen = vec![0u64; nsend];
        for _ in 0..total {
            let m = msg(&mut ctx).await;
            let f = from_of(&m);
            let i = (f.raw() - base) as usize;
            seen[i] += 1;
            if seen[i] == window / 2 {
                seen[i] = 0;
                rt.send(f, vec![0u8; 8]);
            }
        }
    } else {
        for _ in 0..total {
            msg(&mut ctx).await;
        }
    }
    let _ = done.send(());
}

async fn many(rt: &Runtime, groups: usize, per: usize, mode: &str, total: u64) -> f64 {
    // groups receivers, per senders each
    let n = total / (groups * per) as u64;
    let window = WINDOW / per as u64;
    let mut waits = Vec::new();
    let mut gos = Vec::new();
    for _ in 0..groups {
        let (tx, rx) = oneshot::channel();
        let (r2, m2) = (rt.clone(), mode.to_string());
        let tot = n * per as u64;
        let r = rt
            .spawn(move |c| receiver(r2, c, m2, tot, window, per, tx))
            .pid();
        let mut first = None;
        for _ in 0..per {
            let (r3, m3) = (rt.clone(), mode.to_string());
            let s = rt.spawn(move |c| sender(r3, c, m3, n, window)).pid();
            first.get_or_insert(s);
            gos.push((s, r));
        }
        if mode == "credit" {
            rt.send(r, mk(first.unwrap()));
        }
        waits.push(rx);
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let t0 = Instant::now();
    for (s, r) in gos {
        rt.send(s, mk(r));
    }
    for w in waits {
        w.await.unwrap();
    }
    let dt = t0.elapsed().as_secs_f64();
    assert!(rt.dropped_messages() == 0 || mode == "cap");
    (n * (groups * per) as u64) as f64 / dt
}

async fn pingpong(rt: &Runtime, n: u64) -> f64 {
    let (tx, rx) = oneshot::channel();
    let r2 = rt.clone();
    let b = rt
        .spawn(move |mut c| async move {
            let me = c.pid();
            for _ in 0..n {
                let mut m = msg(&mut c).await;
                let f = from_of(&m);
                m[..8].copy_from_slice(&me.raw().to_le_bytes());
                r2.send(f, m);
            }
        })
        .pid();
    let r3 = rt.clone();
    let t0 = Instant::now();
    rt.spawn(move |mut c| async move {
        let me = c.pid();
        let mut m = mk(me);
        for _ in 0..n {
            m[..8].copy_from_slice(&me.raw().to_le_bytes());
            r3.send(b, m);
            m = msg(&mut c).await;
        }
        let _ = tx.send(());
    });
    rx.await.unwrap();
    n as f64 / t0.elapsed().as_secs_f64()
}

async fn ring(rt: &Runtime, actors: u64, hops: u64) -> f64 {
    let (tx, rx) = oneshot::channel();
    let mut tx = Some(tx);
    let mut pids = Vec::new();
    for i in 0..actors {
        let r2 = rt.clone();
        let mut done = if i == 0 { tx.take() } else { None };
        let p = rt
            .spawn(move |mut c| async move {
                let next = from_of(&msg(&mut c).await);
                loop {
                    let mut m = msg(&mut c).await;
                    let left = u64::from_le_bytes(m[..8].try_into().unwrap());
                    if left == 0 {
                        if let Some(d) = done.take() {
                            let _ = d.send(());
                        }
                        r2.send(next, m);
                        return;
                    }
                    m[..8].copy_from_slice(&(left - 1).to_le_bytes());
                    r2.send(next, m);
                }
            })
            .pid();
        pids.push(p);
    }
    for i in 0..pids.len() {
        rt.send(pids[i], mk(pids[(i + 1) % pids.len()]));
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let mut m = vec![0u8; MSG];
    m[..8].copy_from_slice(&hops.to_le_bytes());
    let t0 = Instant::now();
    rt.send(pids[0], m);
    rx.await.unwrap();
    hops as f64 / t0.elapsed().as_secs_f64()
}

// each child answers the root, waits for one stop message, ends
async fn churn(rt: &Runtime, n: u64) -> f64 {
    let (tx, rx) = oneshot::channel();
    let r2 = rt.clone();
    let t0 = Instant::now();
    rt.spawn(move |mut c| async move {
        let me = c.pid();
        let mut live = 0;
        for _ in 0..n {
            if live == 1000 {
                msg(&mut c).await;
                live -= 1;
            }
            let r3 = r2.clone();
            let p = r2
                .spawn(move |mut c| async move {
                    let m = msg(&mut c).await;
                    r3.send(from_of(&m), m);
                })
                .pid();
            live += 1;
            r2.send(p, mk(me));
        }
        while live > 0 {
            msg(&mut c).await;
            live -= 1;
        }
        let _ = tx.send(());
    });
    rx.await.unwrap();
    while rt.process_count() > 0 {
        tokio::task::yield_now().await;
    }
    let dt = t0.elapsed().as_secs_f64();
    assert_eq!(rt.finished(), n + 1);
    n as f64 / dt
}

// resident bytes for each of n processes that wait
async fn mass(rt: &Runtime, n: u64) -> f64 {
    let (tx, rx) = oneshot::channel();
    let r2 = rt.clone();
    rt.spawn(move |c| async move {
        let me = c.pid();
        let mut pids = vec![me; n as usize];
        let before = rss_bytes();
        for pid in &mut pids {
            *pid = r2
                .spawn(|mut c| async move {
                    READY.fetch_add(1, Ordering::Relaxed);
                    msg(&mut c).await; // stop
                })
                .pid();
        }
        while READY.load(Ordering::Relaxed) < n {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let after = rss_bytes();
        for p in &pids {
            r2.send(*p, mk(me));
        }
        while r2.process_count() > 1 {
            tokio::task::yield_now().await;
        }
        let _ = tx.send((after - before) as f64 / n as f64);
    });
    rx.await.unwrap()
}

fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (w, mode) = (a[1].as_str(), a[2].as_str());
    let workers: usize = a[3].parse().unwrap();
    let div: u64 = a.get(4).map(|s| s.parse().unwrap()).unwrap_or(1);
    let trt = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap();
    let rt = if mode == "cap" {
        Runtime::with_mailbox_capacity(WINDOW as usize)
    } else {
        Runtime::new()
    };
    let (w2, mode2) = (w.to_string(), mode.to_string());
    let line = trt.block_on(async move {
        // run the driver inside a worker, not on the block_on thread
        tokio::spawn(async move {
            match w2.as_str() {
                "one2one" => format!(
                    "{:.0} msg/s",
                    many(&rt, 1, 1, &mode2, 5_000_000 / div).await
                ),
                "many2one" => format!(
                    "{:.0} msg/s",
                    many(&rt, 1, 8, &mode2, 5_000_000 / div).await
                ),
                "pairs" => format!(
                    "{:.0} msg/s",
                    many(&rt, 8, 1, &mode2, 5_000_000 / div).await
                ),
                "pingpong" => format!("{:.0} rt/s", pingpong(&rt, 500_000 / div).await),
                "ring" => format!("{:.0} hops/s", ring(&rt, 1000, 2_000_000 / div).await),
                "churn" => format!("{:.0} actors/s", churn(&rt, 200_000 / div).await),
                "idle" => format!("{:.0} bytes", mass(&rt, 100_000 / div).await),
                _ => panic!("workload"),
            }
        })
        .await
        .unwrap()
    });
    println!("RESULT rusm {} {} {}", w, mode, line);
}
