//! WASI 0.2 with nothing granted but what C hands in: clocks, timers, random numbers and the
//! standard streams are C's; folders and environment are the given ones, and whatever goes over the
//! network C is asked for first (`network.rs`).

use std::convert::Infallible;
use std::ffi::c_void;
use std::io;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes as ByteBuffer;
use tokio::io::AsyncWrite;
use tokio::runtime::Runtime;
use wasmtime::bail;
use wasmtime::component::Resource;
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t, wasmtime_store_t};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, HostMonotonicClock, HostWallClock, WasiCtx, WasiView};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::streams::{OutputStream, StreamResult};

use crate::abi::{Bytes, host_of};
use crate::component::linker_of;
use crate::imports::{Host, wait_until};
use crate::network::{Gate, GateKeeper, Network};
use crate::status::reported;
use crate::{Store, StoreContextMut};

/// `airs_ext_wasi_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Wasi {
    monotonic_ns: unsafe extern "C" fn(*mut c_void) -> u64,
    wall_ns: unsafe extern "C" fn(*mut c_void) -> u64,
    random: unsafe extern "C" fn(*mut c_void, *mut u8, usize),
    write: unsafe extern "C" fn(*mut c_void, u8, Bytes),
    wait_until: unsafe extern "C" fn(*mut c_void, u64) -> bool,
    network: Network,
}

/// A store's WASI, as far as C provides it.
#[derive(Clone, Copy)]
struct Provided {
    wasi: Wasi,
    host: Host,
}

/// Entered for the polls of components that import WASI, whose files and sockets need a reactor.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .thread_name("airs-wasi-io")
            .build()
            .expect("a thread for WASI's input and output")
    })
}

impl Provided {
    fn monotonic_ns(&self) -> u64 {
        // SAFETY: the host outlives its store.
        unsafe { (self.wasi.monotonic_ns)(self.host.pointer()) }
    }
}

/// The clock, which ends with its store, and what ends then besides.
struct Clock {
    provided: Provided,
    _gate: GateKeeper,
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        self.provided.monotonic_ns()
    }
}

impl HostWallClock for Provided {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        // SAFETY: the host outlives its store.
        Duration::from_nanos(unsafe { (self.wasi.wall_ns)(self.host.pointer()) })
    }
}

impl rand::TryRng for Provided {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, destination: &mut [u8]) -> Result<(), Infallible> {
        // SAFETY: the host outlives its store.
        unsafe { (self.wasi.random)(self.host.pointer(), destination.as_mut_ptr(), destination.len()) };
        Ok(())
    }
}

/// A standard stream: 1 is output, 2 is errors. C takes whatever is written at once.
#[derive(Clone, Copy)]
struct Stream {
    provided: Provided,
    number: u8,
}

/// What a guest may write before it has to ask again.
const STREAM_PERMIT: usize = 1 << 20;

impl Stream {
    fn take(&self, bytes: &[u8]) {
        // SAFETY: the host outlives its store.
        unsafe { (self.provided.wasi.write)(self.provided.host.pointer(), self.number, Bytes::of(bytes)) }
    }
}

impl IsTerminal for Stream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Stream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(*self)
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(*self)
    }
}

#[async_trait]
impl Pollable for Stream {
    async fn ready(&mut self) {}
}

