//! `airssys:actor/batch`.

use std::ffi::c_void;
use std::future::ready;

use wasmtime::component::{LinkerInstance, WasmList};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::messaging::{Call, Sent, Waited, wait};
use super::{Host, Messaged, PENDING, messaging_error, untargeted_error};
use crate::abi::{Bytes, Id, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::types::{ComponentIdOwned, MessagingError, Outgoing, RequestId, WasmError};
use crate::views::{ComponentIdView, PayloadView};
use crate::{StoreContextMut, StoreData};

/// `AIRS_EXT_TRAP`
const TRAP: u8 = 254;

/// `airs_ext_batch_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Batch {
    mark: unsafe extern "C" fn(*mut c_void, u32, bool, *mut Text) -> u8,
    fail: unsafe extern "C" fn(*mut c_void, u8, Bytes, *mut Text) -> bool,
    resolve: unsafe extern "C" fn(*mut c_void, *const Id, *mut u64, *mut Text) -> u8,
    identify: unsafe extern "C" fn(*mut c_void, u64, *mut Id, *mut Text) -> bool,
    send_to: unsafe extern "C" fn(*mut c_void, u64, Bytes, *mut Text) -> u8,
    send_now: unsafe extern "C" fn(*mut c_void, u64, Bytes) -> bool,
    request_to: unsafe extern "C" fn(*mut c_void, u64, Bytes, u64, *mut RequestId, *mut Text) -> u8,
    answer: unsafe extern "C" fn(*mut c_void, *const RequestId, Bytes, *mut Text) -> u8,
    waited: Waited,
    may_send_many: unsafe extern "C" fn(*mut c_void, usize, *mut Text) -> bool,
}

fn trap<T>(reason: &Text) -> wasmtime::Result<T> {
    Err(wasmtime::Error::msg(reason.to_text()))
}

fn add_marks(interface: &mut LinkerInstance<'_, StoreData>, host: Batch) -> wasmtime::Result<()> {
    let mark = move |store: &StoreContextMut<'_>, index: u32, gently: bool| {
        let mut reason = Text::new();
        // SAFETY: the host outlives the call, here and below.
        match unsafe { (host.mark)(host_of(store), index, gently, &mut reason) } {
            TRAP => trap(&reason),
            marked => Ok(marked != 0),
        }
    };
    interface.func_wrap("proceed", move |store: StoreContextMut<'_>, (index,): (u32,)| {
        mark(&store, index, true).map(|marked| (marked,))
    })?;
    interface.func_wrap("begin", move |store: StoreContextMut<'_>, (index,): (u32,)| {
        mark(&store, index, false).map(|_| ())
    })?;
    interface.func_wrap("fail", move |store: StoreContextMut<'_>, (error,): (WasmError,)| {
        let (case, text) = error.parts();
        let mut reason = Text::new();
        let done = unsafe { (host.fail)(host_of(&store), case, Bytes::of(text.as_bytes()), &mut reason) };
        if done { Ok(()) } else { trap(&reason) }
    })
}

fn owned(id: &Id) -> ComponentIdOwned {
    // SAFETY: C hands out ids as text, which live as long as the instance.
    let part = |bytes: Bytes| unsafe { bytes.text() }.to_owned();
    ComponentIdOwned { namespace: part(id.namespace), name: part(id.name), instance: part(id.instance) }
}

const NO_ID: Id = Id { namespace: Bytes::EMPTY, name: Bytes::EMPTY, instance: Bytes::EMPTY };

/// Whom a handle stands for, for an error that says so.
fn target_of(host: Batch, pointer: Host, handle: u64) -> ComponentIdOwned {
    let (mut reason, mut id) = (Text::new(), NO_ID);
    if unsafe { (host.identify)(pointer.pointer(), handle, &mut id, &mut reason) } {
        owned(&id)
    } else {
        ComponentIdOwned::default()
    }
}

fn add_handles(interface: &mut LinkerInstance<'_, StoreData>, host: Batch) -> wasmtime::Result<()> {
    interface.func_wrap(
        "resolve",
        move |store: StoreContextMut<'_>, (id,): (ComponentIdView,)| -> wasmtime::Result<(Messaged<u64>,)> {
            let (mut reason, mut handle) = (Text::new(), 0u64);
            let case = unsafe { (host.resolve)(host_of(&store), &id.view(&store), &mut handle, &mut reason) };
            Ok((messaging_error(case, &reason, || id.owned(&store)).map(|()| handle),))
        },
    )?;
    interface.func_wrap("identify", move |store: StoreContextMut<'_>, (handle,): (u64,)| {
        let (mut reason, mut id) = (Text::new(), NO_ID);
        let known = unsafe { (host.identify)(host_of(&store), handle, &mut id, &mut reason) };
        if known { Ok((owned(&id),)) } else { trap(&reason) }
    })
}

fn send_to(host: Batch, store: &StoreContextMut<'_>, target: u64, payload: &PayloadView) -> Call<()> {
    let bytes = Bytes::of(payload.bytes(store));
    let pointer = Host(host_of(store));
    let mut reason = Text::new();
    // SAFETY: the views are good during the call, here and below.
    match unsafe { (host.send_to)(pointer.pointer(), target, bytes, &mut reason) } {
        0 => Box::new(Sent),
        PENDING => {
            let id = target_of(host, pointer, target);
            Box::new(async move { Ok((wait(pointer, host.waited, id).await,)) })
        }
        case => {
            let answer = messaging_error(case, &reason, || target_of(host, pointer, target));
            Box::new(ready(Ok((answer,))))
        }
    }
}

