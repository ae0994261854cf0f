//! `airssys:actor/timers`.

use std::ffi::c_void;

use wasmtime::component::LinkerInstance;
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::untargeted_error;
use crate::abi::{Bytes, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::views::PayloadView;
use crate::{StoreContextMut, StoreData};

type Start = unsafe extern "C" fn(*mut c_void, u64, Bytes, *mut u64, *mut Text) -> u8;

/// `airs_ext_timers_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Timers {
    send_after: Start,
    send_every: Start,
    cancel_timer: unsafe extern "C" fn(*mut c_void, u64) -> bool,
}

fn add_start(
    interface: &mut LinkerInstance<'_, StoreData>,
    name: &str,
    function: Start,
) -> wasmtime::Result<()> {
    interface.func_wrap(name, move |store: StoreContextMut<'_>, (ms, payload): (u64, PayloadView)| {
        let payload = Bytes::of(payload.bytes(&store));
        let (mut reason, mut id) = (Text::new(), 0u64);
        // SAFETY: the views are good during the call.
        let case = unsafe { function(host_of(&store), ms, payload, &mut id, &mut reason) };
        Ok((untargeted_error(case, &reason).map(|()| id),))
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_timers(
    linker: &mut wasmtime_component_linker_t,
    host: &Timers,
) -> Option<Box<wasmtime_error_t>> {
    let cancel_timer = host.cancel_timer;
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:actor/timers@0.1.0")?;
        add_start(&mut interface, "send-after", host.send_after)?;
        add_start(&mut interface, "send-every", host.send_every)?;
        interface.func_wrap("cancel-timer", move |store: StoreContextMut<'_>, (id,): (u64,)| {
            // SAFETY: the host outlives the call.
            Ok((unsafe { cancel_timer(host_of(&store), id) },))
        })
    })
}