impl OutputStream for Stream {
    fn write(&mut self, bytes: ByteBuffer) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(STREAM_PERMIT)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A moment on C's monotonic clock.
struct Moment {
    deadline_ns: u64,
    provided: Provided,
}

#[async_trait]
impl Pollable for Moment {
    async fn ready(&mut self) {
        wait_until(self.provided.host, self.deadline_ns, self.provided.wasi.wait_until).await;
    }
}

fn subscribe_to(
    mut store: StoreContextMut<'_>,
    wasi: Wasi,
    deadline_ns: impl FnOnce(u64) -> u64,
) -> wasmtime::Result<Resource<DynPollable>> {
    let provided = Provided { wasi, host: Host(host_of(&store)) };
    let moment = Moment { deadline_ns: deadline_ns(provided.monotonic_ns()), provided };
    let table = store.data_mut().ctx().table;
    let moment = table.push(moment)?;
    subscribe(table, moment)
}

/// Of one call, which ends by itself or not at all: so many take milliseconds.
const RANDOM_BYTES_MAX: u64 = 4 << 20;

/// All at once. Wasmtime's own functions ask for each byte by itself, so that one call of theirs may take seconds.
fn random_bytes(store: StoreContextMut<'_>, wasi: Wasi, size: u64) -> wasmtime::Result<(Vec<u8>,)> {
    if size > RANDOM_BYTES_MAX {
        bail!("{size} random bytes at once; there may be {RANDOM_BYTES_MAX}");
    }
    let mut bytes = vec![0; size as usize];
    // SAFETY: the host outlives the call, and there is room for so many.
    unsafe { (wasi.random)(host_of(&store), bytes.as_mut_ptr(), bytes.len()) };
    Ok((bytes,))
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_wasi(
    linker: &mut wasmtime_component_linker_t,
    wasi: &Wasi,
) -> Option<Box<wasmtime_error_t>> {
    let wasi = *wasi;
    reported(|| {
        let linker = linker_of(linker);
        wasmtime_wasi::p2::add_to_linker_async(linker)?;
        linker.allow_shadowing(true);
        let mut root = linker.root();
        // Wasmtime's own subscriptions wait on tokio's clock; these wait on C's.
        let mut clock = root.instance("wasi:clocks/monotonic-clock@0.2.12")?;
        clock.func_wrap("subscribe-instant", move |store: StoreContextMut<'_>, (instant,): (u64,)| {
            Ok((subscribe_to(store, wasi, |_| instant)?,))
        })?;
        clock.func_wrap("subscribe-duration", move |store: StoreContextMut<'_>, (duration,): (u64,)| {
            Ok((subscribe_to(store, wasi, |now| now.saturating_add(duration))?,))
        })?;
        for (interface, function) in [
            ("wasi:random/random@0.2.12", "get-random-bytes"),
            ("wasi:random/insecure@0.2.12", "get-insecure-random-bytes"),
        ] {
            root.instance(interface)?
                .func_wrap(function, move |store: StoreContextMut<'_>, (size,): (u64,)| {
                    random_bytes(store, wasi, size)
                })?;
        }
        wasi.network.add_to_linker(linker)?;
        linker.allow_shadowing(false);
        Ok(())
    })
}

/// `airs_ext_folder_t`
#[repr(C)]
pub struct Folder {
    path: Bytes,
    guest_path: Bytes,
    writable: bool,
}

/// `airs_ext_wasi_options_t`
#[repr(C)]
pub struct WasiOptions {
    env: *const [Bytes; 2],
    env_count: usize,
    args: *const Bytes,
    arg_count: usize,
    folders: *const Folder,
    folder_count: usize,
    max_handles: usize,
    standard_input: Bytes,
}

/// # Safety
/// As many must be there as are said to be.
unsafe fn elements<'a, T>(first: *const T, count: usize) -> &'a [T] {
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(first, count) } }
}

/// # Safety
/// What the options point to must be there, and what is text be UTF-8.
unsafe fn new_context(provided: Provided, options: &WasiOptions) -> wasmtime::Result<WasiCtx> {
    let gate = Gate::new(provided.wasi.network, provided.host);
    let keeper = gate.keeper();
    let mut builder = WasiCtx::builder();
    builder.monotonic_clock(Clock { provided, _gate: keeper }).wall_clock(provided);
    builder.secure_random(provided).insecure_random(provided);
    builder.stdout(Stream { provided, number: 1 }).stderr(Stream { provided, number: 2 });
    // What these would switch off is asked of C.
    builder.allow_tcp(true).allow_udp(true).allow_ip_name_lookup(true);
    builder.socket_addr_check(move |address, reason| {
        let may = gate.may_use(reason, address);
        Box::pin(std::future::ready(may))
    });
    unsafe {
        let input = options.standard_input.slice();
        if !input.is_empty() {
            builder.stdin(MemoryInputPipe::new(input.to_vec()));
        }
        for [name, value] in elements(options.env, options.env_count) {
            builder.env(name.text(), value.text());
        }
        for arg in elements(options.args, options.arg_count) {
            builder.arg(arg.text());
        }
        for folder in elements(options.folders, options.folder_count) {
            let permissions = if folder.writable { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
            builder.preopened_dir(folder.path.text(), folder.guest_path.text(), permissions)?;
        }
    }
    Ok(builder.build())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_store_set_wasi(
    store: *mut wasmtime_store_t,
    host: *mut c_void,
    wasi: &Wasi,
    options: &WasiOptions,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        use wasmtime::AsContextMut;
        // SAFETY: wasmtime_store_t is `repr(C)` with the store as its only member.
        let store = unsafe { &mut *store.cast::<Store>() };
        let provided = Provided { wasi: *wasi, host: Host(host) };
        // SAFETY: C hands in what it says.
        let context = unsafe { new_context(provided, options) }?;
        // The C API makes room for a context; what is in it is then replaced.
        let room = wasmtime_c_api::wasi_config_new();
        if let Some(error) = wasmtime_c_api::wasmtime_context_set_wasi(store.as_context_mut(), room) {
            return Err((*error).into());
        }
        let view = store.data_mut().ctx();
        *view.ctx = context;
        view.table.set_max_capacity(options.max_handles);
        Ok(())
    })
}
