//! `airssys:core/host-services.sleep-millis`, and how any call waits for a moment.

use std::ffi::c_void;
use std::future::poll_fn;
use std::task::Poll;

use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::Host;
use crate::StoreContextMut;
use crate::abi::{Text, host_of};
use crate::component::linker_of;
use crate::status::reported;

/// `airs_ext_waiting_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Waiting {
    sleep_deadline: unsafe extern "C" fn(*mut c_void, u64, *mut u64, *mut Text) -> bool,
    wait_until: unsafe extern "C" fn(*mut c_void, u64) -> bool,
}

/// Wait until C says that the moment has come; C wakes the call when it is time to ask again.
pub async fn wait_until(host: Host, deadline_ns: u64, ask: unsafe extern "C" fn(*mut c_void, u64) -> bool) {
    poll_fn(move |_| {
        // SAFETY: the host outlives the call that this future belongs to.
        if unsafe { ask(host.pointer(), deadline_ns) } { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_sleep(
    linker: &mut wasmtime_component_linker_t,
    host: &Waiting,
) -> Option<Box<wasmtime_error_t>> {
    let host = *host;
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:core/host-services@1.0.0")?;
        interface.func_wrap_async(
            "sleep-millis",
            move |store: StoreContextMut<'_>, (duration_ms,): (u64,)| {
                let pointer = Host(host_of(&store));
                let (mut deadline, mut reason) = (0, Text::new());
                // SAFETY: the host outlives the call.
                let allowed = unsafe {
                    (host.sleep_deadline)(pointer.pointer(), duration_ms, &mut deadline, &mut reason)
                };
                let refusal = (!allowed).then(|| wasmtime::Error::msg(reason.to_text()));
                Box::new(async move {
                    match refusal {
                        Some(error) => Err(error),
                        None => {
                            wait_until(pointer, deadline, host.wait_until).await;
                            Ok(())
                        }
                    }
                })
            },
        )
    })
}
