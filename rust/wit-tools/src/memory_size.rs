//! A core module that shares its memory with the adapter of WASI, and does not know of it.
//!
//! The adapter needs memory of its own. Where the module exports no `cabi_realloc` to ask for it, it grows the module's
//! memory before anything else runs. An allocator that takes everything from the end of the module's data to
//! `memory.size` when it is first used, as that of wasi-libc until the end of 2022 does (which is Debian 12's), then
//! gives away what the adapter has: a program that has more than a page or two on its heap overwrites it.
//!
//! So such a module is told the size as far as it has grown the memory itself. That is always less or the same, and
//! right again as soon as it has grown it, for what is grown is behind what the adapter has.

use anyhow::{Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, Function, FunctionSection, GlobalSection, GlobalType, Instruction,
    Module, TypeSection, ValType,
};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, ExternalKind, FunctionSectionReader, GlobalSectionReader,
    Operator, Parser, Payload, TypeRef, TypeSectionReader,
};

const ADAPTED: &str = "wasi_snapshot_preview1";
const REALLOC: &str = "cabi_realloc";

/// What there is of each kind, imports included; what is added comes behind it.
#[derive(Default)]
struct Shape {
    adapted: bool,
    allocates: bool,
    asks: bool,
    has_globals: bool,
    types: u32,
    functions: u32,
    globals: u32,
    /// Of the memory, when it is the module's own, the only one, and has addresses of 32 bits.
    pages: Option<u32>,
}

