//! One instance in its store: its functions, the call in hand, and what the last call ended with.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use wasmtime::AsContextMut;
use wasmtime::component::{ComponentNamedList, Instance, Lift, Lower, TypedFunc};
use wasmtime_c_api::wasmtime_store_t;

use crate::abi::Bytes;
use crate::call::CallSlot;
use crate::component::{
    BATCH_HANDLER, BatchParams, CallbackResult, ExportStateResult, HealthResult, ImportStateParams,
    ImportStateResult, InitializeParams, InitializeResult, LifecycleExports, MIGRATION, MessageParams,
    MessageResult, MetadataResult, MigrationExports, PreparedComponent, Purpose, RunResult, ShutdownResult,
};
use crate::limiter::TotalLimiter;
use crate::message::{Message, MessageArgument};
use crate::status::{describe, exit_code, panic_text, trap_code};
use crate::types::{ComponentConfig, Item, ResourceLimits};
use crate::waker::{WakeCell, WakeFn, waker};
use crate::{Store, StoreContextMut};

/// How a call ended.
pub enum Ending {
    Instantiated(Instance),
    Done,
    Payload(Option<Vec<u8>>),
    Metadata { name: String, version: String },
    Health(u8),
    GuestError(u8, String),
    Failed(wasmtime::Error),
}

type MessageFunc = TypedFunc<MessageParams<'static>, MessageResult>;
type BatchFunc = TypedFunc<BatchParams<'static>, ()>;
type CallbackFunc = TypedFunc<MessageParams<'static>, CallbackResult>;

/// `airs_ext_instance_t`
pub struct ExtInstance {
    slot: CallSlot,
    component: *const PreparedComponent,
    store: *mut Store,
    instance: Option<Instance>,
    handle_message: Option<MessageFunc>,
    handle_callback: Option<CallbackFunc>,
    handle_batch: Option<BatchFunc>,
    limiter: Box<TotalLimiter>,
    wake: Arc<WakeCell>,
    waker: Waker,
    // What the last outcome's pointers point into.
    payload: Vec<u8>,
    text: String,
    version: String,
}

/// `airs_ext_outcome_t`
#[repr(C)]
pub struct Outcome {
    kind: u8,
    trap: u8,
    error_case: u8,
    health: u8,
    has_payload: bool,
    exit_code: i32,
    payload: Bytes,
    text: Bytes,
    version: Bytes,
}

const KIND_OK: u8 = 0;
const KIND_PENDING: u8 = 1;
const KIND_GUEST_ERROR: u8 = 2;
const KIND_FAILED: u8 = 3;

impl Outcome {
    fn of(kind: u8) -> Self {
        Outcome {
            kind,
            trap: u8::MAX,
            error_case: 0,
            health: 0,
            has_payload: false,
            exit_code: 0,
            payload: Bytes::EMPTY,
            text: Bytes::EMPTY,
            version: Bytes::EMPTY,
        }
    }
}

/// `airs_ext_config_t`
#[repr(C)]
pub struct Config {
    env: *const [Bytes; 2],
    env_count: usize,
    config: Bytes,
    has_config: bool,
    has_max_fuel: bool,
    max_memory_bytes: u64,
    max_execution_time_ms: u64,
    max_fuel: u64,
}

unsafe fn config_of(config: &Config) -> ComponentConfig<'static> {
    unsafe {
        let env: &[[Bytes; 2]] = if config.env_count == 0 {
            &[]
        } else {
            std::slice::from_raw_parts(config.env, config.env_count)
        };
        ComponentConfig {
            env_vars: env.iter().map(|[name, value]| (name.text(), value.text())).collect(),
            config_data: config.has_config.then(|| config.config.slice()),
            resource_limits: ResourceLimits {
                max_memory_bytes: config.max_memory_bytes,
                max_execution_time_ms: config.max_execution_time_ms,
                max_fuel: config.has_max_fuel.then_some(config.max_fuel),
            },
        }
    }
}

