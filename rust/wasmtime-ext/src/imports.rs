//! Imports that carry payload bytes, as typed functions: C sees guest memory through borrowed views
//! and copies once. Each answers with the number of an error's case in `wit/` plus one, 0 for ok.

use std::ffi::c_void;
use std::future::poll_fn;
use std::task::Poll;

use wasmtime::component::{LinkerInstance, WasmList, WasmStr};
use wasmtime_c_api::{wasmtime_component_linker_t, wasmtime_error_t};

use crate::abi::{Bytes, Id, Text, host_of};
use crate::component::linker_of;
use crate::status::reported;
use crate::types::{
    ComponentIdOwned, ComponentIdView, MessagingError, PayloadView, StorageError, StorageUsage,
};
use crate::{StoreContextMut, StoreData};

const UUID_TEXT: usize = 36;

/// `airs_ext_messaging_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Messaging {
    send: unsafe extern "C" fn(*mut c_void, *const Id, Bytes, *mut Text) -> u8,
    request: unsafe extern "C" fn(*mut c_void, *const Id, Bytes, u64, *mut u8, *mut Text) -> u8,
    cancel_request: unsafe extern "C" fn(*mut c_void, Bytes, *mut Text) -> u8,
    broadcast: unsafe extern "C" fn(*mut c_void, *const Id, usize, Bytes, *mut usize, *mut Text) -> u8,
    self_id: unsafe extern "C" fn(*mut c_void) -> Id,
}

/// `airs_ext_storage_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Storage {
    get: unsafe extern "C" fn(*mut c_void, Bytes, *mut Vec<Vec<u8>>, *mut Text) -> u8,
    set: unsafe extern "C" fn(*mut c_void, Bytes, Bytes, *mut Text) -> u8,
    remove: unsafe extern "C" fn(*mut c_void, Bytes, *mut Text) -> u8,
    exists: unsafe extern "C" fn(*mut c_void, Bytes, *mut bool, *mut Text) -> u8,
    list_keys: unsafe extern "C" fn(*mut c_void, Bytes, *mut Vec<Vec<u8>>, *mut Text) -> u8,
    usage: unsafe extern "C" fn(*mut c_void, *mut [u64; 3], *mut Text) -> u8,
}

/// `airs_ext_waiting_t`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Waiting {
    sleep_deadline: unsafe extern "C" fn(*mut c_void, u64, *mut u64, *mut Text) -> bool,
    wait_until: unsafe extern "C" fn(*mut c_void, u64) -> bool,
}

/// What C puts the values of a get or the keys of a list into.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_collect(into: &mut Vec<Vec<u8>>, bytes: Bytes) {
    into.push(unsafe { bytes.slice() }.to_vec());
}

/// A string argument as UTF-8, borrowed from guest memory unless the guest uses another encoding.
fn text<'a>(
    store: &'a StoreContextMut<'_>,
    view: &'a WasmStr,
) -> wasmtime::Result<std::borrow::Cow<'a, str>> {
    view.to_str(store)
}

struct BorrowedId<'a> {
    parts: [std::borrow::Cow<'a, str>; 3],
}

impl<'a> BorrowedId<'a> {
    fn of(store: &'a StoreContextMut<'_>, view: &'a ComponentIdView) -> wasmtime::Result<Self> {
        let parts = [text(store, &view.namespace)?, text(store, &view.name)?, text(store, &view.instance)?];
        Ok(BorrowedId { parts })
    }

    fn view(&self) -> Id {
        let [namespace, name, instance] = &self.parts;
        Id {
            namespace: Bytes::of(namespace.as_bytes()),
            name: Bytes::of(name.as_bytes()),
            instance: Bytes::of(instance.as_bytes()),
        }
    }

    fn owned(&self) -> ComponentIdOwned {
        let [namespace, name, instance] = &self.parts;
        ComponentIdOwned {
            namespace: namespace.clone().into_owned(),
            name: name.clone().into_owned(),
            instance: instance.clone().into_owned(),
        }
    }
}

fn messaging_error(
    case: u8,
    reason: &Text,
    target: impl FnOnce() -> ComponentIdOwned,
) -> Result<(), MessagingError> {
    match case {
        0 => Ok(()),
        1 => Err(MessagingError::DeliveryFailed(reason.to_text())),
        2 => Err(MessagingError::CorrelationTimeout(reason.to_text())),
        3 => Err(MessagingError::InvalidMessage(reason.to_text())),
        4 => Err(MessagingError::QueueFull),
        _ => Err(MessagingError::TargetNotFound(target())),
    }
}

fn nobody() -> ComponentIdOwned {
    ComponentIdOwned { namespace: String::new(), name: String::new(), instance: String::new() }
}

fn storage_error(case: u8, reason: &Text) -> Result<(), StorageError> {
    match case {
        0 => Ok(()),
        1 => Err(StorageError::NotFound(reason.to_text())),
        2 => Err(StorageError::AlreadyExists(reason.to_text())),
        3 => Err(StorageError::QuotaExceeded),
        4 => Err(StorageError::InvalidKey(reason.to_text())),
        _ => Err(StorageError::IoError(reason.to_text())),
    }
}

type Unit = (Result<(), MessagingError>,);

fn add_send(interface: &mut LinkerInstance<'_, StoreData>, host: Messaging) -> wasmtime::Result<()> {
    interface.func_wrap(
        "send",
        move |store: StoreContextMut<'_>,
              (target, payload): (ComponentIdView, PayloadView)|
              -> wasmtime::Result<Unit> {
            let target = BorrowedId::of(&store, &target)?;
            let bytes = Bytes::of(payload.as_le_slice(&store));
            let mut reason = Text::new();
            // SAFETY: the views are good during the call.
            let case = unsafe { (host.send)(host_of(&store), &target.view(), bytes, &mut reason) };
            Ok((messaging_error(case, &reason, || target.owned()),))
        },
    )
}

