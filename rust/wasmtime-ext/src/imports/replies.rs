//! `airssys:actor/replies`.

use std::ffi::c_void;

use wasmtime::component::{LinkerInstance, WasmStr};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::{UUID_TEXT, Unit, optional_text, text, untargeted_error, uuid};
use crate::abi::{Bytes, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::views::PayloadView;
use crate::{StoreContextMut, StoreData};

/// `airs_ext_replies_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Replies {
    defer_reply: unsafe extern "C" fn(*mut c_void, *mut u8, *mut Text) -> u8,
    reply: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, Bytes, *mut Text) -> u8,
    fail: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut Text) -> u8,
}

fn add_replies(interface: &mut LinkerInstance<'_, StoreData>, host: Replies) -> wasmtime::Result<()> {
    interface.func_wrap("defer-reply", move |store: StoreContextMut<'_>, (): ()| {
        let (mut reason, mut id) = (Text::new(), [0u8; UUID_TEXT]);
        // SAFETY: `id` has room for a UUID's text; here and below the views are good during the call.
        let case = unsafe { (host.defer_reply)(host_of(&store), id.as_mut_ptr(), &mut reason) };
        Ok((untargeted_error(case, &reason).map(|()| uuid(id)),))
    })?;
    type ReplyParams = (WasmStr, PayloadView, Option<WasmStr>);
    interface.func_wrap(
        "reply",
        move |store: StoreContextMut<'_>,
              (to, payload, content_type): ReplyParams|
              -> wasmtime::Result<Unit> {
            let to = text(&store, &to)?;
            let payload = Bytes::of(payload.bytes(&store));
            let content_type = optional_text(&store, &content_type)?;
            let (to, content_type) = (Bytes::of(to.as_bytes()), Bytes::of(content_type.as_bytes()));
            let mut reason = Text::new();
            let case = unsafe { (host.reply)(host_of(&store), to, payload, content_type, &mut reason) };
            Ok((untargeted_error(case, &reason),))
        },
    )?;
    interface.func_wrap(
        "fail",
        move |store: StoreContextMut<'_>, (to, why): (WasmStr, WasmStr)| -> wasmtime::Result<Unit> {
            let (to, why) = (text(&store, &to)?, text(&store, &why)?);
            let (to, why) = (Bytes::of(to.as_bytes()), Bytes::of(why.as_bytes()));
            let mut reason = Text::new();
            let case = unsafe { (host.fail)(host_of(&store), to, why, &mut reason) };
            Ok((untargeted_error(case, &reason),))
        },
    )
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_replies(
    linker: &mut wasmtime_component_linker_t,
    host: &Replies,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        add_replies(&mut root.instance("airssys:actor/replies@0.1.0")?, *host)
    })
}