impl ExtInstance {
    /// The store, for a call's future. C keeps it alive longer than this instance, and lets nobody
    /// else use it during a poll.
    fn store(&self) -> StoreContextMut<'static> {
        // SAFETY: as said above.
        unsafe { (*self.store).as_context_mut() }
    }

    fn component(&self) -> &'static PreparedComponent {
        // SAFETY: C keeps the component longer than its instances.
        unsafe { &*self.component }
    }

    /// A function whose type was checked when the component was loaded.
    fn function<P, R>(
        &self,
        index: &wasmtime::component::ComponentExportIndex,
    ) -> wasmtime::Result<TypedFunc<P, R>>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let instance =
            self.instance.ok_or_else(|| wasmtime::Error::msg("the instance is not instantiated"))?;
        let function = instance
            .get_func(self.store(), index)
            .ok_or_else(|| wasmtime::Error::msg("an export is gone from the instance"))?;
        // SAFETY: `airs_ext_component_new` checked this export against P and R.
        Ok(unsafe { TypedFunc::new_unchecked(function) })
    }

    /// Start a call (or go on with one) and poll it once. Nothing that panics on the way leaves here: it ends
    /// the call with an error.
    fn run(&mut self, start: impl FnOnce(&mut Self) -> wasmtime::Result<()>, out: &mut Outcome) {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            start(self)?;
            Ok(self.poll())
        }));
        match polled {
            Ok(Ok(Poll::Pending)) => *out = Outcome::of(KIND_PENDING),
            Ok(Ok(Poll::Ready(ending))) => self.finish(ending, out),
            Ok(Err(error)) => self.finish(Ending::Failed(error), out),
            Err(panic) => {
                let error = wasmtime::Error::msg(panic_text(panic.as_ref()));
                self.finish(Ending::Failed(error), out);
            }
        }
    }

    fn poll(&mut self) -> Poll<Ending> {
        let _reactor = self.component().uses_wasi.then(|| crate::wasi::runtime().enter());
        let ExtInstance { slot, waker, .. } = self;
        slot.poll(&mut Context::from_waker(waker))
    }

    fn finish(&mut self, ending: Ending, out: &mut Outcome) {
        *out = Outcome::of(KIND_OK);
        match ending {
            Ending::Instantiated(instance) => self.instance = Some(instance),
            Ending::Done | Ending::Payload(None) => {}
            Ending::Payload(Some(payload)) => {
                self.payload = payload;
                out.has_payload = true;
                out.payload = Bytes::of(&self.payload);
            }
            Ending::Metadata { name, version } => {
                self.text = name;
                self.version = version;
                out.text = Bytes::of(self.text.as_bytes());
                out.version = Bytes::of(self.version.as_bytes());
            }
            Ending::Health(health) => out.health = health,
            Ending::GuestError(case, text) => {
                self.text = text;
                out.kind = KIND_GUEST_ERROR;
                out.error_case = case;
                out.text = Bytes::of(self.text.as_bytes());
            }
            Ending::Failed(error) => {
                self.text = describe(&error);
                out.kind = KIND_FAILED;
                out.trap = trap_code(&error);
                out.exit_code = exit_code(&error);
                out.text = Bytes::of(self.text.as_bytes());
            }
        }
    }

    fn start_instantiate(&mut self) -> wasmtime::Result<()> {
        let (component, store) = (self.component(), self.store());
        self.slot.put(async move {
            match component.pre.instantiate_async(store).await {
                Ok(instance) => Ending::Instantiated(instance),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_initialize(&mut self, config: ComponentConfig<'static>) -> wasmtime::Result<()> {
        let function =
            self.function::<InitializeParams<'static>, InitializeResult>(&self.lifecycle()?.initialize)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, (config,)).await {
                Ok((Ok(()),)) => Ending::Done,
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_message(&mut self, message: MessageArgument<'static>) -> wasmtime::Result<()> {
        let function = match self.handle_message {
            Some(function) => function,
            None => *self.handle_message.insert(self.function(&self.lifecycle()?.handle_message)?),
        };
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, (message,)).await {
                Ok((Ok(payload),)) => Ending::Payload(payload),
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_callback(&mut self, message: MessageArgument<'static>) -> wasmtime::Result<()> {
        let function = match self.handle_callback {
            Some(function) => function,
            None => *self.handle_callback.insert(self.function(&self.lifecycle()?.handle_callback)?),
        };
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, (message,)).await {
                Ok((Ok(()),)) => Ending::Done,
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn batch_function(&self) -> wasmtime::Result<BatchFunc> {
        let index =
            self.component().handle_batch.as_ref().ok_or_else(|| {
                wasmtime::Error::msg(format!("the component does not export {BATCH_HANDLER}"))
            })?;
        self.function(index)
    }

    fn start_batch(&mut self, items: &'static [Item], payloads: &'static [u8]) -> wasmtime::Result<()> {
        let function = match self.handle_batch {
            Some(function) => function,
            None => *self.handle_batch.insert(self.batch_function()?),
        };
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, (items, payloads)).await {
                Ok(()) => Ending::Done,
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_metadata(&mut self) -> wasmtime::Result<()> {
        let function = self.function::<(), MetadataResult>(&self.lifecycle()?.metadata)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, ()).await {
                Ok((metadata,)) => Ending::Metadata { name: metadata.name, version: metadata.version },
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_health(&mut self) -> wasmtime::Result<()> {
        let function = self.function::<(), HealthResult>(&self.lifecycle()?.health)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, ()).await {
                Ok((health,)) => Ending::Health(health as u8),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_shutdown(&mut self) -> wasmtime::Result<()> {
        let function = self.function::<(), ShutdownResult>(&self.lifecycle()?.shutdown)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, ()).await {
                Ok((Ok(()),)) => Ending::Done,
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_run(&mut self) -> wasmtime::Result<()> {
        let Purpose::Command { run } = &self.component().purpose else {
            return Err(wasmtime::Error::msg("the component is no command"));
        };
        let function = self.function::<(), RunResult>(run)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, ()).await {
                Ok((Ok(()),)) => Ending::Done,
                Ok((Err(()),)) => guest_error((0, String::new())),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn lifecycle(&self) -> wasmtime::Result<&'static LifecycleExports> {
        match &self.component().purpose {
            Purpose::Actor(exports) => Ok(exports),
            Purpose::Command { .. } => {
                Err(wasmtime::Error::msg("the component is a command, and no actor's functions are in it"))
            }
        }
    }

    fn migration(&self) -> wasmtime::Result<&'static MigrationExports> {
        let exports = self.component().migration.as_ref();
        exports.ok_or_else(|| wasmtime::Error::msg(format!("the component does not export {MIGRATION}")))
    }

    fn start_export_state(&mut self) -> wasmtime::Result<()> {
        let function = self.function::<(), ExportStateResult>(&self.migration()?.export_state)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, ()).await {
                Ok((Ok(state),)) => Ending::Payload(Some(state)),
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }

    fn start_import_state(
        &mut self,
        from_version: &'static str,
        state: &'static [u8],
    ) -> wasmtime::Result<()> {
        let function =
            self.function::<ImportStateParams<'static>, ImportStateResult>(&self.migration()?.import_state)?;
        let store = self.store();
        self.slot.put(async move {
            match function.call_async(store, (from_version, state)).await {
                Ok((Ok(()),)) => Ending::Done,
                Ok((Err(error),)) => guest_error(error.parts()),
                Err(error) => Ending::Failed(error),
            }
        });
        Ok(())
    }
}

fn guest_error((case, text): (u8, String)) -> Ending {
    Ending::GuestError(case, text)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_instance_new(
    component: *const PreparedComponent,
    store: *mut wasmtime_store_t,
    max_memory_bytes: u64,
    wake: WakeFn,
    wake_context: *mut c_void,
) -> Box<ExtInstance> {
    let wake = WakeCell::new(wake, wake_context);
    let mut instance = Box::new(ExtInstance {
        slot: CallSlot::new(),
        component,
        // wasmtime_store_t is `repr(C)` with the store as its only member.
        store: store.cast::<Store>(),
        instance: None,
        handle_message: None,
        handle_callback: None,
        handle_batch: None,
        limiter: Box::new(TotalLimiter::new(max_memory_bytes)),
        waker: waker(&wake),
        wake,
        payload: Vec::new(),
        text: String::new(),
        version: String::new(),
    });
    let limiter: *mut TotalLimiter = &raw mut *instance.limiter;
    let limiter = LimiterPointer(limiter);
    // SAFETY: C deletes the store before the instance, so the limiter outlives the closure.
    unsafe { (*instance.store).limiter(move |_| limiter.get()) };
    instance
}

struct LimiterPointer(*mut TotalLimiter);

impl LimiterPointer {
    /// The limiter for the closure that answers with it; not to be kept.
    fn get(&self) -> &'static mut TotalLimiter {
        // SAFETY: the limiter outlives the store, and only who uses the store asks for it.
        unsafe { &mut *self.0 }
    }
}

// SAFETY: the limiter is used by whoever uses the store, one at a time.
unsafe impl Send for LimiterPointer {}
unsafe impl Sync for LimiterPointer {}

/// Drop the call in hand, which frees its fiber; the store can be deleted after this.
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_instance_cancel(instance: &mut ExtInstance) {
    instance.wake.disarm();
    // A panic while a guest's frames are unwound is of no use to anybody any more.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _reactor = instance.component().uses_wasi.then(|| crate::wasi::runtime().enter());
        instance.slot.drop_call();
    }));
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_instance_delete(_instance: Box<ExtInstance>) {}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_instance_memory(instance: &ExtInstance, used: &mut u64, refused: &mut u64) {
    *used = instance.limiter.used;
    *refused = instance.limiter.refused;
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_instantiate(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_instantiate, out);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_initialize(instance: &mut ExtInstance, config: &Config, out: &mut Outcome) {
    let config = unsafe { config_of(config) };
    instance.run(|instance| instance.start_initialize(config), out);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_handle_message(
    instance: &mut ExtInstance,
    message: *const Message,
    out: &mut Outcome,
) {
    // SAFETY: it is there until the call has ended.
    let message = MessageArgument(unsafe { &*message });
    instance.run(|instance| instance.start_message(message), out);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_handle_callback(
    instance: &mut ExtInstance,
    message: *const Message,
    out: &mut Outcome,
) {
    // SAFETY: it is there until the call has ended.
    let message = MessageArgument(unsafe { &*message });
    instance.run(|instance| instance.start_callback(message), out);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_handle_batch(
    instance: &mut ExtInstance,
    items: *const Item,
    count: usize,
    payloads: Bytes,
    out: &mut Outcome,
) {
    let (items, payloads) = unsafe { (std::slice::from_raw_parts(items, count), payloads.slice()) };
    instance.run(|instance| instance.start_batch(items, payloads), out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_metadata(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_metadata, out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_health(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_health, out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_shutdown(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_shutdown, out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_run(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_run, out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_export_state(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(ExtInstance::start_export_state, out);
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn airs_ext_import_state(
    instance: &mut ExtInstance,
    from_version: Bytes,
    state: Bytes,
    out: &mut Outcome,
) {
    let (from_version, state) = unsafe { (from_version.text(), state.slice()) };
    instance.run(|instance| instance.start_import_state(from_version, state), out);
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_resume(instance: &mut ExtInstance, out: &mut Outcome) {
    instance.run(|_| Ok(()), out);
}
