//! WASI 0.2 with nothing granted but what C hands in: clocks, timers, random numbers and the
//! standard streams are C's; there are no folders, no sockets, and no environment but the given one.

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
use wasmtime::component::Resource;
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t, wasmtime_store_t};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiView};
use wasmtime_wasi_io::poll::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::streams::{OutputStream, StreamResult};

use crate::abi::{Bytes, host_of};
use crate::component::linker_of;
use crate::imports::{Host, wait_until};
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

impl HostMonotonicClock for Provided {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        // SAFETY: the host outlives its store.
        unsafe { (self.wasi.monotonic_ns)(self.host.pointer()) }
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
    let moment = Moment { deadline_ns: deadline_ns(HostMonotonicClock::now(&provided)), provided };
    let table = store.data_mut().ctx().table;
    let moment = table.push(moment)?;
    subscribe(table, moment)
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
        // Wasmtime's own subscriptions wait on tokio's clock; these wait on C's.
        linker.allow_shadowing(true);
        let mut root = linker.root();
        let mut clock = root.instance("wasi:clocks/monotonic-clock@0.2.12")?;
        clock.func_wrap("subscribe-instant", move |store: StoreContextMut<'_>, (instant,): (u64,)| {
            Ok((subscribe_to(store, wasi, |_| instant)?,))
        })?;
        clock.func_wrap("subscribe-duration", move |store: StoreContextMut<'_>, (duration,): (u64,)| {
            Ok((subscribe_to(store, wasi, |now| now.saturating_add(duration))?,))
        })?;
        linker.allow_shadowing(false);
        Ok(())
    })
}

fn new_context(provided: Provided, env: &[[Bytes; 2]], args: &[Bytes]) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    builder.monotonic_clock(provided).wall_clock(provided);
    builder.secure_random(provided).insecure_random(provided);
    builder.stdout(Stream { provided, number: 1 }).stderr(Stream { provided, number: 2 });
    builder.allow_tcp(false).allow_udp(false).allow_ip_name_lookup(false);
    for [name, value] in env {
        // SAFETY: C promises UTF-8.
        unsafe { builder.env(name.text(), value.text()) };
    }
    for arg in args {
        // SAFETY: as above.
        unsafe { builder.arg(arg.text()) };
    }
    builder.build()
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_store_set_wasi(
    store: *mut wasmtime_store_t,
    host: *mut c_void,
    wasi: &Wasi,
    env: *const [Bytes; 2],
    env_count: usize,
    args: *const Bytes,
    arg_count: usize,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        use wasmtime::AsContextMut;
        // SAFETY: wasmtime_store_t is `repr(C)` with the store as its only member.
        let store = unsafe { &mut *store.cast::<Store>() };
        // SAFETY: C hands in as many as it says.
        let env = if env_count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(env, env_count) } };
        let args = if arg_count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(args, arg_count) } };
        // The C API makes room for a context; what is in it is then replaced.
        let room = wasmtime_c_api::wasi_config_new();
        if let Some(error) = wasmtime_c_api::wasmtime_context_set_wasi(store.as_context_mut(), room) {
            return Err((*error).into());
        }
        let provided = Provided { wasi: *wasi, host: Host(host) };
        *store.data_mut().ctx().ctx = new_context(provided, env, args);
        Ok(())
    })
}
