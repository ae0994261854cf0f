//! `airssys:core/host-messaging`. A send or a request may wait: the mailbox is full and has its senders wait.

use std::ffi::c_void;
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use wasmtime::component::{LinkerInstance, WasmList, WasmStr};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use super::{Host, Messaged, PENDING, UUID_TEXT, Unit, messaging_error, text, untargeted_error, uuid};
use crate::abi::{Bytes, Id, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::types::ComponentIdOwned;
use crate::views::{ComponentIdView, PayloadView};
use crate::{StoreContextMut, StoreData};

pub type Waited = unsafe extern "C" fn(*mut c_void, *mut Text) -> u8;

/// `airs_ext_messaging_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Messaging {
    send: unsafe extern "C" fn(*mut c_void, *const Id, Bytes, *mut Text) -> u8,
    request: unsafe extern "C" fn(*mut c_void, *const Id, Bytes, u64, *mut u8, *mut Text) -> u8,
    cancel_request: unsafe extern "C" fn(*mut c_void, Bytes, *mut Text) -> u8,
    broadcast: unsafe extern "C" fn(*mut c_void, *const Id, usize, Bytes, *mut usize, *mut Text) -> u8,
    self_id: unsafe extern "C" fn(*mut c_void) -> Id,
    waited: Waited,
}

/// A call that may wait: its work is done before this is made, so nearly always it is ready at once.
pub type Call<T> = Box<dyn Future<Output = wasmtime::Result<(Messaged<T>,)>> + Send>;

/// A send that is done. It has no size, so boxing it takes no memory: sends are the most frequent import.
pub struct Sent;

impl Future for Sent {
    type Output = wasmtime::Result<Unit>;

    fn poll(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok((Ok(()),)))
    }
}

/// The call's fiber is left until C says how it ended; C wakes the call when it is time to ask.
pub async fn wait(host: Host, ask: Waited, mut target: ComponentIdOwned) -> Messaged<()> {
    poll_fn(|_| {
        let mut reason = Text::new();
        // SAFETY: the host outlives the call that this future belongs to.
        match unsafe { ask(host.pointer(), &mut reason) } {
            PENDING => Poll::Pending,
            case => Poll::Ready(messaging_error(case, &reason, || std::mem::take(&mut target))),
        }
    })
    .await
}

fn send(
    host: Messaging,
    store: &StoreContextMut<'_>,
    target: &ComponentIdView,
    payload: &PayloadView,
) -> wasmtime::Result<Call<()>> {
    let bytes = Bytes::of(payload.bytes(store));
    let pointer = Host(host_of(store));
    let mut reason = Text::new();
    // SAFETY: the views are good during the call.
    let case = unsafe { (host.send)(pointer.pointer(), &target.view(store), bytes, &mut reason) };
    Ok(match case {
        0 => Box::new(Sent),
        PENDING => {
            let target = target.owned(store);
            Box::new(async move { Ok((wait(pointer, host.waited, target).await,)) })
        }
        _ => Box::new(ready(Ok((messaging_error(case, &reason, || target.owned(store)),)))),
    })
}

fn request(
    host: Messaging,
    store: &StoreContextMut<'_>,
    target: &ComponentIdView,
    payload: &PayloadView,
    timeout_ms: u64,
) -> wasmtime::Result<Call<String>> {
    let bytes = Bytes::of(payload.bytes(store));
    let pointer = Host(host_of(store));
    let (mut reason, mut id) = (Text::new(), [0u8; UUID_TEXT]);
    // SAFETY: the views are good during the call, and `id` has room for a UUID's text.
    let case = unsafe {
        (host.request)(
            pointer.pointer(),
            &target.view(store),
            bytes,
            timeout_ms,
            id.as_mut_ptr(),
            &mut reason,
        )
    };
    Ok(match case {
        PENDING => {
            let target = target.owned(store);
            Box::new(async move { Ok((wait(pointer, host.waited, target).await.map(|()| uuid(id)),)) })
        }
        _ => {
            let answer = messaging_error(case, &reason, || target.owned(store)).map(|()| uuid(id));
            Box::new(ready(Ok((answer,))))
        }
    })
}

/// What could not even be asked traps.
fn call_or_trap<T: Send + 'static>(call: wasmtime::Result<Call<T>>) -> Call<T> {
    call.unwrap_or_else(|error| Box::new(ready(Err(error))))
}

fn add_waiting(interface: &mut LinkerInstance<'_, StoreData>, host: Messaging) -> wasmtime::Result<()> {
    interface.func_wrap_async(
        "send",
        move |store: StoreContextMut<'_>, (target, payload): (ComponentIdView, PayloadView)| {
            call_or_trap(send(host, &store, &target, &payload))
        },
    )?;
    type RequestParams = (ComponentIdView, PayloadView, u64);
    interface.func_wrap_async(
        "request",
        move |store: StoreContextMut<'_>, (target, payload, timeout_ms): RequestParams| {
            call_or_trap(request(host, &store, &target, &payload, timeout_ms))
        },
    )
}

fn add_cancel_request(
    interface: &mut LinkerInstance<'_, StoreData>,
    host: Messaging,
) -> wasmtime::Result<()> {
    interface.func_wrap(
        "cancel-request",
        move |store: StoreContextMut<'_>, (id,): (WasmStr,)| -> wasmtime::Result<Unit> {
            let id = text(&store, &id)?;
            let mut reason = Text::new();
            // SAFETY: the view is good during the call.
            let case =
                unsafe { (host.cancel_request)(host_of(&store), Bytes::of(id.as_bytes()), &mut reason) };
            Ok((untargeted_error(case, &reason),))
        },
    )
}

fn add_broadcast(interface: &mut LinkerInstance<'_, StoreData>, host: Messaging) -> wasmtime::Result<()> {
    interface.func_wrap(
        "broadcast",
        move |mut store: StoreContextMut<'_>,
              (targets, payload): (WasmList<ComponentIdView>, PayloadView)|
              -> wasmtime::Result<Unit> {
            let targets = targets.iter(&mut store)?.collect::<wasmtime::Result<Vec<_>>>()?;
            let views: Vec<Id> = targets.iter().map(|target| target.view(&store)).collect();
            let bytes = Bytes::of(payload.bytes(&store));
            let (mut reason, mut first) = (Text::new(), 0usize);
            // SAFETY: the views are good during the call.
            let case = unsafe {
                (host.broadcast)(host_of(&store), views.as_ptr(), views.len(), bytes, &mut first, &mut reason)
            };
            let owned = |target: &ComponentIdView| target.owned(&store);
            let failed = || targets.get(first).map_or_else(ComponentIdOwned::default, owned);
            Ok((messaging_error(case, &reason, failed),))
        },
    )
}

fn add_self_id(interface: &mut LinkerInstance<'_, StoreData>, host: Messaging) -> wasmtime::Result<()> {
    interface.func_wrap("self-id", move |store: StoreContextMut<'_>, (): ()| {
        // SAFETY: the id lives as long as the instance.
        let id = unsafe { (host.self_id)(host_of(&store)) };
        let part = |bytes: Bytes| unsafe { bytes.text() }.to_owned();
        Ok((ComponentIdOwned {
            namespace: part(id.namespace),
            name: part(id.name),
            instance: part(id.instance),
        },))
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_messaging(
    linker: &mut wasmtime_component_linker_t,
    host: &Messaging,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:core/host-messaging@1.0.0")?;
        add_waiting(&mut interface, *host)?;
        add_cancel_request(&mut interface, *host)?;
        add_broadcast(&mut interface, *host)?;
        add_self_id(&mut interface, *host)
    })
}
