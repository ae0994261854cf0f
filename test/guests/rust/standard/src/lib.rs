//! Another host's interfaces in Rust: each message has all of them used, and what came of it sent to REPORT_TO.

use std::cell::RefCell;
use std::fmt::Debug;

use airssys::core::errors::{ComponentError, WasmError};
use airssys::core::host_messaging;
use airssys::core::types::{ComponentConfig, ComponentId, ComponentMessage, HealthStatus};
use exports::airssys::core::component_lifecycle::{ComponentMetadata, Guest};
use wasi::config0_2_0_draft::store as config;
use wasi::keyvalue0_2_0_draft2::atomics::{self, Cas, CasError};
use wasi::keyvalue0_2_0_draft2::{batch, store as keyvalue};
use wasi::logging::logging;

wit_bindgen::generate!({
    path: [
        "../../../../wit/airssys-core",
        "../../../../wit/airssys-actor",
        "../../../../wit/wasi-keyvalue-0.2.0-draft",
        "../../../../wit/wasi-keyvalue-0.2.0-draft2",
        "../../../../wit/wasi-config-0.2.0-draft",
        "../../../../wit/wasi-config-0.2.0-rc.1",
        "../../../../wit/wasi-logging-0.1.0-draft",
        "../../standard/languages",
    ],
    world: "test:languages/rust",
    generate_all,
});

thread_local! {
    static REPORT_TO: RefCell<String> = RefCell::default();
}

fn failed(error: impl Debug) -> WasmError {
    WasmError::RuntimeError(format!("{error:?}"))
}

/// The case of the error that an import answers with.
fn refusal<T, E: Debug>(result: Result<T, E>) -> String {
    match result {
        Ok(_) => "nothing".into(),
        Err(error) => format!("{error:?}"),
    }
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or("None".into(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn configuration(lines: &mut Vec<String>) -> Result<(), config::Error> {
    lines.push(format!("greeting {}", config::get("greeting")?.unwrap_or_default()));
    lines.push(format!("nothing {:?}", config::get("nothing")?));
    let names: Vec<String> = config::get_all()?.into_iter().map(|(name, _)| name).collect();
    lines.push(format!("all {}", names.join(" ")));
    let hidden = match config::get("hidden") {
        Err(config::Error::Upstream(_)) => "upstream".into(),
        other => format!("{other:?}"),
    };
    lines.push(format!("hidden {hidden}"));
    Ok(())
}

fn buckets(lines: &mut Vec<String>) -> Result<(), keyvalue::Error> {
    let sessions = keyvalue::open("sessions")?;
    sessions.set("a", b"one")?;
    lines.push(format!("a {}", text(sessions.get("a")?)));
    lines.push(format!("b {}", sessions.exists("b")?));
    batch::set_many(&sessions, &[("b".into(), b"two".to_vec()), ("c".into(), b"three".to_vec())])?;
    let keys = ["b", "x", "c"].map(String::from);
    let found: Vec<String> = batch::get_many(&sessions, &keys)?
        .into_iter()
        .map(|pair| pair.map_or("-".into(), |(_, value)| text(Some(value))))
        .collect();
    lines.push(format!("many {}", found.join(" ")));
    lines.push(format!("keys {}", sessions.list_keys(None)?.keys.join(" ")));
    batch::delete_many(&sessions, &["b", "c"].map(String::from))?;
    sessions.delete("a")?;
    lines.push(format!("left {}", sessions.list_keys(None)?.keys.len()));
    atomics::increment(&sessions, "n", 5)?;
    lines.push(format!("n {}", atomics::increment(&sessions, "n", -2)?));
    sessions.delete("n")?;
    let own = keyvalue::open("default")?;
    lines.push(format!("own {}", refusal(own.get("a"))));
    lines.push(format!("no/bucket {}", refusal(keyvalue::open("no/bucket"))));
    Ok(())
}

fn swaps(lines: &mut Vec<String>) -> Result<(), CasError> {
    let sessions = keyvalue::open("sessions").map_err(CasError::StoreError)?;
    let fresh = Cas::new(&sessions, "s").map_err(CasError::StoreError)?;
    atomics::swap(fresh, b"first")?;
    let late = Cas::new(&sessions, "s").map_err(CasError::StoreError)?;
    sessions.set("s", b"another").map_err(CasError::StoreError)?;
    match atomics::swap(late, b"second") {
        Err(CasError::CasFailed(again)) => {
            let current = again.current().map_err(CasError::StoreError)?;
            lines.push(format!("swap {}", text(current)));
            atomics::swap(again, b"second")?;
        }
        other => lines.push(format!("swap {}", refusal(other))),
    }
    let last = sessions.get("s").map_err(CasError::StoreError)?;
    lines.push(format!("s {}", text(last)));
    sessions.delete("s").map_err(CasError::StoreError)
}

struct Standard;

impl Guest for Standard {
    fn initialize(config: ComponentConfig) -> Result<(), ComponentError> {
        let report_to = config.env_vars.into_iter().find(|(name, _)| name == "REPORT_TO");
        let (_, report_to) = report_to.ok_or(ComponentError::InitializationFailed("no REPORT_TO".into()))?;
        REPORT_TO.set(report_to);
        Ok(())
    }

    fn handle_message(msg: ComponentMessage) -> Result<Option<Vec<u8>>, WasmError> {
        if msg.payload.is_empty() {
            return Ok(None);
        }
        let mut lines = Vec::new();
        configuration(&mut lines).map_err(failed)?;
        buckets(&mut lines).map_err(failed)?;
        swaps(&mut lines).map_err(failed)?;
        logging::log(logging::Level::Warn, "standard", "all was used");
        logging::log(logging::Level::Critical, "", "that was all");
        let report_to = REPORT_TO.with_borrow(String::clone);
        let parts: Vec<&str> = report_to.split('/').collect();
        let &[namespace, name, instance] = parts.as_slice() else {
            return Err(failed("REPORT_TO is not an id"));
        };
        let to = ComponentId { namespace: namespace.into(), name: name.into(), instance: instance.into() };
        host_messaging::send(&to, lines.join("\n").as_bytes()).map_err(failed)?;
        Ok(None)
    }

    fn handle_callback(_: ComponentMessage) -> Result<(), WasmError> {
        Ok(())
    }

    fn metadata() -> ComponentMetadata {
        ComponentMetadata {
            name: "standard".into(),
            version: "1.0.0".into(),
            description: String::new(),
            author: String::new(),
            license: String::new(),
            supported_operations: Vec::new(),
            stateful: false,
        }
    }

    fn health() -> HealthStatus {
        HealthStatus::Healthy
    }

    fn shutdown() -> Result<(), ComponentError> {
        Ok(())
    }
}

export!(Standard);
