//! A component made ready to be instantiated: imports resolved once, exports found and checked once.

use crate::StoreData;
use crate::message::MessageArgument;
use crate::status::reported;
use crate::types::{ComponentConfig, ComponentError, ComponentMetadata, HealthStatus, Item, WasmError};
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{
    Component, ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Linker, Lower,
};
use wasmtime::{Enabled, Engine, Error, PoolingAllocationConfig};
use wasmtime_c_api::{
    wasm_config_t, wasm_engine_t, wasmtime_component_linker_t, wasmtime_component_t, wasmtime_error_t,
    wasmtime_pooling_allocation_config_t,
};

pub const LIFECYCLE: &str = "airssys:core/component-lifecycle@1.0.0";
/// Of a command; any version of this series.
const RUN_SERIES: &str = "wasi:cli/run@0.2.";
pub const MIGRATION: &str = "airssys:actor/migration@0.1.0";
pub const BATCH_HANDLER: &str = "airssys:actor/batch-handler@0.1.0";

pub type InitializeParams<'a> = (ComponentConfig<'a>,);
pub type InitializeResult = (Result<(), ComponentError>,);
pub type MessageParams<'a> = (MessageArgument<'a>,);
pub type MessageResult = (Result<Option<Vec<u8>>, WasmError>,);
pub type CallbackResult = (Result<(), WasmError>,);
pub type MetadataResult = (ComponentMetadata,);
pub type HealthResult = (HealthStatus,);
pub type ShutdownResult = (Result<(), ComponentError>,);
pub type ExportStateResult = (Result<Vec<u8>, ComponentError>,);
pub type ImportStateParams<'a> = (&'a str, &'a [u8]);
pub type RunResult = (Result<(), ()>,);
pub type ImportStateResult = (Result<(), ComponentError>,);
pub type BatchParams<'a> = (&'a [Item], &'a [u8]);

/// Where the six functions of `component-lifecycle` are in the component.
pub struct LifecycleExports {
    pub initialize: ComponentExportIndex,
    pub handle_message: ComponentExportIndex,
    pub handle_callback: ComponentExportIndex,
    pub metadata: ComponentExportIndex,
    pub health: ComponentExportIndex,
    pub shutdown: ComponentExportIndex,
}

/// Where the two functions of `migration` are, which a component may leave out.
pub struct MigrationExports {
    pub export_state: ComponentExportIndex,
    pub import_state: ComponentExportIndex,
}

/// What a component is there for.
pub enum Purpose {
    Actor(LifecycleExports),
    Command { run: ComponentExportIndex },
}

/// `airs_ext_component_t`
pub struct PreparedComponent {
    pub pre: InstancePre<StoreData>,
    pub purpose: Purpose,
    pub migration: Option<MigrationExports>,
    /// `handle-batch`, which a component may leave out.
    pub handle_batch: Option<ComponentExportIndex>,
    /// Polls of its calls need tokio's reactor.
    pub uses_wasi: bool,
}

// The C handles are `repr(transparent)` over Wasmtime's own types, which are private to its crate.
fn component_of(component: &wasmtime_component_t) -> &Component {
    // SAFETY: as said above.
    unsafe { &*std::ptr::from_ref(component).cast::<Component>() }
}

pub fn linker_of(linker: &mut wasmtime_component_linker_t) -> &mut Linker<StoreData> {
    // SAFETY: as said above.
    unsafe { &mut *std::ptr::from_mut(linker).cast::<Linker<StoreData>>() }
}

/// Why a component's exports do not fit: a missing one is told apart from a mistyped one.
enum Misfit {
    Missing(String),
    Mistyped(String),
}

struct ExportFinder<'a> {
    engine: &'a Engine,
    component: &'a Component,
}

/// An interface that the component exports.
struct Exported<'a> {
    component: &'a Component,
    name: &'static str,
    index: ComponentExportIndex,
}