fn request_to(
    host: Batch,
    store: &StoreContextMut<'_>,
    target: u64,
    payload: &PayloadView,
    timeout_ms: u64,
) -> Call<RequestId> {
    let bytes = Bytes::of(payload.bytes(store));
    let pointer = Host(host_of(store));
    let (mut reason, mut id) = (Text::new(), RequestId::default());
    let case =
        unsafe { (host.request_to)(pointer.pointer(), target, bytes, timeout_ms, &mut id, &mut reason) };
    if case == PENDING {
        let target = target_of(host, pointer, target);
        return Box::new(async move { Ok((wait(pointer, host.waited, target).await.map(|()| id),)) });
    }
    let answer = messaging_error(case, &reason, || target_of(host, pointer, target)).map(|()| id);
    Box::new(ready(Ok((answer,))))
}

fn add_sending(interface: &mut LinkerInstance<'_, StoreData>, host: Batch) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "send-to",
        move |store: StoreContextMut<'_>, (target, payload): (u64, PayloadView)| {
            send_to(host, &store, target, &payload)
        },
    )?;
    interface.func_wrap(
        "send-now",
        move |store: StoreContextMut<'_>, (target, payload): (u64, PayloadView)| {
            // SAFETY: the view is good during the call.
            let bytes = Bytes::of(payload.bytes(&store));
            Ok((unsafe { (host.send_now)(host_of(&store), target, bytes) },))
        },
    )?;
    interface.func_wrap_async(
        "request-to",
        move |store: StoreContextMut<'_>, (target, payload, timeout_ms): (u64, PayloadView, u64)| {
            request_to(host, &store, target, &payload, timeout_ms)
        },
    )
}

type Refused = Vec<(u32, MessagingError)>;

/// The first of the messages from `start` on that has to wait, if one has; what is refused before goes to `refused`.
fn send_until_pending(
    host: Batch,
    store: &mut StoreContextMut<'_>,
    messages: &WasmList<Outgoing>,
    start: usize,
    refused: &mut Refused,
) -> wasmtime::Result<Option<(usize, u64)>> {
    let pointer = Host(host_of(store));
    for index in start..messages.len() {
        let Some(message) = messages.get(&mut *store, index) else { break };
        let Outgoing { target, correlation, payload } = message?;
        let bytes = Bytes::of(payload.bytes(&*store));
        let mut reason = Text::new();
        let is_answer = correlation.high != 0 || correlation.low != 0;
        let case = if is_answer {
            unsafe { (host.answer)(pointer.pointer(), &correlation, bytes, &mut reason) }
        } else {
            unsafe { (host.send_to)(pointer.pointer(), target, bytes, &mut reason) }
        };
        match case {
            0 => {}
            PENDING => return Ok(Some((index, target))),
            _ => {
                let error = if is_answer {
                    untargeted_error(case, &reason)
                } else {
                    messaging_error(case, &reason, || target_of(host, pointer, target))
                };
                note(refused, index, error);
            }
        }
    }
    Ok(None)
}

fn note(refused: &mut Refused, index: usize, answer: Messaged<()>) {
    if let Err(error) = answer {
        refused.push((index as u32, error));
    }
}

type Many<'a> = Box<dyn Future<Output = wasmtime::Result<(Refused,)>> + Send + 'a>;

/// As a rule nothing has to wait, and all is done when this returns.
fn send_many(host: Batch, mut store: StoreContextMut<'_>, messages: WasmList<Outgoing>) -> Many<'_> {
    let mut refused = Vec::new();
    let mut reason = Text::new();
    if !unsafe { (host.may_send_many)(host_of(&store), messages.len(), &mut reason) } {
        return Box::new(ready(trap(&reason)));
    }
    match send_until_pending(host, &mut store, &messages, 0, &mut refused) {
        Ok(None) => Box::new(ready(Ok((refused,)))),
        Err(error) => Box::new(ready(Err(error))),
        Ok(first) => Box::new(async move {
            let pointer = Host(host_of(&store));
            let mut pending = first;
            while let Some((index, target)) = pending {
                let id = target_of(host, pointer, target);
                note(&mut refused, index, wait(pointer, host.waited, id).await);
                pending = send_until_pending(host, &mut store, &messages, index + 1, &mut refused)?;
            }
            Ok((refused,))
        }),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_batch(
    linker: &mut wasmtime_component_linker_t,
    host: &Batch,
) -> Option<Box<wasmtime_error_t>> {
    let host = *host;
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:actor/batch@0.1.0")?;
        add_marks(&mut interface, host)?;
        add_handles(&mut interface, host)?;
        add_sending(&mut interface, host)?;
        interface.func_wrap_async(
            "send-many",
            move |store: StoreContextMut<'_>, (messages,): (WasmList<Outgoing>,)| {
                send_many(host, store, messages)
            },
        )
    })
}