fn add_request(interface: &mut LinkerInstance<'_, StoreData>, host: Messaging) -> wasmtime::Result<()> {
    type Params = (ComponentIdView, PayloadView, u64);
    interface.func_wrap(
        "request",
        move |store: StoreContextMut<'_>, (target, payload, timeout_ms): Params| {
            let target = BorrowedId::of(&store, &target)?;
            let bytes = Bytes::of(payload.as_le_slice(&store));
            let (mut reason, mut id) = (Text::new(), [0u8; UUID_TEXT]);
            // SAFETY: the views are good during the call, and `id` has room for a UUID's text.
            let case = unsafe {
                (host.request)(
                    host_of(&store),
                    &target.view(),
                    bytes,
                    timeout_ms,
                    id.as_mut_ptr(),
                    &mut reason,
                )
            };
            let id = String::from_utf8_lossy(&id).into_owned();
            Ok((messaging_error(case, &reason, || target.owned()).map(|()| id),))
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
            Ok((messaging_error(case, &reason, nobody),))
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
            let targets = targets
                .iter()
                .map(|target| BorrowedId::of(&store, target))
                .collect::<wasmtime::Result<Vec<_>>>()?;
            let views: Vec<Id> = targets.iter().map(BorrowedId::view).collect();
            let bytes = Bytes::of(payload.as_le_slice(&store));
            let (mut reason, mut first) = (Text::new(), 0usize);
            // SAFETY: the views are good during the call.
            let case = unsafe {
                (host.broadcast)(host_of(&store), views.as_ptr(), views.len(), bytes, &mut first, &mut reason)
            };
            let failed = || targets.get(first).map_or_else(nobody, BorrowedId::owned);
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

fn add_storage(interface: &mut LinkerInstance<'_, StoreData>, host: Storage) -> wasmtime::Result<()> {
    interface.func_wrap("get", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        let key = text(&store, &key)?;
        let (mut reason, mut found) = (Text::new(), Vec::new());
        // SAFETY: the views are good during the call, here and in the functions below.
        let case = unsafe { (host.get)(host_of(&store), Bytes::of(key.as_bytes()), &mut found, &mut reason) };
        Ok((storage_error(case, &reason).map(|()| found.pop()),))
    })?;
    interface.func_wrap("set", move |store: StoreContextMut<'_>, (key, value): (WasmStr, PayloadView)| {
        let key = text(&store, &key)?;
        let value = Bytes::of(value.as_le_slice(&store));
        let mut reason = Text::new();
        let case = unsafe { (host.set)(host_of(&store), Bytes::of(key.as_bytes()), value, &mut reason) };
        Ok((storage_error(case, &reason),))
    })?;
    interface.func_wrap("delete", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        let key = text(&store, &key)?;
        let mut reason = Text::new();
        let case = unsafe { (host.remove)(host_of(&store), Bytes::of(key.as_bytes()), &mut reason) };
        Ok((storage_error(case, &reason),))
    })?;
    interface.func_wrap("exists", move |store: StoreContextMut<'_>, (key,): (WasmStr,)| {
        let key = text(&store, &key)?;
        let (mut reason, mut exists) = (Text::new(), false);
        let case =
            unsafe { (host.exists)(host_of(&store), Bytes::of(key.as_bytes()), &mut exists, &mut reason) };
        Ok((storage_error(case, &reason).map(|()| exists),))
    })?;
    interface.func_wrap("list-keys", move |store: StoreContextMut<'_>, (prefix,): (Option<WasmStr>,)| {
        let prefix = match &prefix {
            Some(prefix) => text(&store, prefix)?,
            None => "".into(),
        };
        let (mut reason, mut keys) = (Text::new(), Vec::new());
        let case = unsafe {
            (host.list_keys)(host_of(&store), Bytes::of(prefix.as_bytes()), &mut keys, &mut reason)
        };
        let keys =
            || keys.into_iter().map(|key| String::from_utf8_lossy(&key).into_owned()).collect::<Vec<_>>();
        Ok((storage_error(case, &reason).map(|()| keys()),))
    })?;
    interface.func_wrap("usage", move |store: StoreContextMut<'_>, (): ()| {
        let (mut reason, mut usage) = (Text::new(), [0u64; 3]);
        let case = unsafe { (host.usage)(host_of(&store), &mut usage, &mut reason) };
        let [used_bytes, quota_bytes, key_count] = usage;
        Ok((storage_error(case, &reason).map(|()| StorageUsage { used_bytes, quota_bytes, key_count }),))
    })
}

/// The host pointer, in a future that moves between workers with its call.
#[derive(Clone, Copy)]
pub struct Host(pub *mut c_void);

// SAFETY: the pointer is C's, which polls one call on one thread at a time.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    /// A method, so that closures capture the whole and not the bare pointer, which is not `Send`.
    pub fn pointer(self) -> *mut c_void {
        self.0
    }
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
pub extern "C" fn airs_ext_linker_add_messaging(
    linker: &mut wasmtime_component_linker_t,
    host: &Messaging,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        let mut interface = root.instance("airssys:core/host-messaging@1.0.0")?;
        add_send(&mut interface, *host)?;
        add_request(&mut interface, *host)?;
        add_cancel_request(&mut interface, *host)?;
        add_broadcast(&mut interface, *host)?;
        add_self_id(&mut interface, *host)
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_linker_add_storage(
    linker: &mut wasmtime_component_linker_t,
    host: &Storage,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        let mut root = linker_of(linker).root();
        add_storage(&mut root.instance("airssys:core/storage@1.0.0")?, *host)
    })
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