impl Exported<'_> {
    fn function<P, R>(&self, name: &str) -> Result<ComponentExportIndex, Misfit>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let interface = self.name;
        let (item, index) = self
            .component
            .get_export(Some(&self.index), name)
            .ok_or_else(|| Misfit::Missing(format!("{interface} lacks the function `{name}`")))?;
        let ComponentItem::ComponentFunc(function) = item else {
            return Err(Misfit::Mistyped(format!("{interface}: `{name}` is not a function")));
        };
        self.check::<P, R>(name, &function)?;
        Ok(index)
    }

    fn check<P, R>(&self, name: &str, function: &ComponentFunc) -> Result<(), Misfit>
    where
        P: ComponentNamedList + Lower,
        R: ComponentNamedList + Lift,
    {
        let interface = self.name;
        let component_type = self.component.component_type();
        function
            .typecheck::<P, R>(&component_type.instance_type())
            .map_err(|error| Misfit::Mistyped(format!("{interface}: `{name}` has another type: {error:#}")))
    }
}

impl ExportFinder<'_> {
    fn interface(&self, name: &'static str) -> Option<Exported<'_>> {
        let (_, index) = self.component.get_export(None, name)?;
        Some(Exported { component: self.component, name, index })
    }

    /// Of a component that is a command and no actor.
    fn run(&self) -> Option<Result<ComponentExportIndex, Misfit>> {
        let component_type = self.component.component_type();
        let mut names = component_type.exports(self.engine).map(|(name, _)| name.to_owned());
        let name = names.find(|name| name.starts_with(RUN_SERIES))?;
        let (_, index) = self.component.get_export(None, &name)?;
        let exported = Exported { component: self.component, name: "wasi:cli/run", index };
        Some(exported.function::<(), RunResult>("run"))
    }

    fn purpose(&self) -> Result<Purpose, Misfit> {
        if let Some(exported) = self.interface(LIFECYCLE) {
            return Ok(Purpose::Actor(Self::lifecycle(&exported)?));
        }
        match self.run() {
            Some(run) => Ok(Purpose::Command { run: run? }),
            None => Err(Misfit::Missing(format!("the interface {LIFECYCLE} is not exported"))),
        }
    }

    fn lifecycle(exported: &Exported<'_>) -> Result<LifecycleExports, Misfit> {
        Ok(LifecycleExports {
            initialize: exported.function::<InitializeParams, InitializeResult>("initialize")?,
            handle_message: exported.function::<MessageParams, MessageResult>("handle-message")?,
            handle_callback: exported.function::<MessageParams, CallbackResult>("handle-callback")?,
            metadata: exported.function::<(), MetadataResult>("metadata")?,
            health: exported.function::<(), HealthResult>("health")?,
            shutdown: exported.function::<(), ShutdownResult>("shutdown")?,
        })
    }

    fn migration(&self) -> Result<Option<MigrationExports>, Misfit> {
        let Some(exported) = self.interface(MIGRATION) else {
            return Ok(None);
        };
        Ok(Some(MigrationExports {
            export_state: exported.function::<(), ExportStateResult>("export-state")?,
            import_state: exported.function::<ImportStateParams, ImportStateResult>("import-state")?,
        }))
    }

    fn handle_batch(&self) -> Result<Option<ComponentExportIndex>, Misfit> {
        let exported = self.interface(BATCH_HANDLER);
        exported.map(|exported| exported.function::<BatchParams, ()>("handle-batch")).transpose()
    }

    fn uses_wasi(&self) -> bool {
        let component_type = self.component.component_type();
        component_type.imports(self.engine).any(|(name, _)| name.starts_with("wasi:"))
    }
}

