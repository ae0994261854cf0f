//! `airssys:actor/topics`.

use std::ffi::c_void;

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::{Unit, optional_text, text, untargeted_error};
use crate::abi::{Bytes, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::views::PayloadView;
use crate::{StoreContextMut, StoreData};

type ByPattern = unsafe extern "C" fn(*mut c_void, Bytes, *mut Text) -> u8;

/// `airs_ext_topics_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Topics {
    subscribe: ByPattern,
    unsubscribe: ByPattern,
    publish: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, Bytes, *mut u32, *mut Text) -> u8,
}

fn add_by_pattern(
    interface: &mut LinkerInstance<'_, StoreData>,
    name: &str,
    function: ByPattern,
) -> wasmtime::Result<()> {
    interface.func_wrap(
        name,
        move |store: StoreContextMut<'_>, (pattern,): (WasmStr,)| -> wasmtime::Result<Unit> {
            let pattern = text(&store, &pattern)?;
            let mut reason = Text::new();
            // SAFETY: the views are good during the call, here and below.
            let case = unsafe { function(host_of(&store), Bytes::of(pattern.as_bytes()), &mut reason) };
            Ok((untargeted_error(case, &reason),))
        },
    )
}

fn add_publish(interface: &mut LinkerInstance<'_, StoreData>, host: Topics) -> wasmtime::Result<()> {
    type Params = (WasmStr, PayloadView, Option<WasmStr>);
    interface.func_wrap(
        "publish",
        move |store: StoreContextMut<'_>, (topic, payload, content_type): Params| {
            let topic = text(&store, &topic)?;
            let payload = Bytes::of(payload.bytes(&store));
            let content_type = optional_text(&store, &content_type)?;
            let (topic, content_type) = (Bytes::of(topic.as_bytes()), Bytes::of(content_type.as_bytes()));
            let (mut reason, mut reached) = (Text::new(), 0u32);
            let case = unsafe {
                (host.publish)(host_of(&store), topic, payload, content_type, &mut reached, &mut reason)
            };
            Ok((untargeted_error(case, &reason).map(|()| reached),))
        },
    )
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_topics(
    linker: &mut wasmtime_component_linker_t,
    host: &Topics,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:actor/topics@0.1.0")?;
        add_by_pattern(&mut interface, "subscribe", host.subscribe)?;
        add_by_pattern(&mut interface, "unsubscribe", host.unsubscribe)?;
        add_publish(&mut interface, *host)
    })
}