impl Shape {
    fn of(module: &[u8]) -> Result<Self> {
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section {
                        shape.types += u32::try_from(group?.types().len())?;
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        shape.adapted |= import.module == ADAPTED;
                        match import.ty {
                            TypeRef::Func(_) | TypeRef::FuncExact(_) => shape.functions += 1,
                            TypeRef::Global(_) => shape.globals += 1,
                            _ => {}
                        }
                    }
                }
                Payload::FunctionSection(section) => shape.functions += section.count(),
                Payload::GlobalSection(section) => {
                    shape.has_globals = true;
                    shape.globals += section.count();
                }
                Payload::MemorySection(section) if section.count() == 1 => {
                    let memory = section.into_iter().next().expect("there is one")?;
                    let plain = !memory.memory64 && memory.page_size_log2.is_none();
                    shape.pages = u32::try_from(memory.initial).ok().filter(|_| plain);
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export?;
                        shape.allocates |= export.kind == ExternalKind::Func && export.name == REALLOC;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let mut operators = body.get_operators_reader()?;
                    while !shape.asks && !operators.eof() {
                        shape.asks = matches!(operators.read()?, Operator::MemorySize { .. });
                    }
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

/// Knows what the module is told, and the function by which it grows the memory.
struct Rewriting {
    pages: u32,
    grow_type: u32,
    grow: u32,
    told: u32,
}

impl Rewriting {
    /// As `memory.grow`, and notes the new size.
    fn grow(&self) -> Function {
        let mut function = Function::new([]);
        function
            .instructions()
            .local_get(0)
            .memory_grow(0)
            .local_tee(0)
            .i32_const(-1)
            .i32_ne()
            .if_(BlockType::Empty)
            .memory_size(0)
            .global_set(self.told)
            .end()
            .local_get(0)
            .end();
        function
    }
}

type Encoded = std::result::Result<(), Error<std::convert::Infallible>>;

impl Reencode for Rewriting {
    type Error = std::convert::Infallible;

    fn parse_type_section(&mut self, types: &mut TypeSection, section: TypeSectionReader<'_>) -> Encoded {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], [ValType::I32]);
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Encoded {
        utils::parse_function_section(self, functions, section)?;
        functions.function(self.grow_type);
        Ok(())
    }

    fn parse_global_section(
        &mut self,
        globals: &mut GlobalSection,
        section: GlobalSectionReader<'_>,
    ) -> Encoded {
        utils::parse_global_section(self, globals, section)?;
        let told = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
        globals.global(told, &ConstExpr::i32_const(self.pages.cast_signed()));
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Encoded {
        utils::parse_code_section(self, code, section)?;
        code.function(&self.grow());
        Ok(())
    }

    fn instruction<'a>(
        &mut self,
        operator: Operator<'a>,
    ) -> std::result::Result<Instruction<'a>, Error<Self::Error>> {
        match operator {
            Operator::MemorySize { mem: 0 } => Ok(Instruction::GlobalGet(self.told)),
            Operator::MemoryGrow { mem: 0 } => Ok(Instruction::Call(self.grow)),
            other => utils::instruction(self, other),
        }
    }

    /// What tells a debugger the places of the code would tell wrong ones.
    fn parse_custom_section(&mut self, module: &mut Module, section: CustomSectionReader<'_>) -> Encoded {
        if section.name().starts_with(".debug_") {
            return Ok(());
        }
        utils::parse_custom_section(self, module, section)
    }
}

/// The module as it is to be adapted, or `None` when it is well as it is.
pub fn hide_growth_by_others(module: &[u8]) -> Result<Option<Vec<u8>>> {
    let shape = Shape::of(module)?;
    // One without globals has no stack in memory, and is no compiler's.
    let Some(pages) =
        shape.pages.filter(|_| shape.adapted && shape.asks && !shape.allocates && shape.has_globals)
    else {
        return Ok(None);
    };
    let mut rewriting =
        Rewriting { pages, grow_type: shape.types, grow: shape.functions, told: shape.globals };
    let mut encoded = Module::new();
    rewriting
        .parse_core_module(&mut encoded, Parser::new(0), module)
        .map_err(|error| anyhow!("the module cannot be adapted: {error}"))?;
    Ok(Some(encoded.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Imports the function 0; its own are 1 and what is added.
    fn module(import: &str, export: &str) -> Vec<u8> {
        let text = format!(
            r#"(module
                (import "{import}" "fd_close" (func (param i32) (result i32)))
                (memory (export "memory") 2)
                (global (mut i32) (i32.const 66560))
                (func (export "{export}") (result i32)
                    (drop (memory.grow (i32.const 1)))
                    memory.size)
                (@custom ".debug_line" "places")
                (@custom "kept" "text"))"#
        );
        wat::parse_str(text).unwrap()
    }

    fn operators(module: &[u8]) -> Vec<String> {
        let mut all = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CodeSectionEntry(body) = payload.unwrap() {
                let mut reader = body.get_operators_reader().unwrap();
                while !reader.eof() {
                    all.push(format!("{:?}", reader.read().unwrap()));
                }
            }
        }
        all
    }

    #[test]
    fn a_module_is_told_what_it_has_grown_itself() {
        let told = hide_growth_by_others(&module(ADAPTED, "_start")).unwrap().unwrap();
        wasmparser::validate(&told).unwrap();
        let operators = operators(&told);
        assert_eq!(operators[1], "Call { function_index: 2 }");
        assert_eq!(operators[3], "GlobalGet { global_index: 1 }");
        assert_eq!(operators.iter().filter(|name| name.starts_with("MemoryGrow")).count(), 1);
        assert_eq!(operators.iter().filter(|name| name.starts_with("MemorySize")).count(), 1);
        let custom: Vec<_> = Parser::new(0)
            .parse_all(&told)
            .filter_map(|payload| match payload.unwrap() {
                Payload::CustomSection(section) => Some(section.name().to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(custom, ["kept"]);
    }

    #[test]
    fn who_has_its_memory_for_itself_stays_as_it_is() {
        assert!(hide_growth_by_others(&module("env", "_start")).unwrap().is_none());
        assert!(hide_growth_by_others(&module(ADAPTED, REALLOC)).unwrap().is_none());
        assert!(hide_growth_by_others(&wat::parse_str("(module)").unwrap()).unwrap().is_none());
    }
}