/// What `airs_ext_component_new` found wrong.
#[repr(C)]
pub enum Verdict {
    Fits = 0,
    ExportMissing = 1,
    ExportMistyped = 2,
    ImportMissing = 3,
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_new(
    engine: &wasm_engine_t,
    linker: &mut wasmtime_component_linker_t,
    component: &wasmtime_component_t,
    out: &mut *mut PreparedComponent,
    verdict: &mut Verdict,
) -> Option<Box<wasmtime_error_t>> {
    *verdict = Verdict::Fits;
    reported(|| {
        let engine = engine_of(engine);
        let component = component_of(component);
        let finder = ExportFinder { engine, component };
        let mut misfit = |misfit| match misfit {
            Misfit::Missing(text) => {
                *verdict = Verdict::ExportMissing;
                Error::msg(text)
            }
            Misfit::Mistyped(text) => {
                *verdict = Verdict::ExportMistyped;
                Error::msg(text)
            }
        };
        let purpose = finder.purpose().map_err(&mut misfit)?;
        let migration = finder.migration().map_err(&mut misfit)?;
        let handle_batch = finder.handle_batch().map_err(&mut misfit)?;
        *verdict = Verdict::ImportMissing;
        let pre = linker_of(linker).instantiate_pre(component)?;
        *verdict = Verdict::Fits;
        let uses_wasi = finder.uses_wasi();
        let prepared = PreparedComponent { pre, purpose, migration, handle_batch, uses_wasi };
        *out = Box::into_raw(Box::new(prepared));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_delete(_component: Option<Box<PreparedComponent>>) {}

/// Does it export `migration`?
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_migrates(component: &PreparedComponent) -> bool {
    component.migration.is_some()
}

/// Is it a command?
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_is_command(component: &PreparedComponent) -> bool {
    matches!(component.purpose, Purpose::Command { .. })
}

/// Does it export `batch-handler`?
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_batches(component: &PreparedComponent) -> bool {
    component.handle_batch.is_some()
}

fn engine_of(engine: &wasm_engine_t) -> &Engine {
    // SAFETY: wasm_engine_t is `repr(C)` with the engine as its only member.
    unsafe { &*std::ptr::from_ref(engine).cast::<Engine>() }
}

/// `airs_ext_resources_t`: what an instance of a component takes of the engine's pools.
#[repr(C)]
pub struct Resources {
    pub memories: u32,
    pub tables: u32,
    pub max_initial_memory_pages: u64,
    pub max_initial_table_elements: u64,
}

/// False when it cannot be told (the component imports core modules).
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_component_resources(
    component: &wasmtime_component_t,
    out: &mut Resources,
) -> bool {
    let Some(required) = component_of(component).resources_required() else {
        return false;
    };
    *out = Resources {
        memories: required.num_memories,
        tables: required.num_tables,
        max_initial_memory_pages: required.max_initial_memory_size.unwrap_or(0),
        max_initial_table_elements: required.max_initial_table_size.unwrap_or(0),
    };
    true
}

/// As `wasm_engine_new_with_config`, which would end the process where this answers with an error.
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_engine_new(
    config: Box<wasm_config_t>,
    out: &mut *mut wasm_engine_t,
) -> Option<Box<wasmtime_error_t>> {
    reported(|| {
        // SAFETY: wasm_config_t is `repr(C)` with the configuration as its only member.
        let settings = unsafe { &*std::ptr::from_ref(&*config).cast::<wasmtime::Config>() };
        let engine = Box::new(Engine::new(settings)?);
        *out = Box::into_raw(engine).cast::<wasm_engine_t>();
        Ok(())
    })
}

/// Reset only the pages that an instance wrote to, where the kernel can tell them (Linux 6.7).
#[unsafe(no_mangle)]
pub extern "C" fn airs_ext_pool_scan_pages(pool: &mut wasmtime_pooling_allocation_config_t) {
    // SAFETY: it is `repr(C)` with the configuration as its only member.
    let settings = unsafe { &mut *std::ptr::from_mut(pool).cast::<PoolingAllocationConfig>() };
    settings.pagemap_scan(Enabled::Auto);
}
